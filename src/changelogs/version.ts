import type { VersionScheme } from "../versions/scheme.ts";

/** The version that a text spells, `1.2` being `1.2.0`; `undefined` when it spells none. */
export function readVersion(text: string, versions: VersionScheme): string | undefined {
  const spellings = /^\d+(\.\d+)?$/.test(text) ? [text, `${text}.0`, `${text}.0.0`] : [text];
  return spellings.find(versions.isValid);
}
