import type { Update, UpdateGroup } from "../domain/types.ts";
import { hubsOf } from "../pipeline/plan/families.ts";
import { byText } from "../text/order.ts";
import type { BisectAtom } from "./state.ts";

/**
 * What of a group moves together or not at all, by the names of its packages, the least suspicious first. A package that
 * several projects use is in one atom with all its kin: it stays in the group in all of them, or in none.
 */
export function atomsOf({ updates }: UpdateGroup): readonly BisectAtom[] {
  const hubs = hubsOf(updates);
  const atoms = new Map<string, readonly Update[]>();
  for (const family of Map.groupBy(
    updates,
    (update) => `${update.project.root}\0${hubs.get(update)}`,
  ).values()) {
    const names = new Set(family.map(({ dependency }) => dependency.name));
    const met = [...new Set([...names].flatMap((name) => (atoms.has(name) ? [atoms.get(name) ?? []] : [])))];
    const joined = [...met.flat(), ...family];
    for (const { dependency } of joined) atoms.set(dependency.name, joined);
  }
  return [...new Set(atoms.values())]
    .map((members) => ({
      names: [...new Set(members.map(({ dependency }) => dependency.name))].toSorted(byText),
      weight: Math.max(...members.map(suspicionOf)),
    }))
    .toSorted((a, b) => a.weight - b.weight || byText(a.names[0] ?? "", b.names[0] ?? ""));
}

const suspicion = { major: 8, minor: 2, patch: 1 } as const;

/** A major says that it breaks; what others lean on is met in more places. */
function suspicionOf({ size, bonds = [] }: Update): number {
  return suspicion[size] + (bonds.length > 0 ? 1 : 0);
}
