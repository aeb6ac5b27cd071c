import { initSync, parse as parseCommonjs } from "cjs-module-lexer";
import { declarationsIn } from "./bindings.ts";
import { fileAt, joined } from "./entries.ts";
import { manifestOf, type ReleaseFiles, typeOf } from "./release.ts";
import { Gathered, type Surface } from "./surface.ts";
import { type Node, nameOf, nodeAt, nodesAt, parseCode } from "./syntax.ts";

/** What a file of code exports, with all that it exports again: an ES module by its syntax, CommonJS as Node guesses. */
export function codeExports(release: ReleaseFiles, path: string): Surface {
  initSync();
  return new Reader(release).read(path);
}

class Reader {
  readonly #release: ReleaseFiles;
  readonly #there: ReadonlySet<string>;
  readonly #read = new Map<string, Gathered>();

  constructor(release: ReleaseFiles) {
    this.#release = release;
    this.#there = new Set(release.paths);
  }

  read(path: string): Gathered {
    const known = this.#read.get(path);
    if (known !== undefined) return known;
    const surface = new Gathered();
    this.#read.set(path, surface);
    const text = this.#release.texts[path];
    if (text === undefined) surface.isOpen = true;
    else if (this.#isModule(path, text)) this.#module(path, text, surface);
    else this.#commonjs(path, text, surface);
    return surface;
  }

  #isModule(path: string, text: string): boolean {
    if (/\.[cm]js$/.test(path)) return path.endsWith(".mjs");
    return typeOf(manifestOf(this.#release)) === "module" || /^\s*(?:import|export)\b[^(]/m.test(text);
  }

  #module(path: string, text: string, surface: Gathered): void {
    for (const statement of parseCode(path, text)) {
      const from = nameOf(nodeAt(statement, "source"));
      if (statement.type === "ExportAllDeclaration") this.#again(path, from, surface);
      if (statement.type === "ExportDefaultDeclaration") surface.add("default", value);
      if (statement.type !== "ExportNamedDeclaration") continue;
      for (const name of namesIn(statement)) surface.add(name, value);
    }
  }

  #commonjs(path: string, text: string, surface: Gathered): void {
    const { exports, reexports } = parseCommonjs(text, path);
    for (const name of exports) surface.add(name, value);
    for (const from of reexports) this.#again(path, from, surface);
    // What is assigned as a whole may have properties that no syntax tells; so may what is exported by computed names.
    const isWhole = /\bmodule\.exports\s*=(?!=)\s*(?!\{|require\b|exports\b)/.test(text);
    surface.isAssigned = isWhole;
    const isComputed = /\bexports\s*\[(?!\s*["'])|\bObject\.assign\s*\(\s*(?:module\.)?exports\b/.test(text);
    surface.isOpen ||= isWhole || isComputed || (exports.length === 0 && reexports.length === 0);
  }

  #again(path: string, from: string | undefined, surface: Gathered): void {
    const target = from?.startsWith(".") === true ? fileAt(joined(path, from), this.#there) : undefined;
    if (target === undefined) surface.isOpen = true;
    else surface.addAll(this.read(target));
  }
}

const value = { isType: false, isDeprecated: false };

function namesIn(statement: Node): readonly string[] {
  const declaration = nodeAt(statement, "declaration");
  const picked = nodesAt(statement, "specifiers").flatMap((one) => nameOf(nodeAt(one, "exported")) ?? []);
  return declaration === undefined ? picked : [...declarationsIn(declaration), ...picked];
}
