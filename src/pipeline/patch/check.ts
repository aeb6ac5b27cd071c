import { affects } from "../../domain/advisory.ts";
import { ResolutionError } from "../../domain/errors.ts";
import type { Project, Update } from "../../domain/types.ts";
import { isWithinLock } from "../exposed.ts";
import type { VersionScheme } from "../../versions/scheme.ts";

/** Throws `ResolutionError` where what was written does not read back as what was meant. */
export function assertTaken(update: Update, after: Project, scheme: VersionScheme): void {
  if (isWithinLock(update)) assertNoneRefused(update, after);
  else if (update.dependency.kind === "transitive") assertMended(update, after, scheme);
  else assertWritten(update, after);
}

/** Why what only a lockfile names stayed where it was: who asks for it. `undefined` where it moved. */
export function whyStayed(update: Update, after: Project, scheme: VersionScheme): string | undefined {
  const { dependency, project, from, release } = update;
  const { name } = dependency;
  const isStep = (version: string) =>
    scheme.compare(version, from) > 0 && scheme.size(from, version) !== "major";
  const askers = askersOf(name, from, after);
  if (askers === undefined || cameIn(name, project, after).some(isStep)) return undefined;
  return `${askers} asks for ${name} in a range that ${release.version} is not in`;
}

/** A transitive package as it was resolved, where that is not the release that was planned. */
export function asResolved(update: Update, after: Project, scheme: VersionScheme): Update | undefined {
  const { dependency, project, from, release } = update;
  if (dependency.kind !== "transitive") return undefined;
  const versions = cameIn(dependency.name, project, after).toSorted(scheme.compare);
  const isNewer = (it: string) => scheme.compare(it, from) > 0;
  // Of several lines of a package, its own.
  const version =
    versions.find((it) => isNewer(it) && scheme.size(from, it) !== "major") ?? versions.find(isNewer);
  if (version === undefined || version === release.version) return undefined;
  return { ...update, release: { version }, requirement: version, size: scheme.size(from, version) };
}

/** The versions of a package that were not in the lockfile before. */
function cameIn(name: string, before: Project, after: Project): string[] {
  const versionsIn = ({ lockfile }: Project) =>
    (lockfile?.graph.packages ?? []).flatMap((locked) => (locked.name === name ? [locked.version] : []));
  const known = new Set(versionsIn(before));
  return [...new Set(versionsIn(after))].filter((version) => !known.has(version));
}

/** A transitive package is to be gone at its old version; at its new ones no advisory that was to be mended may touch it. */
function assertMended(
  { dependency: { name }, project, from, fixes }: Update,
  after: Project,
  scheme: VersionScheme,
): void {
  const askers = askersOf(name, from, after);
  if (askers !== undefined) {
    throw new ResolutionError(`${askers} asks for ${name} in a range that has nothing newer than ${from}`, {
      suspects: [name],
    });
  }
  for (const version of cameIn(name, project, after)) {
    const [advisory] = fixes.filter((fix) => affects(fix, version, scheme));
    if (advisory === undefined) continue;
    throw new ResolutionError(`what asks for ${name} gets ${version}, which ${advisory.id} touches too`, {
      suspects: [name],
    });
  }
}

/** Who asks for a version of a package; `undefined` where it is gone. */
function askersOf(name: string, version: string, { lockfile }: Project): string | undefined {
  const packages = lockfile?.graph.packages ?? [];
  const left = packages.filter((locked) => locked.name === name && locked.version === version);
  if (left.length === 0) return undefined;
  const ids = new Set(left.map(({ id }) => id));
  const askers = packages.filter(({ dependencies }) => dependencies.some((id) => ids.has(id)));
  const names = askers.map((it) => (it.manifest === undefined ? `${it.name}@${it.version}` : it.manifest));
  return names.slice(0, 5).join(", ") || "something";
}

/** What those that ask for a package brought in must be nothing that the configuration, or its age, forbids. */
function assertNoneRefused({ dependency: { name }, project, refused = [] }: Update, after: Project): void {
  for (const version of cameIn(name, project, after)) {
    const reason = refused.find((it) => it.version === version)?.rejected;
    if (reason === undefined) continue;
    throw new ResolutionError(`what asks for ${name} gets ${version}, and ${reason.detail}`, {
      suspects: [name],
    });
  }
}

/** What was written must read back as what was meant: the requirement in the manifest, the version in the lockfile. */
function assertWritten(
  { manifest, dependency, requirement, release }: Update,
  { manifests, lockfile }: Project,
): void {
  const at = manifest.dependencies.indexOf(dependency);
  const read = manifests.find(({ path }) => path === manifest.path)?.dependencies[at];
  if (read?.requirement !== requirement) {
    throw new ResolutionError(
      `${manifest.path} says ${read?.requirement} for ${dependency.name}, not ${requirement}`,
    );
  }
  if (lockfile !== undefined && dependency.scope !== "peer" && read.version !== release.version) {
    throw new ResolutionError(
      `${lockfile.path} holds ${dependency.name} ${read.version}, not ${release.version}: something else pins it`,
    );
  }
}
