import { ManifestError } from "../../../domain/errors.ts";
import { placeOf } from "../../../text/place.ts";
import { byText } from "../../../text/order.ts";

/** A `yarn.lock` of version 1, entry by entry. https://classic.yarnpkg.com/lang/en/docs/yarn-lock/ */
export interface YarnLock {
  /** The comments at its head, as they stand. */
  readonly head: string;
  readonly entries: readonly YarnEntry[];
}

/** One resolved package, and every pattern (`name@range`) that it answers. */
export interface YarnEntry {
  readonly patterns: readonly string[];
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  /** The lines below its patterns, as they stand: what is not changed is written back to the letter. */
  readonly body: string;
}

/** Whether a text is of version 1, and not of the later Yarn's YAML. */
export function isYarn1(text: string): boolean {
  return (
    /^# yarn lockfile v1\r?$/m.test(text) ||
    (!/^__metadata:/m.test(text) && !/^\s*\S/m.test(stripComments(text)))
  );
}

/** Reads a lockfile. Throws `ManifestError` with the place. */
export function readYarnLock(path: string, text: string): YarnLock {
  const conflict = /^(?:<{7}|>{7}) /m.exec(text);
  if (conflict !== null) {
    throw new ManifestError(path, "has merge conflict markers", {
      at: placeOf(text, conflict.index),
      mend: "Resolve the conflict, or run `yarn install`, and commit the file",
    });
  }
  const lines = text
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .split("\n");
  const start = lines.findIndex((line) => line !== "" && !line.startsWith("#"));
  const head = (start === -1 ? lines : lines.slice(0, start)).join("\n");
  const entries: YarnEntry[] = [];
  for (let at = start === -1 ? lines.length : start; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith(" ") || !line.endsWith(":")) {
      throw new ManifestError(path, `is no Yarn lockfile: ${JSON.stringify(line.slice(0, 60))}`, {
        at: `line ${at + 1}`,
      });
    }
    const body: string[] = [];
    while (lines[at + 1]?.startsWith("  ") === true) body.push(lines[++at] ?? "");
    entries.push(readEntry(path, wordsIn(line.slice(0, -1)), body, at + 1));
  }
  return { head, entries };
}

function readEntry(
  path: string,
  patterns: readonly string[],
  body: readonly string[],
  line: number,
): YarnEntry {
  const fields: Record<string, string> = {};
  const tables: Record<string, Record<string, string>> = { dependencies: {}, optionalDependencies: {} };
  let table: Record<string, string> | undefined;
  for (const text of body) {
    const isInner = text.startsWith("    ");
    const words = wordsIn(text.trim().replace(/:$/, ""));
    const [key = "", value] = words;
    if (!isInner && text.endsWith(":")) table = tables[key] ??= {};
    else if (isInner && table !== undefined) table[key] = value ?? "";
    else fields[key] = value ?? "";
  }
  const { version, resolved, integrity } = fields;
  if (version === undefined)
    throw new ManifestError(path, `has an entry without a version: ${patterns[0]}`, { at: `line ${line}` });
  return {
    patterns,
    version,
    ...(resolved === undefined ? {} : { resolved }),
    ...(integrity === undefined ? {} : { integrity }),
    dependencies: tables["dependencies"] ?? {},
    optionalDependencies: tables["optionalDependencies"] ?? {},
    body: body.join("\n"),
  };
}

/** Splits at spaces and commas outside of quotes, and takes the quotes off. */
function wordsIn(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|[^\s,]+/g)].map(([word, inside]) =>
    inside === undefined ? word : inside.replace(/\\(.)/g, "$1"),
  );
}

/** Writes a lockfile as Yarn 1 does: entries by their first pattern, each with its patterns in order. */
export function writeYarnLock({ head, entries }: YarnLock): string {
  const blocks = entries
    .map(({ patterns, body }) => ({ patterns: patterns.toSorted(byText), body }))
    .toSorted((a, b) => byText(a.patterns[0] ?? "", b.patterns[0] ?? ""))
    .map(({ patterns, body }) => `${patterns.map(quoted).join(", ")}:\n${body}\n`);
  return `${head}\n${blocks.join("\n")}`;
}

/** The lines of an entry that is new. */
export function bodyOf(entry: Omit<YarnEntry, "patterns" | "body">): string {
  const table = (name: string, of: Readonly<Record<string, string>>) => {
    const rows = Object.entries(of).toSorted(([a], [b]) => byText(a, b));
    return rows.length === 0
      ? []
      : [`  ${name}:`, ...rows.map(([key, value]) => `    ${quoted(key)} ${quoted(value)}`)];
  };
  return [
    `  version ${quoted(entry.version)}`,
    ...(entry.resolved === undefined ? [] : [`  resolved ${quoted(entry.resolved)}`]),
    ...(entry.integrity === undefined ? [] : [`  integrity ${quoted(entry.integrity)}`]),
    ...table("dependencies", entry.dependencies),
    ...table("optionalDependencies", entry.optionalDependencies),
  ].join("\n");
}

/** As Yarn 1 decides what needs quotes. */
function quoted(text: string): string {
  const needs = /^(?:true|false)/.test(text) || /[:\s\n\\",[\]]/.test(text) || !/^[a-zA-Z]/.test(text);
  return needs ? JSON.stringify(text) : text;
}

/** The package's name of a pattern: `@acme/a@^1.0.0` gives `@acme/a`. */
export function nameOf(pattern: string): string {
  const at = pattern.indexOf("@", 1);
  return at === -1 ? pattern : pattern.slice(0, at);
}

function stripComments(text: string): string {
  return text.replace(/^#.*$/gm, "");
}
