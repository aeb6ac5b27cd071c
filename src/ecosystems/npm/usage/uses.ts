import type { Place } from "../../../domain/impact.ts";
import { boundBy, declarationsIn } from "./bindings.ts";
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
    const reader = new Reader(path, packages, all, script.isWhole);
    reader.read(nodes);
  }
}

/** A binding that stands for a module or for its default export. */
interface Bound {
  readonly uses: Uses;
  readonly kind: "module" | "default";
  readonly node: Node | undefined;
}

type Walked = readonly { readonly node: Node; readonly parent: Node | undefined; readonly field: string }[];

class Reader {
  readonly #path: string;
  readonly #packages: ReadonlySet<string>;
  readonly #all: AllUses;
  /** Whether nothing but this text can use what it binds; a template can. */
  readonly #isWhole: boolean;
  readonly #bound = new Map<string, Bound>();

  constructor(path: string, packages: ReadonlySet<string>, all: AllUses, isWhole: boolean) {
    this.#path = path;
    this.#packages = packages;
    this.#all = all;
    this.#isWhole = isWhole;
  }

  read(nodes: Walked): void {
    const parents = new Map(nodes.map(({ node, parent }) => [node, parent]));
    for (const { node } of nodes) this.#imports(node, parents);
    if (this.#bound.size > 0) this.#references(nodes, parents);
  }

  #imports(node: Node, parents: ReadonlyMap<Node, Node | undefined>): void {
    switch (node.type) {
      case "ImportDeclaration":
        this.#importing(node);
        break;
      case "ExportNamedDeclaration":
        this.#exportingAgain(node);
        break;
      case "ExportAllDeclaration":
        this.#of(nameOf(nodeAt(node, "source")), node)?.escapes.push(this.#at(node));
        break;
      case "TSImportEqualsDeclaration": {
        const from = nodeAt(nodeAt(node, "moduleReference") ?? node, "expression");
        const uses = this.#of(nameOf(from), node);
        uses?.requires.push(this.#at(node));
        if (uses !== undefined) this.#bind(nameOf(nodeAt(node, "id")), { uses, kind: "module", node });
        break;
      }
      case "TSImportType":
        this.#importingType(node);
        break;
      case "CallExpression":
      case "ImportExpression":
        this.#calling(node, parents);
        break;
      default:
    }
  }

  #importing(node: Node): void {
    const uses = this.#of(nameOf(nodeAt(node, "source")), node);
    if (uses === undefined) return;
    for (const specifier of nodesAt(node, "specifiers")) {
      const local = nameOf(nodeAt(specifier, "local"));
      const imported = nameOf(nodeAt(specifier, "imported"));
      if (specifier.type === "ImportNamespaceSpecifier") this.#bind(local, { uses, kind: "module", node });
      else {
        this.#use(uses.names, imported ?? "default", specifier);
        if ((imported ?? "default") === "default") this.#bind(local, { uses, kind: "default", node });
      }
    }
  }

  #exportingAgain(node: Node): void {
    const uses = this.#of(nameOf(nodeAt(node, "source")), node);
    if (uses === undefined) return;
    for (const specifier of nodesAt(node, "specifiers")) {
      const local = nameOf(nodeAt(specifier, "local"));
      if (local === undefined || specifier.type === "ExportNamespaceSpecifier")
        uses.escapes.push(this.#at(specifier));
      else this.#use(uses.names, local, specifier);
    }
  }

  /** `import("x").T` as a type. */
  #importingType(node: Node): void {
    const uses = this.#of(nameOf(nodeAt(node, "argument") ?? nodeAt(node, "source")), node);
    if (uses === undefined) return;
    let name = nodeAt(node, "qualifier");
    while (name?.type === "TSQualifiedName") name = nodeAt(name, "left");
    const first = nameOf(name);
    if (first === undefined) uses.escapes.push(this.#at(node));
    else this.#use(uses.names, first, node);
  }

  /** `require("x")` and `import("x")`. */
  #calling(node: Node, parents: ReadonlyMap<Node, Node | undefined>): void {
    const callee = nodeAt(node, "callee");
    const isImport = node.type === "ImportExpression" || callee?.type === "Import";
    const isRequire = nameOf(callee) === "require";
    const isResolve =
      callee?.type === "MemberExpression" &&
      nameOf(nodeAt(callee, "object")) === "require" &&
      nameOf(nodeAt(callee, "property")) === "resolve";
    if (!isImport && !isRequire && !isResolve) return;
    const argument = nodeAt(node, "source") ?? nodesAt(node, "arguments")[0];
    const uses = this.#of(constantOf(argument), node);
    if (uses === undefined || isResolve) return;
    if (isRequire) uses.requires.push(this.#at(node));
    let whole = node;
    let parent = parents.get(node);
    if (isImport && parent?.type === "AwaitExpression") [whole, parent] = [parent, parents.get(parent)];
    // A promise of the module, and not the module.
    if (isImport && whole === node) {
      if (parent?.type !== "ExpressionStatement") uses.escapes.push(this.#at(node));
      return;
    }
    while (parent !== undefined && transparent.has(parent.type))
      [whole, parent] = [parent, parents.get(parent)];
    this.#value({ uses, kind: "module", node }, whole, parent);
  }

  /** What is done with an expression that is the module, or its default export. */
  #value(bound: Bound, node: Node, parent: Node | undefined): void {
    const { uses, kind } = bound;
    const names = kind === "module" ? uses.names : uses.ofDefault;
    if (parent === undefined || parent.type === "ExpressionStatement") return;
    const isObject = nodeAt(parent, "object") === node;
    if (isMember(parent) && isObject) {
      const property = nodeAt(parent, "property");
      const name =
        parent["computed"] === true && property?.type !== "StringLiteral" ? undefined : nameOf(property);
      if (name === undefined) uses.escapes.push(this.#at(parent));
      else this.#use(names, name, parent);
      return;
    }
    if (parent.type === "TSQualifiedName" && nodeAt(parent, "left") === node)
      return this.#use(names, nameOf(nodeAt(parent, "right")) ?? "", parent);
    if (parent.type === "VariableDeclarator" && nodeAt(parent, "init") === node) {
      const target = nodeAt(parent, "id");
      if (target?.type === "Identifier") return this.#bind(nameOf(target), { ...bound, node: parent });
      if (target?.type === "ObjectPattern") return this.#destructured(target, names, uses);
    }
    if (isCall(parent) && nodeAt(parent, "callee") === node) return this.#use(names, itself, parent);
    // A default export is used as what it is.
    if (kind === "default") return;
    uses.escapes.push(this.#at(parent));
  }

  #destructured(pattern: Node, names: Map<string, Place[]>, uses: Uses): void {
    for (const property of nodesAt(pattern, "properties")) {
      const name = property["computed"] === true ? undefined : nameOf(nodeAt(property, "key"));
      if (property.type === "RestElement" || name === undefined) uses.escapes.push(this.#at(property));
      else this.#use(names, name, property);
    }
  }

  #bind(name: string | undefined, bound: Bound): void {
    if (name === undefined) return;
    // Two of a name: which of them is meant is not found out.
    const other = this.#bound.get(name);
    if (other !== undefined && other.node !== bound.node) bound.uses.escapes.push(this.#at(bound.node));
    this.#bound.set(name, bound);
    if (!this.#isWhole && bound.kind === "module") bound.uses.escapes.push(this.#at(bound.node));
  }

  #references(nodes: Walked, parents: ReadonlyMap<Node, Node | undefined>): void {
    const shadowed = this.#shadowed(nodes);
    for (const { node, parent, field } of nodes) {
      const name = nameOf(node);
      const bound =
        node.type.endsWith("Identifier") && name !== undefined ? this.#bound.get(name) : undefined;
      if (bound === undefined || parent === undefined || isNoReference(parent, field)) continue;
      if (name !== undefined && shadowed.has(name)) {
        bound.uses.escapes.push(this.#at(node));
        continue;
      }
      let [whole, above]: [Node, Node | undefined] = [node, parent];
      while (above !== undefined && transparent.has(above.type)) [whole, above] = [above, parents.get(above)];
      this.#value(bound, whole, above);
    }
  }

  /** The names that something else binds, too. */
  #shadowed(nodes: Walked): ReadonlySet<string> {
    const found = new Set<string>();
    for (const { node } of nodes) {
      const names = [
        ...nodesAt(node, "params").flatMap(boundBy),
        ...(node.type === "CatchClause" ? boundBy(nodeAt(node, "param")) : []),
        ...(/^(Function|Class)Declaration$/.test(node.type) ? declarationsIn(node) : []),
        ...(node.type === "VariableDeclarator" ? boundBy(nodeAt(node, "id")) : []),
      ];
      for (const name of names) {
        const bound = this.#bound.get(name);
        if (bound !== undefined && bound.node !== node) found.add(name);
      }
    }
    return found;
  }

  /** The uses of a package's path, where it is one of those that are asked about. */
  #of(specifier: string | undefined, node: Node): Uses | undefined {
    const [name, subpath] = parted(specifier ?? "");
    if (!this.#packages.has(name)) return undefined;
    const paths = this.#all.get(name) ?? new Map<string, Uses>();
    this.#all.set(name, paths);
    const uses: Uses = paths.get(subpath) ?? {
      names: new Map(),
      ofDefault: new Map(),
      escapes: [],
      requires: [],
      imports: [],
    };
    paths.set(subpath, uses);
    uses.imports.push(this.#at(node));
    return uses;
  }

  #use(names: Map<string, Place[]>, name: string, node: Node): void {
    const places = names.get(name) ?? [];
    names.set(name, places);
    const place = this.#at(node);
    if (!places.some(({ path, line }) => path === place.path && line === place.line)) places.push(place);
  }

  #at(node: Node | undefined): Place {
    return { path: this.#path, line: node === undefined ? 1 : lineOf(node) };
  }
}

/** Around an expression, without a change to what it is. */
const transparent = new Set([
  "ParenthesizedExpression",
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
  "TSTypeAssertion",
]);

function isMember({ type }: Node): boolean {
  return ["MemberExpression", "OptionalMemberExpression", "JSXMemberExpression"].includes(type);
}

function isCall({ type }: Node): boolean {
  return ["CallExpression", "NewExpression", "OptionalCallExpression", "TaggedTemplateExpression"].includes(
    type,
  );
}

/** Whether an identifier in such a place names something else than a variable, or is where that is bound. */
function isNoReference(parent: Node, field: string): boolean {
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
function constantOf(node: Node | undefined): string | undefined {
  if (node?.type !== "TemplateLiteral") return nameOf(node);
  const [quasi, ...others] = nodesAt(node, "quasis");
  const value: unknown = quasi?.["value"];
  const isOne = others.length === 0 && typeof value === "object" && value !== null && "cooked" in value;
  return isOne && typeof value.cooked === "string" ? value.cooked : undefined;
}

/** `lodash/fp` is `lodash` and `./fp`. */
function parted(specifier: string): readonly [name: string, subpath: string] {
  const parts = specifier.split("/");
  const name = parts.splice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  return [name, parts.length === 0 ? "." : `./${parts.join("/")}`];
}
