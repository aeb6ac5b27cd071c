import { parse, type ParserPlugin } from "@babel/parser";
import { isTable, tableOf, textOf } from "../../../text/data.ts";

/** A node of the tree that a text is: https://github.com/babel/babel/blob/main/packages/babel-parser/ast/spec.md */
export interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What a text is written in, by its name. */
function pluginsFor(path: string): ParserPlugin[] {
  if (/\.d\.[cm]?ts$/.test(path)) return [["typescript", { dts: true }], "decorators"];
  if (/\.[cm]?ts$/.test(path)) return ["typescript", "decorators"];
  if (path.endsWith(".tsx")) return ["typescript", "jsx", "decorators"];
  return ["jsx", "flow", "decorators"];
}

/** The statements of a text. Throws `SyntaxError` for what is none of its language. */
export function parseCode(path: string, text: string): readonly Node[] {
  const parsed: unknown = parse(text, {
    sourceType: "unambiguous",
    errorRecovery: true,
    allowReturnOutsideFunction: true,
    allowUndeclaredExports: true,
    attachComment: path.includes(".d."),
    plugins: pluginsFor(path),
  });
  return nodesAt(tableOf(tableOf(parsed)["program"]), "body");
}

export function isNode(value: unknown): value is Node {
  return isTable(value) && typeof value["type"] === "string";
}

export function nodeAt(node: Readonly<Record<string, unknown>>, field: string): Node | undefined {
  const value = node[field];
  return isNode(value) ? value : undefined;
}

export function nodesAt(node: Readonly<Record<string, unknown>>, field: string): readonly Node[] {
  const value = node[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The name of an identifier, or the value of a literal text. */
export function nameOf(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (node.type.endsWith("Identifier")) return textOf(node["name"]);
  if (node.type === "TSLiteralType") return nameOf(nodeAt(node, "literal"));
  return node.type === "StringLiteral" ? textOf(node["value"]) : undefined;
}

export function lineOf(node: Node): number {
  const line = tableOf(tableOf(node["loc"])["start"])["line"];
  return typeof line === "number" ? line : 1;
}

const besides = new Set(["loc", "extra", "leadingComments", "trailingComments", "innerComments", "errors"]);

/** Every node below some, each with the node that it is in. Without recursion: trees from outside may be deep. */
export function* walk(
  from: readonly Node[],
): Generator<{ node: Node; parent: Node | undefined; field: string }> {
  const stack = from.toReversed().map((node) => ({ node, parent: undefined as Node | undefined, field: "" }));
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    yield next;
    const parent = next.node;
    for (const [field, value] of Object.entries(parent).toReversed()) {
      if (besides.has(field)) continue;
      const below = Array.isArray(value) ? value.toReversed() : [value];
      for (const node of below) if (isNode(node)) stack.push({ node, parent, field });
    }
  }
}
