import { type Document, isScalar, LineCounter, parseDocument, visit } from "yaml";
import { ConfigurationError } from "../domain/errors.ts";
import { isTable } from "../text/data.ts";

/** A configuration longer than this is a mistake or an attack, in characters. */
const maxLength = 200_000;
const maxAliases = 50;
const maxAnchors = 200;
const deepest = 40;

export interface Place {
  /** Both counted from one. */
  readonly line: number;
  readonly column: number;
}

/** A file of YAML as data, and where in it each value stands. */
export interface ConfigurationDocument {
  readonly path: string;
  /** Keys without a value are left out, as if they were not there. */
  readonly value: unknown;
  /** The place of a value, or of the nearest thing around it that is there; with `ofKey`, of its key. */
  readonly placeOf: (keys: readonly (string | number)[], ofKey?: boolean) => Place;
}

/** Reads YAML within bounds. Throws `ConfigurationError`. */
export function readDocument(path: string, text: string): ConfigurationDocument {
  if (text.length > maxLength) throw new ConfigurationError(path, [`is longer than ${maxLength} characters`]);
  const depth = nestingOf(text);
  if (depth > deepest) throw new ConfigurationError(path, [`is nested more than ${deepest} levels deep`]);
  if ((text.match(/(?:^|[\s[{,:-])&[^\s&]/gm) ?? []).length > maxAnchors)
    throw new ConfigurationError(path, [`has more than ${maxAnchors} anchors`]);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false, // its own check compares each key with every other
    merge: true,
    logLevel: "silent",
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const broken = document.errors.map(({ message, pos }) => ({ ...placeAt(pos[0]), message }));
  if (broken.length > 0) throw new ConfigurationError(path, broken.slice(0, 20));
  const repeated = repeatedKeys(document).map(({ key, offset }) => ({
    ...placeAt(offset),
    message: `"${key}" is there twice: keep one of them`,
  }));
  if (repeated.length > 0) throw new ConfigurationError(path, repeated.slice(0, 20));

  const startOf = (keys: readonly (string | number)[]): number | undefined => {
    const node: unknown = document.getIn(keys, true);
    if (typeof node !== "object" || node === null || !("range" in node) || !Array.isArray(node.range))
      return undefined;
    const [start] = node.range;
    return typeof start === "number" ? start : undefined;
  };
  const startOfKey = (keys: readonly (string | number)[]): number | undefined => {
    const table: unknown = keys.length === 1 ? document.contents : document.getIn(keys.slice(0, -1), true);
    if (typeof table !== "object" || table === null || !("items" in table) || !Array.isArray(table.items))
      return undefined;
    const pair: unknown = table.items.find((item) => String(item?.key?.value) === String(keys.at(-1)));
    const key = typeof pair === "object" && pair !== null && "key" in pair ? pair.key : undefined;
    const range = typeof key === "object" && key !== null && "range" in key ? key.range : undefined;
    return Array.isArray(range) && typeof range[0] === "number" ? range[0] : undefined;
  };
  const placeOf: ConfigurationDocument["placeOf"] = (keys, ofKey = false) => {
    for (let length = keys.length; length > 0; length--) {
      const some = keys.slice(0, length);
      const start = (ofKey ? startOfKey(some) : undefined) ?? startOf(some);
      if (start !== undefined) return placeAt(start);
    }
    return { line: 1, column: 1 };
  };

  try {
    return { path, value: withoutEmpty(document.toJS({ maxAliasCount: maxAliases })) ?? {}, placeOf };
  } catch (error) {
    throw new ConfigurationError(
      path,
      [`uses more than ${maxAliases} aliases, or one that leads to itself`],
      {
        cause: error,
      },
    );
  }
}

function repeatedKeys(document: Document): readonly { key: string; offset: number }[] {
  const found: { key: string; offset: number }[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name) && name !== "<<") found.push({ key: name, offset: key.range?.[0] ?? 0 });
        seen.add(name);
      }
    },
  });
  return found;
}

/**
 * How deep a text may nest, judged by brackets, by how far lines are indented, and by the dashes at their beginnings: the
 * parser of YAML calls itself for each level.
 */
function nestingOf(text: string): number {
  let open = 0;
  let deep = 0;
  for (const character of text) {
    if (character === "[" || character === "{") deep = Math.max(deep, ++open);
    else if (character === "]" || character === "}") open = Math.max(0, open - 1);
    else if (character === "\n") open = Math.max(0, open - 1);
  }
  for (const line of text.split("\n")) {
    const [start = ""] = /^[\s?:-]*/.exec(line) ?? [];
    deep = Math.max(deep, start.replace(/[ \t\r]/g, "").length, start.length / 10);
  }
  return deep;
}

/** Values of YAML that are no data, such as a `null` for a key that only a comment follows. */
function withoutEmpty(value: unknown, depth = 0): unknown {
  if (depth > deepest) throw new Error("an alias leads to itself");
  if (Array.isArray(value)) return value.map((item) => withoutEmpty(item, depth + 1));
  if (!isTable(value)) return value ?? undefined;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => inner !== null && inner !== undefined && key !== "__proto__")
      .map(([key, inner]) => [key, withoutEmpty(inner, depth + 1)]),
  );
}
