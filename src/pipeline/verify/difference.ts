import type { LockChange, LockedPackage, LockGraph, Verification } from "../../domain/types.ts";
import { byText } from "../../text/order.ts";

/** What changed between two lockfiles, and why. */
export type Difference = Pick<Verification, "updated" | "added" | "removed" | "unintended">;

/** The difference of two graphs, for a group that was meant to move the packages of these names. */
export function compare(before: LockGraph, after: LockGraph, names: ReadonlySet<string>): Difference {
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
  lists.unintended.push(...ledElsewhere(before, after, names));
  pairUp(lists);
  return {
    updated: lists.updated.toSorted(byName),
    added: lists.added.toSorted(byName),
    removed: lists.removed.toSorted(byName),
    unintended: lists.unintended.toSorted(byName),
  };
}

/**
 * Where a manifest that asks as before is given another release that was there all along, or one in place of a package of
 * the workspace: no entry changes then but its own.
 */
function ledElsewhere(before: LockGraph, after: LockGraph, names: ReadonlySet<string>): LockChange[] {
  const [old, now] = [targetsIn(before), targetsIn(after)];
  return [...now].flatMap(([manifest, targets]) =>
    [...targets].flatMap(([name, is]): LockChange[] => {
      const was = old.get(manifest)?.get(name);
      if (was === undefined || names.has(name) || told(was) === told(is)) return [];
      // What came or went altogether is listed by itself.
      if (!isIn(before, is) || !isIn(after, was)) return [];
      return [{ name, id: `${name} of ${manifest}`, from: told(was), to: told(is) }];
    }),
  );
}

function isIn({ packages }: LockGraph, { name, version, manifest }: LockedPackage): boolean {
  return manifest !== undefined || packages.some((it) => it.name === name && it.version === version);
}

/** By manifest, what each name leads to; of several the lockfile does not say which is whose. */
function targetsIn({ packages }: LockGraph): ReadonlyMap<string, ReadonlyMap<string, LockedPackage>> {
  const byId = new Map(packages.map((locked) => [locked.id, locked]));
  return new Map(
    packages.flatMap(({ manifest, dependencies }) => {
      if (manifest === undefined) return [];
      const targets = Map.groupBy(
        dependencies.flatMap((id) => byId.get(id) ?? []),
        ({ name }) => name,
      );
      const clear = [...targets].flatMap(([name, [only, ...more]]) =>
        only === undefined || more.length > 0 ? [] : [[name, only] as const],
      );
      return [[manifest, new Map(clear)] as const];
    }),
  );
}

function told({ version, manifest }: LockedPackage): string {
  return manifest === undefined ? version : "workspace";
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

export function releaseOf({ name, version }: Pick<LockedPackage, "name" | "version">): string {
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

function byName(a: LockChange, b: LockChange): number {
  return byText(a.name, b.name) || byText(a.id, b.id);
}
