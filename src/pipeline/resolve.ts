import { messageOf, RateLimitError } from "../domain/errors.ts";
import type { HttpClient } from "../domain/ports.ts";
import type { Dependency, Package, PackageReleases, Problem, Project } from "../domain/types.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";

/** What a registry said of one package. */
export type Resolution =
  | { readonly kind: "known"; readonly releases: PackageReleases }
  | { readonly kind: "unknown" }
  | { readonly kind: "failed"; readonly message: string };

/** By `packageKey`. */
export type Resolutions = ReadonlyMap<string, Resolution>;

export interface ResolveOptions {
  /** Releases published later than this may have to wait: their times must be known. */
  readonly settledBefore: Date;
  /** Whether the times of all releases are wanted, since the registry is to be seen as it was in the past. */
  readonly dated: boolean;
}

/** Asks the registries for every distinct package once, whatever the number of manifests that name it. */
export async function resolve(
  projects: readonly Project[],
  ecosystems: ReadonlyMap<string, Ecosystem>,
  http: HttpClient,
  options: ResolveOptions,
): Promise<{ resolutions: Resolutions; problems: readonly Problem[] }> {
  const wanted = new Map<string, { of: Package; ecosystem: Ecosystem; versions: Set<string> }>();
  for (const project of projects) {
    const ecosystem = ecosystems.get(project.ecosystem);
    if (ecosystem === undefined) continue;
    for (const dependency of project.manifests.flatMap(({ dependencies }) => dependencies)) {
      if (!isLookedUp(dependency)) continue;
      const key = packageKey(project.ecosystem, dependency);
      const entry = wanted.get(key) ?? { of: packageOf(dependency), ecosystem, versions: new Set() };
      if (dependency.version !== undefined) entry.versions.add(dependency.version);
      wanted.set(key, entry);
    }
  }
  const answers = await Promise.all(
    [...wanted].map(async ([key, { of, ecosystem, versions }]): Promise<[string, Resolution]> => {
      return [key, await look(of, ecosystem, versions, http, options)];
    }),
  );
  const problems = answers.flatMap(([key, answer]) => problemOf(wanted.get(key)?.of.name ?? key, answer));
  return {
    resolutions: new Map(answers),
    problems: problems.toSorted((a, b) => (a.subject < b.subject ? -1 : 1)),
  };
}

/** Whether a registry is asked about a dependency at all. */
export function isLookedUp(dependency: Dependency): boolean {
  return dependency.held === undefined && dependency.version !== undefined;
}

export function packageKey(ecosystem: string, { name, registry }: Package): string {
  return `${ecosystem} ${registry ?? ""} ${name}`;
}

function packageOf({ name, registry }: Package): Package {
  return { name, ...(registry === undefined ? {} : { registry }) };
}

async function look(
  of: Package,
  ecosystem: Ecosystem,
  inUse: ReadonlySet<string>,
  http: HttpClient,
  { settledBefore, dated }: ResolveOptions,
): Promise<Resolution> {
  try {
    const brief = await ecosystem.releases(of, http, { dated });
    if (brief === undefined) return { kind: "unknown" };
    if (brief.dated || !mayBeYoung(brief, inUse, ecosystem, settledBefore))
      return { kind: "known", releases: brief };
    const releases = await ecosystem.releases(of, http, { dated: true });
    return releases === undefined ? { kind: "unknown" } : { kind: "known", releases };
  } catch (error) {
    if (error instanceof RateLimitError) throw error;
    return { kind: "failed", message: messageOf(error) };
  }
}

/** Whether a release above one in use might be younger than the cooldown: only then do the times matter. */
function mayBeYoung(
  { releases, modifiedAt }: PackageReleases,
  inUse: ReadonlySet<string>,
  { versions }: Ecosystem,
  settledBefore: Date,
): boolean {
  if (modifiedAt !== undefined && Date.parse(modifiedAt) < settledBefore.getTime()) return false;
  const newest = releases.at(-1);
  return newest !== undefined && [...inUse].some((version) => versions.compare(newest.version, version) > 0);
}

function problemOf(name: string, answer: Resolution): Problem[] {
  if (answer.kind === "known") return [];
  const message =
    answer.kind === "unknown"
      ? `the registry does not know ${name}: it may be private, misspelled or unpublished`
      : `${name} could not be looked up: ${answer.message}`;
  return [{ stage: "resolve", subject: name, message }];
}
