import {
  findNodeAtLocation,
  type Node,
  parse,
  type ParseError,
  type ParseOptions,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { ManifestError } from "../domain/errors.ts";
import type { Span } from "../domain/types.ts";
import { placeOf } from "./place.ts";

/** A JSON text with the place of each value in it. */
export interface JsonText {
  readonly value: unknown;
  /** The span of the characters inside the quotes of the string at `path`; `undefined` when there is no string. */
  stringAt(path: readonly (string | number)[]): { readonly raw: string; readonly span: Span } | undefined;
}

/** Deeper than any manifest; a text that nests further is an attack on the parser's stack. */
const deepest = 200;

/** Reads strict JSON, with or without a byte order mark. Throws `ManifestError` with line and column. */
export function readJson(path: string, text: string): JsonText {
  return readWith(path, text, { disallowComments: true, allowTrailingComma: false });
}

/** As `readJson`, of JSON with comments and with commas before closing brackets, such as a `bun.lock`. */
export function readJsonc(path: string, text: string): JsonText {
  return readWith(path, text, { allowTrailingComma: true });
}

function readWith(path: string, text: string, options: ParseOptions): JsonText {
  const shift = text.startsWith("\uFEFF") ? 1 : 0;
  const body = text.slice(shift);
  refuseConflictMarkers(path, body);
  refuseDepth(path, body);
  const errors: ParseError[] = [];
  const root = parseTree(body, errors, options);
  const [error] = errors;
  if (error !== undefined || root === undefined) {
    const what = error === undefined ? "is empty" : `is not valid JSON: ${wordsFor(error)}`;
    throw new ManifestError(path, what, { at: placeOf(text, (error?.offset ?? 0) + shift) });
  }
  return {
    value: valueOf(root),
    stringAt(keys) {
      const node = findNodeAtLocation(root, [...keys]);
      if (node?.type !== "string") return undefined;
      const span = { start: node.offset + shift + 1, end: node.offset + shift + node.length - 1 };
      return { raw: text.slice(span.start, span.end), span };
    },
  };
}

/** Reads JSON of which no place is asked for, such as a lockfile of many megabytes. Throws `ManifestError` as `readJson`. */
export function parseJson(path: string, text: string): unknown {
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    return JSON.parse(body);
  } catch {
    return readJson(path, text).value; // to tell where it breaks
  }
}

/** As `parseJson`, of the JSON that `readJsonc` reads. */
export function parseJsonc(path: string, text: string): unknown {
  const shift = text.startsWith("\uFEFF") ? 1 : 0;
  const body = text.slice(shift);
  refuseConflictMarkers(path, body);
  refuseDepth(path, body);
  try {
    // What a program writes has no comments, and but commas too many.
    return JSON.parse(body.replace(/("(?:[^"\\]|\\.)*")|(?<=["\]}\w]),(?=\s*[\]}])/g, "$1"));
  } catch {
    // With comments, or it breaks somewhere.
  }
  const errors: ParseError[] = [];
  const value: unknown = parse(body, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error === undefined) return value;
  throw new ManifestError(path, `is not valid JSON: ${wordsFor(error)}`, {
    at: placeOf(text, error.offset + shift),
  });
}

function refuseConflictMarkers(path: string, text: string): void {
  const conflict = /^(?:<{7}|>{7}) /m.exec(text);
  if (conflict === null) return;
  throw new ManifestError(path, "has merge conflict markers", {
    at: placeOf(text, conflict.index),
    mend: "Resolve the conflict and commit the file",
  });
}

function refuseDepth(path: string, text: string): void {
  let depth = 0;
  for (const [bracket] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (bracket === "{" || bracket === "[") depth += 1;
    else if (bracket === "}" || bracket === "]") depth -= 1;
    if (depth > deepest) throw new ManifestError(path, `nests deeper than ${deepest} levels`);
  }
}

/** As `JSON.parse` has it: of two keys of one name the last counts, and `__proto__` is a key like any other. */
function valueOf(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(valueOf);
  if (node.type !== "object") return node.value;
  const entries = (node.children ?? []).map((property): [string, unknown] => {
    const [key, value] = property.children ?? [];
    return [String(key?.value), value === undefined ? undefined : valueOf(value)];
  });
  return Object.fromEntries(entries);
}

function wordsFor(error: ParseError): string {
  const words = printParseErrorCode(error.error).replace(/([a-z])([A-Z])/g, "$1 $2");
  return words.toLowerCase();
}

/** What the entries of a text's outermost object are indented by. */
export function indentOf(text: string): string {
  return /^\uFEFF?\s*\{\r?\n([ \t]*)/.exec(text)?.[1] ?? "";
}
