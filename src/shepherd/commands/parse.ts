import { nearest } from "../../text/nearest.ts";

/** What somebody asks the App for. */
export type Command =
  | { readonly kind: "rebase" | "recreate" | "cancel merge" | "close" | "reopen" | "bisect" | "help" }
  | { readonly kind: "merge"; readonly method: "merge" | "squash" | undefined }
  /** Without a name, the only package of the pull request. */
  | { readonly kind: "ignore"; readonly name?: string; readonly extent: Extent }
  /** `*`: everything. */
  | { readonly kind: "unignore"; readonly name: string }
  | { readonly kind: "show ignore conditions"; readonly name?: string }
  | { readonly kind: "explain" | "split"; readonly name: string }
  /** `meant`: the likeliest meaning. */
  | { readonly kind: "unknown"; readonly text: string; readonly meant?: string };

/** How much of a package is ignored: all of it, what is like the version that is proposed, or a range of versions. */
export type Extent = "dependency" | "major" | "minor" | "patch" | { readonly range: string };

/** Nobody needs more in one comment. */
const mostCommands = 10;
const longestLine = 300;

/**
 * The commands in a comment: each line outside of code and quotations that begins with the App's name. `slug` is what
 * GitHub calls the App, which may be another name than Steeplejack.
 */
export function parseCommands(comment: string, slug: string): readonly Command[] {
  const names = [...new Set(["steeplejack", slug.toLowerCase()])];
  return proseOf(comment)
    .flatMap((line) => {
      const [, name = "", rest = ""] =
        /^ {0,3}@([\w-]+)(?:\[bot\])?(?:[\s:,]+(.*))?$/.exec(line.trimEnd()) ?? [];
      return names.includes(name.toLowerCase()) ? [rest] : [];
    })
    .slice(0, mostCommands)
    .map((text) => parse(text.slice(0, longestLine)));
}

/** The lines that are neither in a fenced or indented block, nor quoted, nor in an HTML comment. */
function proseOf(comment: string): readonly string[] {
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of comment.replace(/<!--[\s\S]*?(?:-->|$)/g, "").split(/\r\n|\n|\r/)) {
    const [, mark] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
    if (fence !== undefined) {
      if (mark?.startsWith(fence) === true && line.trim() === mark) fence = undefined;
    } else if (mark !== undefined) fence = mark;
    else lines.push(line);
  }
  return lines;
}

/** Every wording, as it is spelled. */
const wordings = [
  "rebase",
  "recreate",
  "merge",
  "squash and merge",
  "cancel merge",
  "close",
  "reopen",
  "ignore this dependency",
  "ignore this major version",
  "ignore this minor version",
  "ignore this patch version",
  "show ignore conditions",
  "bisect",
  "help",
] as const;

const verbs = ["ignore", "unignore", "explain", "split", "show"];

function parse(text: string): Command {
  const words = text
    .trim()
    .replace(/(?<=\w)[.!]+$/, "")
    .replaceAll("`", "")
    .split(/\s+/)
    .filter(Boolean);
  if (words.length === 0) return { kind: "help" };
  return read(words) ?? unknown(words);
}

function read(words: readonly string[]): Command | undefined {
  const sentence = words.join(" ").toLowerCase();
  switch (sentence) {
    case "rebase":
    case "recreate":
    case "cancel merge":
    case "close":
    case "reopen":
    case "bisect":
    case "help":
      return { kind: sentence };
    case "merge":
      return { kind: "merge", method: undefined };
    case "squash and merge":
      return { kind: "merge", method: "squash" };
    case "show ignore conditions":
      return { kind: sentence };
  }
  const [verb = "", name = "", ...rest] = words;
  switch (verb.toLowerCase()) {
    case "ignore":
      return name.toLowerCase() === "this" ? ignoreThis(rest) : ignoreNamed(name, rest);
    case "unignore":
      return isName(name) && rest.length === 0 ? { kind: "unignore", name } : undefined;
    case "explain":
      return isName(name) && rest.length === 0 ? { kind: "explain", name } : undefined;
    case "split":
      return isName(name) && rest.length === 0 ? { kind: "split", name } : undefined;
    case "show":
      return showFor([name, ...rest]);
    default:
      return undefined;
  }
}

const levels: Readonly<Record<string, Extent>> = {
  dependency: "dependency",
  "major version": "major",
  "minor version": "minor",
  "patch version": "patch",
};

function ignoreThis(rest: readonly string[]): Command | undefined {
  const extent = levels[rest.join(" ").toLowerCase()];
  return extent === undefined ? undefined : { kind: "ignore", extent };
}

function ignoreNamed(name: string, rest: readonly string[]): Command | undefined {
  if (!isName(name)) return undefined;
  if (rest.length === 0) return { kind: "ignore", name, extent: "dependency" };
  const range = rest.join(" ");
  const level = levels[range.toLowerCase()];
  if (level !== undefined && level !== "dependency") return { kind: "ignore", name, extent: level };
  // A range has a number in it, and nothing that could end what it is written into.
  return /^[\w.\-+*<>=~^|, [\]()!]{1,100}$/.test(range) && /\d/.test(range)
    ? { kind: "ignore", name, extent: { range } }
    : undefined;
}

/** `show ignore conditions NAME`, and the rival's `show NAME ignore conditions`. */
function showFor(words: readonly string[]): Command | undefined {
  const others = words.filter((word) => !["ignore", "conditions"].includes(word.toLowerCase()));
  const [name = ""] = others;
  return others.length === 1 && words.length === 3 && isName(name)
    ? { kind: "show ignore conditions", name }
    : undefined;
}

function isName(text: string): boolean {
  return text === "*" || /^[@\w][\w@./:*~+-]{0,213}$/.test(text);
}

function unknown(words: readonly string[]): Command {
  const text = words.join(" ");
  const [first = "", ...rest] = words;
  const verb = nearest(first.toLowerCase(), verbs);
  const mended = verb === undefined ? undefined : [verb, ...rest];
  const meant =
    mended !== undefined && read(mended) !== undefined
      ? mended.join(" ")
      : nearest(text.toLowerCase(), wordings);
  return meant === undefined ? { kind: "unknown", text } : { kind: "unknown", text, meant };
}
