import type { Update, UpdateGroup } from "../domain/types.ts";
import { familiesOf } from "../pipeline/plan/families.ts";
import { byText } from "../text/order.ts";
import type { BisectAtom } from "./state.ts";

/** What of a group moves together or not at all, by the names of its packages, the least suspicious first. */
export function atomsOf({ updates }: UpdateGroup): readonly BisectAtom[] {
  return familiesOf(updates)
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
