import type { Update } from "../../domain/types.ts";
import { byText } from "../../text/order.ts";

/**
 * Which updates belong together: packages of one project that are kin by name and go from the same version to the same
 * version are released in lockstep (`react` and `react-dom`, `vitest` and `@vitest/coverage-v8`), and `@types/x`
 * describes `x`; and those that are bound by what they ask for beside them. Gives the hub of each: the member that most
 * others are bound to, of equals the one with the shortest name. A package without kin is its own hub.
 */
export function hubsOf(updates: readonly Update[]): ReadonlyMap<Update, string> {
  const parents = new Map<Update, Update>();
  const rootOf = (update: Update): Update => {
    const parent = parents.get(update);
    if (parent === undefined) return update;
    const root = rootOf(parent);
    // Everything on the way leads there at once from now on.
    parents.set(update, root);
    return root;
  };
  const join = (a: Update, b: Update) => {
    const [left, right] = [rootOf(a), rootOf(b)];
    if (left !== right) parents.set(left, right);
  };

  const byStep = Map.groupBy(
    updates,
    ({ project, from, release }) => `${project.root}\0${from}\0${release.version}`,
  );
  for (const members of byStep.values()) {
    for (const kin of Map.groupBy(members, ({ dependency }) => clanOf(dependency.name)).values()) {
      const [first] = kin;
      for (const other of kin) if (first !== undefined) join(first, other);
    }
  }
  const byName = Map.groupBy(updates, ({ project, dependency }) => `${project.root}\0${dependency.name}`);
  for (const members of byName.values()) {
    const [first] = members;
    if (first === undefined) continue;
    const described = describedBy(first.dependency.name);
    const subjects = described === undefined ? [] : (byName.get(`${first.project.root}\0${described}`) ?? []);
    for (const member of members) {
      const subject = subjects.find((other) => isOfSameReach(member, other));
      if (subject !== undefined) join(member, subject);
    }
  }
  const bonds = new Map<string, number>();
  for (const update of updates) {
    for (const { name } of update.bonds ?? []) {
      bonds.set(name, (bonds.get(name) ?? 0) + 1);
      const others = byName.get(`${update.project.root}\0${name}`) ?? [];
      for (const other of others) {
        if (
          isOfSameReach(update, other) &&
          other.bonds?.some((bond) => bond.name === update.dependency.name) === true
        )
          join(update, other);
      }
    }
  }
  const families = Map.groupBy(updates, rootOf);
  return new Map(
    [...families.values()].flatMap((members) => {
      const names = members.map(({ dependency }) => dependency.name);
      const [hub = ""] = names.toSorted(
        (a, b) => (bonds.get(b) ?? 0) - (bonds.get(a) ?? 0) || a.length - b.length || byText(a, b),
      );
      return members.map((member) => [member, hub] as const);
    }),
  );
}

/**
 * The updates in parts that can move without each other, whatever the project: those of one package with all their kin.
 * In the order of the updates.
 */
export function familiesOf(updates: readonly Update[]): readonly (readonly Update[])[] {
  const hubs = hubsOf(updates);
  const kin = Map.groupBy(updates, (update) => `${update.project.root}\0${hubs.get(update)}`);
  const parts = new Map<string, ReadonlySet<string>>();
  for (const members of kin.values()) {
    const names = members.map(({ dependency }) => dependency.name);
    const joined = new Set(names.flatMap((name) => [...(parts.get(name) ?? [name])]));
    for (const name of joined) parts.set(name, joined);
  }
  return [...Map.groupBy(updates, ({ dependency }) => parts.get(dependency.name)).values()];
}

/** Small updates do not wait for a major, and do not take one with them. */
export function isOfSameReach(a: Update, b: Update): boolean {
  return (a.size === "major") === (b.size === "major");
}

/** The word that kin share: `vitest` of `@vitest/ui` and of `vitest`, `react` of `react-dom`. */
function clanOf(name: string): string {
  const scope = /^@([^/]+)\//.exec(name)?.[1];
  if (scope !== undefined && scope !== "types") return scope;
  return name.replace(/^@types\//, "").split(/[-./]/)[0] ?? name;
}

/** `@types/node` describes `node`; `@types/acme__util` describes `@acme/util`. */
function describedBy(name: string): string | undefined {
  const bare = /^@types\/(.+)$/.exec(name)?.[1];
  return bare?.includes("__") === true ? `@${bare.replace("__", "/")}` : bare;
}
