import { affects, dedupeByAlias } from "../../domain/advisory.ts";
import { messageOf, RateLimitError } from "../../domain/errors.ts";
import type { AdvisorySource, HttpClient } from "../../domain/ports.ts";
import { publishedSince } from "../../domain/published.ts";
import type {
  AuditedPackage,
  Finding,
  LockedPackage,
  Package,
  Problem,
  Project,
  UpdateGroup,
  Verification,
  YoungPackage,
} from "../../domain/types.ts";
import type { Ecosystem } from "../../ecosystems/ecosystem.ts";
import { byText } from "../../text/order.ts";
import { compare, releaseOf } from "./difference.ts";

export interface VerifyWorld {
  readonly advisories: AdvisorySource;
  readonly http: HttpClient;
  /** What the first audit found. */
  readonly findings: readonly Finding[];
  /** What was published later has not cooled. */
  readonly cooledBefore: Date;
}

/**
 * Compares the lockfile before and after: what changed and what explains it, which advisories it brings in and which it
 * is rid of, and what of the new has not cooled.
 */
export async function verify(
  group: UpdateGroup,
  projects: readonly { readonly before: Project; readonly after: Project }[],
  ecosystems: ReadonlyMap<string, Ecosystem>,
  world: VerifyWorld,
): Promise<{ verifications: readonly Verification[]; problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const told = (what: string) => (error: unknown) => {
    if (error instanceof RateLimitError) throw error;
    problems.push({ stage: "verify", subject: group.key, message: `${what}: ${messageOf(error)}` });
    return [];
  };
  const verifications = await Promise.all(
    projects.map(async ({ before, after }): Promise<Verification | undefined> => {
      const ecosystem = ecosystems.get(before.ecosystem);
      if (before.lockfile === undefined || after.lockfile === undefined || ecosystem === undefined)
        return undefined;
      const own = group.updates.filter(({ project }) => project === before);
      const aimedAt = new Set(own.map(({ dependency }) => dependency.name));
      // Where the lockfile is made anew, all of it is meant to move.
      const { packages } = after.lockfile.graph;
      const moved =
        group.maintains === undefined
          ? aimedAt
          : new Set([...before.lockfile.graph.packages, ...packages].map(({ name }) => name));
      const fresh = freshIn(before.lockfile.graph.packages, after.lockfile.graph.packages, ecosystem);
      const beside = fresh.filter(({ name }) => !aimedAt.has(name)).map(withRegistry(before));
      const [introduced, young] = await Promise.all([
        audit(fresh, ecosystem, world.advisories).catch(told("the new versions could not be audited")),
        youngOf(beside, ecosystem, world).catch(told("the age of the new versions could not be found out")),
      ]);
      return {
        lockfile: after.lockfile.path,
        ...compare(before.lockfile.graph, after.lockfile.graph, moved),
        introduced,
        mended: mendedIn(
          world.findings.filter(({ project }) => project === before),
          after.lockfile.graph.packages,
        ),
        young,
      };
    }),
  );
  return { verifications: verifications.filter((it) => it !== undefined), problems };
}

/** What was not there before, at these versions, each once. */
function freshIn(
  before: readonly LockedPackage[],
  after: readonly LockedPackage[],
  { versions }: Ecosystem,
): readonly LockedPackage[] {
  const known = new Set(before.map(releaseOf));
  const fresh = after.filter(
    (locked) =>
      locked.manifest === undefined && versions.isValid(locked.version) && !known.has(releaseOf(locked)),
  );
  const distinct = new Map(fresh.map((locked) => [releaseOf(locked), locked]));
  return [...distinct.values()].toSorted((a, b) => byText(releaseOf(a), releaseOf(b)));
}

/** The second audit. */
async function audit(
  fresh: readonly LockedPackage[],
  { osv, versions }: Ecosystem,
  source: AdvisorySource,
): Promise<readonly AuditedPackage[]> {
  if (osv === undefined || fresh.length === 0) return [];
  const asked = fresh.map(({ name, version }) => ({ name, version }));
  const advisories = dedupeByAlias(await source.advisoriesFor({ osv, versions }, asked));
  return asked.flatMap(({ name, version }) =>
    advisories
      .filter((advisory) => advisory.name === name && affects(advisory, version, versions))
      .map((advisory) => ({ advisory, name, version })),
  );
}

/** Of what the first audit found, that which is no longer there. */
function mendedIn(findings: readonly Finding[], after: readonly LockedPackage[]): readonly AuditedPackage[] {
  const left = new Set(after.map(releaseOf));
  const gone = findings.filter((finding) => !left.has(releaseOf(finding)));
  const distinct = new Map(gone.map((finding) => [`${finding.advisory.id} ${releaseOf(finding)}`, finding]));
  return [...distinct.values()].map(({ advisory, name, version }) => ({ advisory, name, version }));
}

/** A lockfile does not always tell where its packages are from; those of one scope are from one registry. */
function withRegistry({ manifests }: Project): (locked: LockedPackage) => Package & { version: string } {
  const direct = manifests.flatMap(({ dependencies }) => dependencies);
  const registries = new Map(direct.map(({ name, registry }) => [scopeOf(name), registry]));
  return ({ name, version, registry = registries.get(scopeOf(name)) }) => ({
    name,
    version,
    ...(registry === undefined ? {} : { registry }),
  });
}

function scopeOf(name: string): string {
  return name.startsWith("@") ? name.slice(0, name.indexOf("/")) : "";
}

/** A group that brings in more is not asked about: it would take as many questions. */
const mostAsked = 300;

async function youngOf(
  fresh: readonly (Package & { readonly version: string })[],
  ecosystem: Ecosystem,
  { http, cooledBefore }: VerifyWorld,
): Promise<readonly YoungPackage[]> {
  const found = await Promise.all(
    fresh.slice(0, mostAsked).map(async (of): Promise<YoungPackage[]> => {
      const { name, version } = of;
      const ask = (need: { dated: boolean }) => ecosystem.releases(of, http, need);
      const publishedAt = await publishedSince(cooledBefore.getTime(), version, ask);
      return publishedAt === undefined ? [] : [{ name, version, publishedAt }];
    }),
  );
  return found.flat();
}
