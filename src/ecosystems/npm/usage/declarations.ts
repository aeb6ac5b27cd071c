import { declarationOf, joined } from "./entries.ts";
import type { ReleaseFiles } from "./release.ts";
import {
  addAll,
  addName,
  emptySurface,
  type Exported,
  type Gathered,
  type Reading as Files,
  readingOf,
  readOnce,
  type Surface,
} from "./surface.ts";
import { isNode, type Node, nameOf, nodeAt, nodesAt, parseCode } from "./syntax.ts";

/** What a file of declarations exports, with all that it exports again. `specifier` as in `declare module "specifier"`. */
export function declaredExports(release: ReleaseFiles, path: string, specifier: string): Surface {
  return read({ ...readingOf(release), specifier }, path);
}

interface Reading extends Files {
  readonly specifier: string;
}

function read(reading: Reading, path: string): Gathered {
  return readOnce(reading, path, (text, surface) => gather(reading, path, parseCode(path, text), surface));
}

function gather(reading: Reading, path: string, statements: readonly Node[], surface: Gathered): void {
  const ambient = statements.find(
    (one) =>
      one.type === "TSModuleDeclaration" &&
      nodeAt(one, "id")?.type === "StringLiteral" &&
      nameOf(nodeAt(one, "id")) === reading.specifier,
  );
  const body = ambient === undefined ? statements : blockOf(ambient);
  const scope = scopeOf(body);
  const isListed = body.some(isList);
  // In declarations all at the top is exported, unless some of it is picked.
  const isModule = body.some(({ type }) => type.startsWith("Export") || type === "TSExportAssignment");
  for (const statement of body) {
    if (!isListed && (isModule || ambient !== undefined))
      for (const [name, exported] of declared(statement)) addName(surface, name, exported);
    readExport(reading, path, statement, scope, surface);
  }
  if (!isModule && ambient === undefined) surface.isOpen = true;
}

function readExport(reading: Reading, path: string, statement: Node, scope: Scope, surface: Gathered): void {
  const from = nodeAt(statement, "source");
  const declaration = nodeAt(statement, "declaration");
  switch (statement.type) {
    case "ExportAllDeclaration":
      again(reading, path, nameOf(from), surface);
      break;
    case "ExportDefaultDeclaration":
      addName(surface, "default", {
        isType: declaration?.type === "TSInterfaceDeclaration",
        isDeprecated: isDeprecated(statement),
      });
      break;
    case "TSExportAssignment":
      readAssignment(reading, path, statement, scope, surface);
      break;
    case "TSImportEqualsDeclaration":
      if (statement["isExport"] === true) addName(surface, nameOf(nodeAt(statement, "id")) ?? "", plain);
      break;
    case "ExportNamedDeclaration":
      if (declaration !== undefined)
        for (const [name, exported] of declared(declaration))
          addName(surface, name, {
            ...exported,
            isDeprecated: exported.isDeprecated || isDeprecated(statement),
          });
      for (const specifier of nodesAt(statement, "specifiers"))
        readSpecifier(
          reading,
          path,
          specifier,
          { from: nameOf(from), isType: statement["exportKind"] === "type" },
          scope,
          surface,
        );
      break;
    default:
  }
}

/** `export { a as b }`, with or without `from`, and `export * as b from`. */
function readSpecifier(
  reading: Reading,
  path: string,
  specifier: Node,
  { from, isType }: { from: string | undefined; isType: boolean },
  scope: Scope,
  surface: Gathered,
): void {
  const exported = nameOf(nodeAt(specifier, "exported"));
  const local = nameOf(nodeAt(specifier, "local"));
  if (exported === undefined) return;
  const isTyped = isType || specifier["exportKind"] === "type";
  const origin = from === undefined ? scope.imported.get(local ?? "") : { from, name: local };
  const there = origin === undefined ? undefined : elsewhere(reading, path, origin.from);
  const known = origin === undefined ? scope.declared.get(local ?? "") : there?.names.get(origin.name ?? "");
  addName(surface, exported, { ...plain, ...known, ...(isTyped ? { isType: true } : {}) });
}

function again(reading: Reading, path: string, from: string | undefined, surface: Gathered): void {
  const there = from === undefined ? undefined : elsewhere(reading, path, from);
  if (there === undefined) surface.isOpen = true;
  else addAll(surface, there);
}

function elsewhere(reading: Reading, path: string, from: string): Gathered | undefined {
  if (!from.startsWith(".")) return undefined;
  const target = declarationOf(joined(path, from), reading.there);
  return target === undefined ? undefined : read(reading, target);
}

/** `export = X`: what is declared in a namespace of that name, and the static members of a class. */
function readAssignment(
  reading: Reading,
  path: string,
  statement: Node,
  scope: Scope,
  surface: Gathered,
): void {
  surface.isAssigned = true;
  const name = nameOf(nodeAt(statement, "expression"));
  const imported = scope.imported.get(name ?? "");
  if (imported !== undefined) return again(reading, path, imported.from, surface);
  const meant = scope.nodes.get(name ?? "") ?? [];
  if (meant.length === 0) surface.isOpen = true;
  for (const node of meant) {
    if (node.type === "TSModuleDeclaration") gatherInner(node, surface);
    else if (node.type === "ClassDeclaration") gatherStatics(node, surface);
    // A value of some type has what that type has.
    else if (node.type === "VariableDeclaration") surface.isOpen = true;
  }
}

function gatherInner(namespace: Node, surface: Gathered): void {
  const body = blockOf(namespace);
  const isListed = body.some(isList);
  for (const statement of body) {
    const declaration = nodeAt(statement, "declaration");
    if (declaration !== undefined)
      for (const [name, one] of declared(declaration)) addName(surface, name, one);
    else if (!isListed) for (const [name, one] of declared(statement)) addName(surface, name, one);
    for (const specifier of nodesAt(statement, "specifiers")) {
      const exported = nameOf(nodeAt(specifier, "exported"));
      if (exported !== undefined) addName(surface, exported, plain);
    }
  }
}

const plain: Exported = { isType: false, isDeprecated: false };

/** Whether a statement picks what is exported. */
function isList({ type, ...rest }: Node): boolean {
  if (type === "TSExportAssignment" || type === "ExportDefaultDeclaration") return true;
  return type === "ExportNamedDeclaration" && rest["declaration"] === null;
}

interface Scope {
  readonly declared: ReadonlyMap<string, Exported>;
  readonly nodes: ReadonlyMap<string, readonly Node[]>;
  readonly imported: ReadonlyMap<string, { readonly from: string; readonly name?: string | undefined }>;
}

function scopeOf(body: readonly Node[]): Scope {
  const all = emptySurface();
  const nodes = new Map<string, Node[]>();
  const imported = new Map<string, { from: string; name?: string | undefined }>();
  for (const statement of body) {
    const node = nodeAt(statement, "declaration") ?? statement;
    for (const [name, exported] of declared(node)) {
      addName(all, name, exported);
      nodes.set(name, [...(nodes.get(name) ?? []), node]);
    }
    if (statement.type !== "ImportDeclaration") continue;
    const from = nameOf(nodeAt(statement, "source")) ?? "";
    for (const specifier of nodesAt(statement, "specifiers")) {
      const local = nameOf(nodeAt(specifier, "local")) ?? "";
      const name =
        specifier.type === "ImportDefaultSpecifier" ? "default" : nameOf(nodeAt(specifier, "imported"));
      imported.set(local, { from, name });
    }
  }
  return { declared: all.names, nodes, imported };
}

/** The names that a statement declares. */
function declared(statement: Node): readonly (readonly [string, Exported])[] {
  const isDeprecatedHere = isDeprecated(statement);
  const one = (isType: boolean): readonly (readonly [string, Exported])[] => {
    const name = nameOf(nodeAt(statement, "id"));
    return name === undefined ? [] : [[name, { isType, isDeprecated: isDeprecatedHere }]];
  };
  switch (statement.type) {
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      return one(true);
    case "TSModuleDeclaration":
      // `declare module "x"` is no name, and `declare global` none of this module.
      return nodeAt(statement, "id")?.type === "Identifier" && statement["kind"] !== "global"
        ? one(false)
        : [];
    case "TSDeclareFunction":
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "TSEnumDeclaration":
      return one(false);
    case "VariableDeclaration":
      return nodesAt(statement, "declarations").flatMap((each): [string, Exported][] => {
        const name = nameOf(nodeAt(each, "id"));
        return name === undefined ? [] : [[name, { isType: false, isDeprecated: isDeprecatedHere }]];
      });
    default:
      return [];
  }
}

function gatherStatics(node: Node, surface: Gathered): void {
  if (node["superClass"] !== null && node["superClass"] !== undefined) surface.isOpen = true;
  const body = nodeAt(node, "body");
  for (const member of body === undefined ? [] : nodesAt(body, "body")) {
    const name = nameOf(nodeAt(member, "key"));
    if (member["static"] === true && name !== undefined)
      addName(surface, name, { isType: false, isDeprecated: isDeprecated(member) });
  }
}

function blockOf(namespace: Node): readonly Node[] {
  const body = nodeAt(namespace, "body");
  return body === undefined ? [] : nodesAt(body, "body");
}

function isDeprecated(node: Node): boolean {
  const comments = node["leadingComments"];
  const last: unknown = Array.isArray(comments) ? comments.at(-1) : undefined;
  return (
    isNode(last) && last.type === "CommentBlock" && /^\*[\s\S]*@deprecated\b/.test(String(last["value"]))
  );
}
