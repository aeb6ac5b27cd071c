import { isTable, listOfTexts } from "../../text/data.ts";
import { presetOf, type Table } from "./presets.ts";

/** What one place of a configuration says by itself. */
export interface Piece {
  /** `extends[0]`; empty for what is written at the top. */
  readonly place: string;
  readonly values: Table;
}

/** What has no equal: where it stands, and why. */
export interface Unmatched {
  readonly place: string;
  readonly why: string;
}

const deepest = 6;

/**
 * A configuration and the presets that it names, weakest first. Presets of other repositories are not read, and told.
 */
export function expanded(values: Table, place = ""): { pieces: readonly Piece[]; unmatched: Unmatched[] } {
  const unmatched: Unmatched[] = [];
  const ignored = listOfTexts(values["ignorePresets"]) ?? [];
  const pieces = (of: Table, at: string, depth: number): readonly Piece[] => {
    const named = [of["extends"] ?? []].flat().slice(0, 100);
    return [
      ...named.flatMap((name, index) => {
        const here = depth === 0 ? `${at === "" ? "" : `${at}.`}extends[${index}]` : at;
        if (typeof name !== "string" || ignored.includes(name) || depth > deepest) return [];
        const preset = presetOf(name);
        if (typeof preset !== "string") return pieces(preset, here, depth + 1);
        unmatched.push({ place: here, why: preset });
        return [];
      }),
      { place: at, values: of },
    ];
  };
  return { pieces: pieces(values, place, 0), unmatched };
}

/** What all pieces say together, later ones winning, and where each value stands. */
export interface Merged {
  readonly values: Table;
  readonly placeOf: (key: string) => string;
  readonly rules: readonly Piece[];
}

/** Lists that add up in Renovate too. */
const growing = new Set(["ignoreDeps", "addLabels"]);

/** Lays pieces over one another; their `packageRules` come one after another. */
export function merged(pieces: readonly Piece[]): Merged {
  const values: Record<string, unknown> = {};
  const places = new Map<string, string>();
  const rules: Piece[] = [];
  for (const piece of pieces) {
    const at = (name: string) => (piece.place === "" ? name : `${piece.place}.${name}`);
    for (const [key, value] of Object.entries(piece.values)) {
      if (key === "packageRules") {
        const list = Array.isArray(value) ? value.slice(0, 500) : [];
        rules.push(
          ...list.flatMap((rule: unknown, index) =>
            isTable(rule) ? [{ place: at(`packageRules[${index}]`), values: rule }] : [],
          ),
        );
        continue;
      }
      const before = values[key];
      const grows = growing.has(key) && Array.isArray(before) && Array.isArray(value);
      values[key] = grows
        ? [...before, ...value]
        : isTable(before) && isTable(value)
          ? { ...before, ...value }
          : value;
      places.set(key, piece.place === "" ? key : piece.place);
    }
  }
  return { values, placeOf: (key) => places.get(key) ?? key, rules };
}
