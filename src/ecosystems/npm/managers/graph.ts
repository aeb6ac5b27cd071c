import type { LockedPackage } from "../../../domain/types.ts";
import type { LockRoot } from "./manager.ts";

/** The ids of all that is asked for from these on, directly or not, with themselves. */
export function reachable(packages: readonly LockedPackage[], from: readonly string[]): ReadonlySet<string> {
  const byId = new Map(packages.map((locked) => [locked.id, locked]));
  const seen = new Set<string>();
  const queue = [...from];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    queue.push(...(byId.get(id)?.dependencies ?? []));
  }
  return seen;
}

/** One of the project's own packages, in a graph whose lockfile gives them no id. */
export function rootPackage(
  { folder, manifest, name = "", version = "" }: LockRoot,
  dependencies: readonly string[],
): LockedPackage {
  return {
    id: rootId(folder),
    name,
    version,
    scope: "runtime",
    manifest,
    dependencies: dependencies.toSorted(),
  };
}

export function rootId(folder: string): string {
  return `./${folder === "." ? "" : folder}`;
}
