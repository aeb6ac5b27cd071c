import { type Node, nameOf, nodesAt } from "./syntax.ts";

/** Around an expression, without a change to what it is. */
export const transparent = new Set([
  "ParenthesizedExpression",
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
  "TSTypeAssertion",
]);

export function isMember({ type }: Node): boolean {
  return ["MemberExpression", "OptionalMemberExpression", "JSXMemberExpression"].includes(type);
}

export function isCall({ type }: Node): boolean {
  return ["CallExpression", "NewExpression", "OptionalCallExpression", "TaggedTemplateExpression"].includes(
    type,
  );
}

/** Whether an identifier in such a place names something else than a variable, or is where that is bound. */
export function isNoReference(parent: Node, field: string): boolean {
  const isKey = field === "key" && parent["computed"] !== true && parent["shorthand"] !== true;
  const isProperty = field === "property" && parent["computed"] !== true;
  const isBinding = /^(?:Import|Export)\w*Specifier$/.test(parent.type) && field !== "local";
  return (
    isKey ||
    isProperty ||
    isBinding ||
    parent.type.startsWith("Import") ||
    parent.type === "TSImportEqualsDeclaration" ||
    (parent.type === "TSQualifiedName" && field === "right") ||
    (parent.type === "JSXAttribute" && field === "name") ||
    field === "id" ||
    field === "label"
  );
}

/** A text that is known before the program runs. */
export function constantOf(node: Node | undefined): string | undefined {
  if (node?.type !== "TemplateLiteral") return nameOf(node);
  const [quasi, ...others] = nodesAt(node, "quasis");
  const value: unknown = quasi?.["value"];
  const isOne = others.length === 0 && typeof value === "object" && value !== null && "cooked" in value;
  return isOne && typeof value.cooked === "string" ? value.cooked : undefined;
}
