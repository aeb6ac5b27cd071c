import { affects, dedupeByAlias } from "../domain/advisory.ts";
import { messageOf, RateLimitError } from "../domain/errors.ts";
import type { AdvisorySource } from "../domain/ports.ts";
import type {
  IntroducedAdvisory,
  LockChange,
  LockedPackage,
  LockGraph,
  Problem,
  Project,
  UpdateGroup,
  Verification,
} from "../domain/types.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";

/** Compares the lockfile before and after: what changed, what explains it, and whether it brought an advisory in. */
export async function verify(
  group: UpdateGroup,
  projects: readonly { readonly before: Project; readonly after: Project }[],
  ecosystems: ReadonlyMap<string, Ecosystem>,
  source: AdvisorySource,
): Promise<{ verifications: readonly Verification[]; problems: readonly Problem[] }> {
  const locked = projects.flatMap(({ before, after }) => {
    const ecosystem = ecosystems.get(before.ecosystem);
    if (before.lockfile === undefined || after.lockfile === undefined || ecosystem === undefined) return [];
    const updates = group.updates.filter(({ project }) => project === before);
    const names = new Set(updates.map(({ dependency }) => dependency.name));
    return [{ before: before.lockfile, after: after.lockfile, names, ecosystem }];
  });
  const problems: Problem[] = [];
  const verifications = await Promise.all(
    locked.map(async ({ before, after, names, ecosystem }): Promise<Verification> => {
      const difference = compare(before.graph, after.graph, names);
      try {
        const introduced = await auditChanges(before.graph, after.graph, ecosystem, source);
        return { lockfile: after.path, ...difference, introduced };
      } catch (error) {
        if (error instanceof RateLimitError) throw error;
        const message = `the new versions could not be audited: ${messageOf(error)}`;
        problems.push({ stage: "verify", subject: group.key, message });
        return { lockfile: after.path, ...difference, introduced: [] };
      }
    }),
  );
  return { verifications, problems };
}

/** The difference of two graphs, for a group that was meant to move the packages of these names. */
export function compare(
  before: LockGraph,
  after: LockGraph,
  names: ReadonlySet<string>,
): Omit<Verification, "lockfile" | "introduced"> {
  const old = new Map(before.packages.map((locked) => [locked.id, locked]));
  const now = new Map(after.packages.map((locked) => [locked.id, locked]));
  const explainedNow = explained(after, old, names);
  const explainedBefore = explained(before, now, names);

  const lists = {
    updated: [] as LockChange[],
    added: [] as LockChange[],
    removed: [] as LockChange[],
    unintended: [] as LockChange[],
  };
  const here = new Set(after.packages.map(releaseOf));
  const there = new Set(before.packages.map(releaseOf));
  const moved = (was: LockedPackage | undefined, is: LockedPackage | undefined) =>
    (was === undefined || here.has(releaseOf(was))) && (is === undefined || there.has(releaseOf(is)))
      ? "the same releases as before, at other places"
      : undefined;

  for (const locked of after.packages) {
    const was = old.get(locked.id);
    if (was !== undefined && isSame(was, locked)) continue;
    const why =
      explainedNow.get(locked.id) ??
      (was && explainedBefore.get(was.id)) ??
      (was?.version === locked.version ? undefined : moved(was, locked));
    const change = changeOf(locked.id, was, locked, why);
    if (why === undefined) lists.unintended.push(change);
    else if (was === undefined) lists.added.push(change);
    else lists.updated.push(change);
  }
  for (const locked of before.packages) {
    if (now.has(locked.id)) continue;
    const why =
      explainedBefore.get(locked.id)?.replace(/^required by/, "was required by") ?? moved(locked, undefined);
    const change = changeOf(locked.id, locked, undefined, why);
    if (why === undefined) lists.unintended.push(change);
    else lists.removed.push(change);
  }
  pairUp(lists);
  return {
    updated: lists.updated.toSorted(byName),
    added: lists.added.toSorted(byName),
    removed: lists.removed.toSorted(byName),
    unintended: lists.unintended.toSorted(byName),
  };
}

/** Where entries are named after their versions, a package that moved is one that went and one that came. */
function pairUp(lists: { updated: LockChange[]; added: LockChange[]; removed: LockChange[] }): void {
  const came = Map.groupBy(lists.added, ({ name }) => name);
  const went = Map.groupBy(lists.removed, ({ name }) => name);
  for (const [name, [added, ...more]] of came) {
    const [removed, ...others] = went.get(name) ?? [];
    if (added === undefined || removed === undefined || more.length > 0 || others.length > 0) continue;
    lists.added.splice(lists.added.indexOf(added), 1);
    lists.removed.splice(lists.removed.indexOf(removed), 1);
    lists.updated.push({ ...added, ...(removed.from === undefined ? {} : { from: removed.from }) });
  }
}

function releaseOf({ name, version }: LockedPackage): string {
  return `${name}@${version}`;
}

function isSame(a: LockedPackage, b: LockedPackage): boolean {
  return (
    a.name === b.name && a.version === b.version && (a.integrity === b.integrity || a.integrity === undefined)
  );
}

/**
 * The packages that the group answers for: those it moved, and all that these ask for, directly or not. A package that is
 * the same in both graphs is walked through only from a moved one: its own needs did not change, but where they are
 * found may have.
 */
function explained(
  graph: LockGraph,
  other: ReadonlyMap<string, LockedPackage>,
  names: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const byId = new Map(graph.packages.map((locked) => [locked.id, locked]));
  const reasons = new Map<string, string>();
  const queue: LockedPackage[] = [];
  for (const locked of graph.packages) {
    const was = other.get(locked.id);
    if (!names.has(locked.name) || (was !== undefined && isSame(was, locked))) continue;
    reasons.set(locked.id, "updated by this group");
    queue.push(locked);
  }
  for (let locked = queue.shift(); locked !== undefined; locked = queue.shift()) {
    for (const id of locked.dependencies) {
      const next = byId.get(id);
      if (next === undefined || reasons.has(id) || next.manifest !== undefined) continue;
      reasons.set(id, `required by ${locked.name} ${locked.version}`);
      queue.push(next);
    }
  }
  return reasons;
}

function changeOf(
  id: string,
  was: LockedPackage | undefined,
  is: LockedPackage | undefined,
  why: string | undefined,
): LockChange {
  return {
    name: is?.name ?? was?.name ?? id,
    id,
    ...(was === undefined ? {} : { from: was.version }),
    ...(is === undefined ? {} : { to: is.version }),
    ...(why === undefined ? {} : { why }),
  };
}

/** The second audit: of the packages that were not there before, at these versions. */
async function auditChanges(
  before: LockGraph,
  after: LockGraph,
  { osv, versions }: Ecosystem,
  source: AdvisorySource,
): Promise<readonly IntroducedAdvisory[]> {
  if (osv === undefined) return [];
  const known = new Set(before.packages.map(({ name, version }) => `${name}@${version}`));
  const fresh = new Map(
    after.packages
      .filter(
        ({ name, version, manifest }) =>
          manifest === undefined && versions.isValid(version) && !known.has(`${name}@${version}`),
      )
      .map(({ name, version }) => [`${name}@${version}`, { name, version }]),
  );
  if (fresh.size === 0) return [];
  const packages = [...fresh.values()].toSorted(byName);
  const advisories = dedupeByAlias(await source.advisoriesFor({ osv, versions }, packages));
  return packages.flatMap(({ name, version }) =>
    advisories
      .filter((advisory) => advisory.name === name && affects(advisory, version, versions))
      .map((advisory) => ({ advisory, name, version })),
  );
}

function byName(a: { name: string; id?: string }, b: { name: string; id?: string }): number {
  const left = `${a.name}\0${a.id ?? ""}`;
  const right = `${b.name}\0${b.id ?? ""}`;
  return left < right ? -1 : Number(left > right);
}
