import { isTable } from "../text/data.ts";
import { mergedShape, type Options } from "./schema/options.ts";

/** Options that one place of one file sets. They hold data that the schema has passed. */
export interface Layer {
  /** Who says so: `.github/steeplejack.yml`. */
  readonly source: string;
  /** Where an option is written: `.github/steeplejack.yml:12`. Without a line for what is built in. */
  readonly originOf: (keys: readonly string[]) => string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Its options take the place of what was said before, instead of adding to it. */
  readonly isFinal?: boolean;
}

/** What holds after all layers, and where each value comes from, by its keys joined with dots. */
export interface Effective {
  readonly options: Options;
  readonly origins: ReadonlyMap<string, string>;
}

/**
 * Lays options over one another, later ones winning: tables such as `cooldown` and `groups` key by key, everything else
 * as a whole.
 */
export function mergeLayers(layers: readonly Layer[]): Effective {
  const merged: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  for (const { options, originOf, isFinal = false } of layers) {
    for (const [key, value] of Object.entries(options)) {
      const before = merged[key];
      const adds = isTable(value) && isTable(before) && !isFinal && !whole.has(key);
      if (!adds) for (const known of origins.keys()) if (isAt(known, key)) origins.delete(known);
      merged[key] = adds ? { ...before, ...value } : value;
      for (const keys of [[key], ...innerKeys(value).map((inner) => [key, inner])])
        origins.set(keys.join("."), originOf(keys));
    }
  }
  return { options: mergedShape.parse(merged), origins };
}

/** Tables that mean one thing: the limit of one group is not that of another. */
const whole = new Set(["group"]);

function innerKeys(value: unknown): readonly string[] {
  if (isTable(value)) return Object.keys(value);
  return Array.isArray(value) && value.every(isTable) ? Object.keys(value) : [];
}

function isAt(name: string, key: string): boolean {
  return name === key || name.startsWith(`${key}.`);
}
