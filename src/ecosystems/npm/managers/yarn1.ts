import type { LockedPackage } from "../../../domain/types.ts";
import { reachable, rootId, rootPackage } from "./graph.ts";
import type { LockRoot, Manager, ReadLock } from "./manager.ts";
import { isYarn1, nameOf, readYarnLock, type YarnEntry, type YarnLock } from "./yarn1-lockfile.ts";
import { isMember, isRange, realName } from "./yarn1-patterns.ts";

/**
 * Yarn 1. It has no way to bring its lockfile up to date without installing, so its own rules are followed here: a
 * pattern that the lockfile knows stays where it is, a new one takes the tag `latest` where that fits and else the
 * highest release that does, and what nobody asks for any more goes.
 */
export const yarn1: Manager = {
  id: "yarn",
  settingsFile: ".npmrc",
  reads: (name, text) => name === "yarn.lock" && isYarn1(text),
  read: (path, text, roots) => toGraph(readYarnLock(path, text), roots),
  // Most scans write nothing, and what asks registries takes a while to load.
  relock: async (task, io) => ({ lockfile: await (await import("./yarn1-relock.ts")).relock(task, io) }),
};

function toGraph(lock: YarnLock, roots: readonly LockRoot[]): ReadLock {
  const ids = new Map(
    lock.entries.flatMap((entry) => entry.patterns.map((pattern) => [pattern, idOf(entry)] as const)),
  );
  const localVersions = new Map(
    roots.flatMap(({ name, version }) => (name === undefined ? [] : [[name, version ?? ""] as const])),
  );
  const asked = (requirements: Readonly<Record<string, string>>) =>
    Object.entries(requirements).flatMap(([name, range]) => ids.get(`${name}@${range}`) ?? []);
  const isLocal = (name: string, range: string) => isMember(localVersions, name, range);

  const own = roots.map((root) => {
    const { requirements } = root;
    const inside = requirements.flatMap((it) => {
      const local = roots.find(({ name }) => name === it.name);
      return local !== undefined && isLocal(it.name, it.requirement) ? [rootId(local.folder)] : [];
    });
    const outside = requirements.flatMap((it) => ids.get(`${it.name}@${it.requirement}`) ?? []);
    return rootPackage(root, [...inside, ...outside]);
  });
  const installed = new Map(
    lock.entries.map((entry) => {
      const id = idOf(entry);
      const { version, integrity, patterns } = entry;
      const locked: LockedPackage = {
        id,
        name: realName(patterns[0] ?? ""),
        version,
        scope: "development",
        dependencies: [...asked(entry.dependencies), ...asked(entry.optionalDependencies)].toSorted(),
        ...(integrity === undefined ? {} : { integrity }),
      };
      return [id, locked] as const;
    }),
  );
  const forRuntime = reachable(
    [...installed.values()],
    roots.flatMap(({ requirements }) =>
      requirements
        .filter(({ scope }) => scope !== "development")
        .flatMap(({ name, requirement }) => ids.get(`${name}@${requirement}`) ?? []),
    ),
  );
  const packages = [...installed.values()].map((locked): LockedPackage =>
    forRuntime.has(locked.id) ? { ...locked, scope: "runtime" } : locked,
  );
  const believed = roots.map(({ folder, requirements }): [string, Record<string, string>] => [
    folder,
    Object.fromEntries(
      requirements
        .filter(
          ({ name, requirement, scope }) =>
            scope === "peer" ||
            !isRange(requirement) ||
            isLocal(name, requirement) ||
            ids.has(`${name}@${requirement}`),
        )
        .map(({ name, requirement }) => [name, requirement]),
    ),
  ]);
  return { graph: { packages: [...own, ...packages] }, believed: new Map(believed) };
}

function idOf({ patterns, version }: YarnEntry): string {
  return `${nameOf(patterns[0] ?? "")}@${version}`;
}
