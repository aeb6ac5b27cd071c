import type { Evidence } from "../domain/confidence.ts";
import type { Update, UpdateGroup } from "../domain/types.ts";
import { familiesOf } from "../pipeline/plan/families.ts";
import { byText } from "../text/order.ts";
import type { BisectAtom } from "./state.ts";

/**
 * What of a group moves together or not at all, by the names of its packages, the least suspicious first. `evidence` is
 * what other repositories have seen of its steps, by the package's name; `broken` are those that take away what is used.
 */
export function atomsOf(
  { updates }: UpdateGroup,
  evidence: ReadonlyMap<string, Evidence> = new Map(),
  broken: readonly string[] = [],
): readonly BisectAtom[] {
  return familiesOf(updates)
    .map((members) => ({
      names: [...new Set(members.map(({ dependency }) => dependency.name))].toSorted(byText),
      weight: Math.max(...members.map((member) => suspicionOf(member, evidence, broken))),
    }))
    .toSorted((a, b) => a.weight - b.weight || byText(a.names[0] ?? "", b.names[0] ?? ""));
}

const suspicion = { major: 8, minor: 2, patch: 1 } as const;

/**
 * A major says that it breaks, what others lean on is met in more places, what broke elsewhere may break here, and what
 * takes away an export that is used most likely does.
 */
function suspicionOf(
  { size, bonds = [], dependency }: Update,
  evidence: ReadonlyMap<string, Evidence>,
  breaking: readonly string[],
): number {
  const { passed, failed } = evidence.get(dependency.name) ?? { passed: 0, failed: 0 };
  const broken = failed === 0 ? 0 : Math.ceil((16 * failed) / (passed + failed));
  const taken = breaking.includes(dependency.name) ? 16 : 0;
  return suspicion[size] + (bonds.length > 0 ? 1 : 0) + broken + taken;
}
