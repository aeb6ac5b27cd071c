import { isMap, parseDocument } from "yaml";
import { ConfigurationError, messageOf } from "../../domain/errors.ts";
import type { FileReader } from "../../domain/ports.ts";
import { isTable, tableOf } from "../../text/data.ts";
import { readFile } from "../file.ts";
import { lintsOf } from "../lints.ts";
import { ownPaths } from "../policy.ts";
import type { Unmatched } from "./expand.ts";
import { fromRenovate } from "./renovate.ts";
import { header, written } from "./write.ts";

/** Where Renovate looks for its configuration, in its own order. */
const renovatePaths: readonly string[] = [
  "renovate.json",
  "renovate.json5",
  ".github/renovate.json",
  ".github/renovate.json5",
  ".renovaterc",
  ".renovaterc.json",
  ".renovaterc.json5",
  "package.json",
];
const dependabotPaths: readonly string[] = [".github/dependabot.yml", ".github/dependabot.yaml"];

/** In characters. */
const longest = 500_000;
const deepest = 40;

/** A configuration of another tool, as steeplejack.yml says it. */
export interface Migration {
  readonly from: string;
  /** Of `.github/steeplejack.yml`. */
  readonly text: string;
  readonly unmatched: readonly Unmatched[];
}

/** The files that could be migrated: Renovate's first one, and Dependabot's. */
export async function migratable(files: FileReader): Promise<readonly string[]> {
  const firstOf = async (paths: readonly string[]) => {
    for (const path of paths) {
      const text = await files.read(path);
      if (text === undefined) continue;
      if (path !== "package.json" || isTable(tableOf(await dataOf(path, text))["renovate"])) return [path];
    }
    return [];
  };
  return [...(await firstOf(renovatePaths)), ...(await firstOf(dependabotPaths))];
}

/**
 * Says in our words what a file of Renovate or Dependabot says; `supported` are the ecosystems' ids. Throws
 * `ConfigurationError` for a file that is not understood at all.
 */
export async function migrate(path: string, text: string, supported: readonly string[]): Promise<Migration> {
  if (isOfDependabot(path)) return fromDependabot(path, text, supported);
  const data = await dataOf(path, text);
  const values = path.endsWith("package.json") ? tableOf(data)["renovate"] : data;
  if (!isTable(values)) throw new ConfigurationError(path, ["is no configuration of Renovate"]);
  const draft = fromRenovate(values, supported);
  const made = written(path, draft);
  readFile(ownPaths[0] ?? "", made);
  return { from: path, text: made, unmatched: draft.unmatched };
}

export function isOfDependabot(path: string): boolean {
  return /(?:^|\/)dependabot\.ya?ml$/.test(path);
}

/** What a dependabot.yml says, for comparing: nothing is opened with it. Throws `ConfigurationError`. */
export function shadowing(path: string, text: string, supported: readonly string[]): Migration {
  return fromDependabot(path, text, supported, inReport);
}

/** It means the same under another name, and keeps its layout. */
function fromDependabot(
  path: string,
  text: string,
  ecosystems: readonly string[],
  shaped: (text: string) => string = (same) => same,
): Migration {
  const read = readFile(path, text);
  const repository = { owner: "", name: "" };
  const unmatched = lintsOf(read, { ecosystems, repository, now: new Date() })
    .filter(({ message }) => message.includes("no effect") || message.includes("not supported"))
    .map(({ line, message }) => ({ place: `line ${line}`, why: message }));
  return { from: path, text: `${header(path, unmatched)}\n${shaped(text)}`, unmatched };
}

const shadow = [
  "# Opens nothing: what would be opened is in the dashboard issue and in the log. Without this line it begins.",
  "mode: report",
];

/** With `mode: report` in front of the first key; where that is not on a line of its own, the file is laid out anew. */
function inReport(text: string): string {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const first = lines.findIndex((line) => !/^\s*(?:#|%|$)/.test(line));
  const at = /^---\s*(?:#|$)/.test(lines[first] ?? "") ? first + 1 : 0;
  const made = [...lines.slice(0, at), ...shadow, "", ...lines.slice(at)].join("\n");
  const document = parseDocument(made);
  if (document.errors.length === 0 && document.get("mode") === "report") return made;
  const again = parseDocument(text);
  if (!isMap(again.contents)) return text;
  again.contents.flow = false;
  again.contents.items.unshift(again.createPair("mode", "report"));
  return again.toString();
}

async function dataOf(path: string, text: string): Promise<unknown> {
  if (text.length > longest) throw new ConfigurationError(path, [`is longer than ${longest} characters`]);
  const { default: json5 } = await import("json5");
  try {
    return plain(json5.parse(text), 0);
  } catch (error) {
    throw new ConfigurationError(path, [messageOf(error).replace(/^JSON5: /, "")], { cause: error });
  }
}

/** Without keys that are no data. */
function plain(value: unknown, depth: number): unknown {
  if (depth > deepest) throw new Error(`is nested more than ${deepest} levels deep`);
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  if (!isTable(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "__proto__")
      .map(([key, inner]) => [key, plain(inner, depth + 1)]),
  );
}
