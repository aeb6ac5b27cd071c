import { initSync, parse as parseCommonjs } from "cjs-module-lexer";
import { declarationsIn } from "./bindings.ts";
import { fileAt, joined } from "./entries.ts";
import { manifestOf, type ReleaseFiles, typeOf } from "./release.ts";
import {
  addAll,
  addName,
  type Gathered,
  type Reading,
  readingOf,
  readOnce,
  type Surface,
} from "./surface.ts";
import { type Node, nameOf, nodeAt, nodesAt, parseCode } from "./syntax.ts";

/** What a file of code exports, with all that it exports again: an ES module by its syntax, CommonJS as Node guesses. */
export function codeExports(release: ReleaseFiles, path: string): Surface {
  initSync();
  return read(readingOf(release), path);
}

function read(reading: Reading, path: string): Gathered {
  return readOnce(reading, path, (text, surface) => {
    if (isModule(reading, path, text)) readModule(reading, path, text, surface);
    else readCommonjs(reading, path, text, surface);
  });
}

function isModule(reading: Reading, path: string, text: string): boolean {
  if (/\.[cm]js$/.test(path)) return path.endsWith(".mjs");
  return typeOf(manifestOf(reading.release)) === "module" || /^\s*(?:import|export)\b[^(]/m.test(text);
}

function readModule(reading: Reading, path: string, text: string, surface: Gathered): void {
  for (const statement of parseCode(path, text)) {
    const from = nameOf(nodeAt(statement, "source"));
    if (statement.type === "ExportAllDeclaration") again(reading, path, from, surface);
    if (statement.type === "ExportDefaultDeclaration") addName(surface, "default", value);
    if (statement.type !== "ExportNamedDeclaration") continue;
    for (const name of namesIn(statement)) addName(surface, name, value);
  }
}

function readCommonjs(reading: Reading, path: string, text: string, surface: Gathered): void {
  const { exports, reexports } = parseCommonjs(text, path);
  for (const name of exports) addName(surface, name, value);
  for (const from of reexports) again(reading, path, from, surface);
  // What is assigned as a whole may have properties that no syntax tells; so may what is exported by computed names.
  const isWhole = /\bmodule\.exports\s*=(?!=)\s*(?!\{|require\b|exports\b)/.test(text);
  surface.isAssigned = isWhole;
  const isComputed = /\bexports\s*\[(?!\s*["'])|\bObject\.assign\s*\(\s*(?:module\.)?exports\b/.test(text);
  surface.isOpen ||= isWhole || isComputed || (exports.length === 0 && reexports.length === 0);
}

function again(reading: Reading, path: string, from: string | undefined, surface: Gathered): void {
  const target = from?.startsWith(".") === true ? fileAt(joined(path, from), reading.there) : undefined;
  if (target === undefined) surface.isOpen = true;
  else addAll(surface, read(reading, target));
}

const value = { isType: false, isDeprecated: false };

function namesIn(statement: Node): readonly string[] {
  const declaration = nodeAt(statement, "declaration");
  const picked = nodesAt(statement, "specifiers").flatMap((one) => nameOf(nodeAt(one, "exported")) ?? []);
  return declaration === undefined ? picked : [...declarationsIn(declaration), ...picked];
}
