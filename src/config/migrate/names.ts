/** How many patterns one expression may stand for, and how deep it may nest. */
const mostPatterns = 100;
const deepest = 5;

/**
 * A name as Renovate matches it (exact, a glob, or `/a regular expression/`), as patterns in which `*` stands for any
 * characters. `undefined` for what says more than such patterns can.
 */
export function patternsOfName(text: string): readonly string[] | undefined {
  const [, expression] = /^\/(.*)\/i?$/s.exec(text) ?? [];
  return expression === undefined ? patternsOfGlob(text) : patternsOfExpression(expression);
}

/** As `patternsOfName`, for a regular expression without its slashes. */
export function patternsOfExpression(text: string): readonly string[] | undefined {
  if (text.length > 300) return undefined;
  if (["*", ".*", "^.*$", ""].includes(text)) return ["*"];
  const found = readAlternatives({ text, at: 0 }, 0);
  if (found === undefined || found.at !== text.length) return undefined;
  return [...new Set(found.patterns.map(anchored))];
}

function patternsOfGlob(text: string): readonly string[] | undefined {
  if (text === "" || /[?[\]()!\\]/.test(text)) return undefined;
  const expanded = withoutBraces(text);
  return expanded?.map(collapsed);
}

/** `a{b,c}d` stands for `abd` and `acd`. */
function withoutBraces(text: string): readonly string[] | undefined {
  let all = [""];
  for (const part of text.split(/(\{[^{}]*\})/)) {
    const isChoice = /^\{[^{}]*\}$/.test(part);
    if (!isChoice && /[{}]/.test(part)) return undefined;
    const choices = isChoice ? part.slice(1, -1).split(",") : [part];
    all = all.flatMap((before) => choices.map((choice) => before + choice));
    if (all.length > mostPatterns) return undefined;
  }
  return all;
}

interface Reading {
  readonly text: string;
  readonly at: number;
}

interface Read {
  readonly patterns: readonly string[];
  readonly at: number;
}

/** Anchors stand for themselves until the whole is read. */
const start = "\u0001";
const end = "\u0002";

function readAlternatives({ text, at }: Reading, depth: number): Read | undefined {
  if (depth > deepest) return undefined;
  const patterns: string[] = [];
  let next = at;
  for (;;) {
    const read = readSequence({ text, at: next }, depth);
    if (read === undefined) return undefined;
    patterns.push(...read.patterns);
    if (patterns.length > mostPatterns) return undefined;
    if (text[read.at] !== "|") return { patterns, at: read.at };
    next = read.at + 1;
  }
}

function readSequence({ text, at }: Reading, depth: number): Read | undefined {
  let patterns: readonly string[] = [""];
  let next = at;
  while (next < text.length && text[next] !== "|" && text[next] !== ")") {
    const atom = readAtom({ text, at: next }, depth);
    if (atom === undefined) return undefined;
    next = atom.at;
    patterns = patterns.flatMap((before) => atom.patterns.map((pattern) => before + pattern));
    if (patterns.length > mostPatterns) return undefined;
  }
  return { patterns, at: next };
}

function readAtom({ text, at }: Reading, depth: number): Read | undefined {
  const rest = text.slice(at);
  if (rest.startsWith("^")) return { patterns: [start], at: at + 1 };
  if (rest.startsWith("$")) return { patterns: [end], at: at + 1 };
  const any = /^(?:\.|\[[^\]]*\]|\\[wS])[*+]\??/.exec(rest)?.[0];
  if (any !== undefined) return { patterns: ["*"], at: at + any.length };
  const opened = /^\((?:\?:)?/.exec(rest)?.[0];
  if (opened !== undefined) {
    const inner = readAlternatives({ text, at: at + opened.length }, depth + 1);
    if (inner === undefined || text[inner.at] !== ")") return undefined;
    const isOptional = text[inner.at + 1] === "?";
    if (/[*+{]/.test(text[inner.at + 1] ?? "")) return undefined;
    return isOptional
      ? { patterns: ["", ...inner.patterns], at: inner.at + 2 }
      : { patterns: inner.patterns, at: inner.at + 1 };
  }
  // A dot that is not repeated is nearly always meant to be one.
  const literal = /^(?:\\([-./@_])|([\w@/. -]))/.exec(rest);
  if (literal === null) return undefined;
  const after = at + literal[0].length;
  const character = literal[1] ?? literal[2] ?? "";
  if (text[after] === "?") return { patterns: ["", character], at: after + 1 };
  return /[*+{]/.test(text[after] ?? "") ? undefined : { patterns: [character], at: after };
}

/** What is not anchored may have anything before or after it. */
function anchored(pattern: string): string {
  const head = pattern.startsWith(start) ? "" : "*";
  const tail = pattern.endsWith(end) ? "" : "*";
  return collapsed(`${head}${pattern.replaceAll(start, "").replaceAll(end, "")}${tail}`);
}

function collapsed(pattern: string): string {
  return pattern.replace(/\*{2,}/g, "*");
}
