import type { Place } from "../../../domain/impact.ts";
import { boundBy, declarationsIn } from "./bindings.ts";
import { constantOf, isCall, isMember, isNoReference, transparent } from "./expressions.ts";
import { scriptsIn } from "./scripts.ts";
import { lineOf, type Node, nameOf, nodeAt, nodesAt, parseCode, walk } from "./syntax.ts";

/** What sources take from one path of a package. */
export interface Uses {
  /** By the names that are imported: each with where. */
  readonly names: Map<string, Place[]>;
  /** The properties that are read of a default import. */
  readonly ofDefault: Map<string, Place[]>;
  /** Where all of it is taken in a way that does not tell what of it is used. */
  readonly escapes: Place[];
  /** Where `require` loads it. */
  readonly requires: Place[];
  /** Where it is imported in whatever way. */
  readonly imports: Place[];
}

/** In place of a name: the module, or its default export, is called. */
export const itself = "()";

/** By package and path, such as `lodash` and `./fp`. */
export type AllUses = Map<string, Map<string, Uses>>;

/** Adds what one source takes from some packages. Throws `SyntaxError` for what is no code. */
export function gatherUses(path: string, text: string, packages: ReadonlySet<string>, all: AllUses): void {
  for (const script of scriptsIn(path, text)) {
    const nodes = [...walk(parseCode(script.path, script.text))];
    readAll({ path, packages, all, isWhole: script.isWhole, bound: new Map() }, nodes);
  }
}

/** A binding that stands for a module or for its default export. */
interface Bound {
  readonly uses: Uses;
  readonly kind: "module" | "default";
  readonly node: Node | undefined;
}

type Walked = readonly { readonly node: Node; readonly parent: Node | undefined; readonly field: string }[];

/** What is read of one text. */
interface Reading {
  readonly path: string;
  readonly packages: ReadonlySet<string>;
  readonly all: AllUses;
  /** Whether nothing but this text can use what it binds; a template can. */
  readonly isWhole: boolean;
  readonly bound: Map<string, Bound>;
}

function readAll(reading: Reading, nodes: Walked): void {
  const parents = new Map(nodes.map(({ node, parent }) => [node, parent]));
  for (const { node } of nodes) readImports(reading, node, parents);
  if (reading.bound.size > 0) readReferences(reading, nodes, parents);
}

function readImports(reading: Reading, node: Node, parents: ReadonlyMap<Node, Node | undefined>): void {
  switch (node.type) {
    case "ImportDeclaration":
      readImport(reading, node);
      break;
    case "ExportNamedDeclaration":
      readExport(reading, node);
      break;
    case "ExportAllDeclaration":
      usesOf(reading, nameOf(nodeAt(node, "source")), node)?.escapes.push(placeOf(reading, node));
      break;
    case "TSImportEqualsDeclaration": {
      const from = nodeAt(nodeAt(node, "moduleReference") ?? node, "expression");
      const uses = usesOf(reading, nameOf(from), node);
      uses?.requires.push(placeOf(reading, node));
      if (uses !== undefined) bind(reading, nameOf(nodeAt(node, "id")), { uses, kind: "module", node });
      break;
    }
    case "TSImportType":
      readTypeImport(reading, node);
      break;
    case "CallExpression":
    case "ImportExpression":
      readCall(reading, node, parents);
      break;
    default:
  }
}

function readImport(reading: Reading, node: Node): void {
  const uses = usesOf(reading, nameOf(nodeAt(node, "source")), node);
  if (uses === undefined) return;
  for (const specifier of nodesAt(node, "specifiers")) {
    const local = nameOf(nodeAt(specifier, "local"));
    const imported = nameOf(nodeAt(specifier, "imported"));
    if (specifier.type === "ImportNamespaceSpecifier") bind(reading, local, { uses, kind: "module", node });
    else {
      use(reading, uses.names, imported ?? "default", specifier);
      if ((imported ?? "default") === "default") bind(reading, local, { uses, kind: "default", node });
    }
  }
}

function readExport(reading: Reading, node: Node): void {
  const uses = usesOf(reading, nameOf(nodeAt(node, "source")), node);
  if (uses === undefined) return;
  for (const specifier of nodesAt(node, "specifiers")) {
    const local = nameOf(nodeAt(specifier, "local"));
    if (local === undefined || specifier.type === "ExportNamespaceSpecifier")
      uses.escapes.push(placeOf(reading, specifier));
    else use(reading, uses.names, local, specifier);
  }
}

/** `import("x").T` as a type. */
function readTypeImport(reading: Reading, node: Node): void {
  const uses = usesOf(reading, nameOf(nodeAt(node, "argument") ?? nodeAt(node, "source")), node);
  if (uses === undefined) return;
  let name = nodeAt(node, "qualifier");
  while (name?.type === "TSQualifiedName") name = nodeAt(name, "left");
  const first = nameOf(name);
  if (first === undefined) uses.escapes.push(placeOf(reading, node));
  else use(reading, uses.names, first, node);
}

/** `require("x")` and `import("x")`. */
function readCall(reading: Reading, node: Node, parents: ReadonlyMap<Node, Node | undefined>): void {
  const callee = nodeAt(node, "callee");
  const isImport = node.type === "ImportExpression" || callee?.type === "Import";
  const isRequire = nameOf(callee) === "require";
  const isResolve =
    callee?.type === "MemberExpression" &&
    nameOf(nodeAt(callee, "object")) === "require" &&
    nameOf(nodeAt(callee, "property")) === "resolve";
  if (!isImport && !isRequire && !isResolve) return;
  const argument = nodeAt(node, "source") ?? nodesAt(node, "arguments")[0];
  const uses = usesOf(reading, constantOf(argument), node);
  if (uses === undefined || isResolve) return;
  if (isRequire) uses.requires.push(placeOf(reading, node));
  let whole = node;
  let parent = parents.get(node);
  if (isImport && parent?.type === "AwaitExpression") [whole, parent] = [parent, parents.get(parent)];
  // A promise of the module, and not the module.
  if (isImport && whole === node) {
    if (parent?.type !== "ExpressionStatement") uses.escapes.push(placeOf(reading, node));
    return;
  }
  while (parent !== undefined && transparent.has(parent.type))
    [whole, parent] = [parent, parents.get(parent)];
  readValue(reading, { uses, kind: "module", node }, whole, parent);
}

/** What is done with an expression that is the module, or its default export. */
function readValue(reading: Reading, bound: Bound, node: Node, parent: Node | undefined): void {
  const { uses, kind } = bound;
  const names = kind === "module" ? uses.names : uses.ofDefault;
  if (parent === undefined || parent.type === "ExpressionStatement") return;
  const isObject = nodeAt(parent, "object") === node;
  if (isMember(parent) && isObject) {
    const property = nodeAt(parent, "property");
    const name =
      parent["computed"] === true && property?.type !== "StringLiteral" ? undefined : nameOf(property);
    if (name === undefined) uses.escapes.push(placeOf(reading, parent));
    else use(reading, names, name, parent);
    return;
  }
  if (parent.type === "TSQualifiedName" && nodeAt(parent, "left") === node)
    return use(reading, names, nameOf(nodeAt(parent, "right")) ?? "", parent);
  if (parent.type === "VariableDeclarator" && nodeAt(parent, "init") === node) {
    const target = nodeAt(parent, "id");
    if (target?.type === "Identifier") return bind(reading, nameOf(target), { ...bound, node: parent });
    if (target?.type === "ObjectPattern") return readPattern(reading, target, names, uses);
  }
  if (isCall(parent) && nodeAt(parent, "callee") === node) return use(reading, names, itself, parent);
  // A default export is used as what it is.
  if (kind === "default") return;
  uses.escapes.push(placeOf(reading, parent));
}

function readPattern(reading: Reading, pattern: Node, names: Map<string, Place[]>, uses: Uses): void {
  for (const property of nodesAt(pattern, "properties")) {
    const name = property["computed"] === true ? undefined : nameOf(nodeAt(property, "key"));
    if (property.type === "RestElement" || name === undefined) uses.escapes.push(placeOf(reading, property));
    else use(reading, names, name, property);
  }
}

function bind(reading: Reading, name: string | undefined, bound: Bound): void {
  if (name === undefined) return;
  // Two of a name: which of them is meant is not found out.
  const other = reading.bound.get(name);
  if (other !== undefined && other.node !== bound.node) bound.uses.escapes.push(placeOf(reading, bound.node));
  reading.bound.set(name, bound);
  if (!reading.isWhole && bound.kind === "module") bound.uses.escapes.push(placeOf(reading, bound.node));
}

function readReferences(reading: Reading, nodes: Walked, parents: ReadonlyMap<Node, Node | undefined>): void {
  const shadowed = shadowedIn(reading, nodes);
  for (const { node, parent, field } of nodes) {
    const name = nameOf(node);
    const bound =
      node.type.endsWith("Identifier") && name !== undefined ? reading.bound.get(name) : undefined;
    if (bound === undefined || parent === undefined || isNoReference(parent, field)) continue;
    if (name !== undefined && shadowed.has(name)) {
      bound.uses.escapes.push(placeOf(reading, node));
      continue;
    }
    let [whole, above]: [Node, Node | undefined] = [node, parent];
    while (above !== undefined && transparent.has(above.type)) [whole, above] = [above, parents.get(above)];
    readValue(reading, bound, whole, above);
  }
}

/** The names that something else binds, too. */
function shadowedIn(reading: Reading, nodes: Walked): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { node } of nodes) {
    const names = [
      ...nodesAt(node, "params").flatMap(boundBy),
      ...(node.type === "CatchClause" ? boundBy(nodeAt(node, "param")) : []),
      ...(/^(Function|Class)Declaration$/.test(node.type) ? declarationsIn(node) : []),
      ...(node.type === "VariableDeclarator" ? boundBy(nodeAt(node, "id")) : []),
    ];
    for (const name of names) {
      const bound = reading.bound.get(name);
      if (bound !== undefined && bound.node !== node) found.add(name);
    }
  }
  return found;
}

/** The uses of a package's path, where it is one of those that are asked about. */
function usesOf(reading: Reading, specifier: string | undefined, node: Node): Uses | undefined {
  const [name, subpath] = parted(specifier ?? "");
  if (!reading.packages.has(name)) return undefined;
  const paths = reading.all.get(name) ?? new Map<string, Uses>();
  reading.all.set(name, paths);
  const uses: Uses = paths.get(subpath) ?? {
    names: new Map(),
    ofDefault: new Map(),
    escapes: [],
    requires: [],
    imports: [],
  };
  paths.set(subpath, uses);
  uses.imports.push(placeOf(reading, node));
  return uses;
}

function use(reading: Reading, names: Map<string, Place[]>, name: string, node: Node): void {
  const places = names.get(name) ?? [];
  names.set(name, places);
  const place = placeOf(reading, node);
  if (!places.some(({ path, line }) => path === place.path && line === place.line)) places.push(place);
}

function placeOf(reading: Reading, node: Node | undefined): Place {
  return { path: reading.path, line: node === undefined ? 1 : lineOf(node) };
}

/** `lodash/fp` is `lodash` and `./fp`. */
function parted(specifier: string): readonly [name: string, subpath: string] {
  const parts = specifier.split("/");
  const name = parts.splice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  return [name, parts.length === 0 ? "." : `./${parts.join("/")}`];
}
