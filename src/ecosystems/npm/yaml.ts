import { isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from "yaml";
import { ManifestError } from "../../domain/errors.ts";
import type { Span } from "../../domain/types.ts";

/** A YAML file whose requirements keep their places. */
export interface YamlText {
  /** Absent where the file holds no table. */
  readonly top?: YAMLMap;
  readonly value: unknown;
}

/** Throws `ManifestError` with the place. */
export function readYaml(path: string, text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new ManifestError(path, `is not valid YAML: ${error.message}`, {
      at: `line ${line}, column ${col}`,
    });
  }
  const top = document.contents;
  return { ...(isMap(top) ? { top } : {}), value: document.toJS({ maxAliasCount: 50 }) };
}

/** The table under a key. */
export function mapAt(top: YAMLMap, key: string): YAMLMap | undefined {
  const value = top.get(key, true);
  return isMap(value) ? value : undefined;
}

export interface ScalarEntry {
  readonly key: string;
  /** Between its quotes, if it has any. */
  readonly value: string;
  readonly span: Span;
  /** Whether the text is the value: an anchor, a block or an escape is not, so that there is nothing to splice. */
  readonly isPlain: boolean;
}

/** The entries of a map that are texts. */
export function scalarsOf(text: string, entries: YAMLMap | undefined): ScalarEntry[] {
  return (entries?.items ?? []).flatMap(({ key, value }): ScalarEntry[] => {
    if (!isScalar(key) || !isScalar(value) || typeof value.value !== "string" || !value.range) return [];
    const [start, end] = value.range;
    const raw = text.slice(start, end);
    const inner = /^(["'])([\s\S]*)\1$/.exec(raw)?.[2];
    const from = inner === undefined ? start : start + 1;
    const found = inner ?? raw;
    const span = { start: from, end: from + found.length };
    return [{ key: String(key.value), value: found, span, isPlain: found === value.value }];
  });
}
