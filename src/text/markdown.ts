import MarkdownIt, { type Token } from "markdown-it";
import type { Repository } from "../domain/types.ts";

export interface MarkdownOrigin {
  /** The repository on github.com that the text is about: relative links and `#12` lead there. */
  readonly repository?: Repository;
  /** The folder in it that relative links start from. */
  readonly directory?: string;
}

/**
 * Rewrites Markdown from outside so that it can stand in a pull request's body. It is parsed and written anew from a
 * small set of constructs, with every other character escaped, so the result
 * - mentions nobody and refers to no issue: an invisible space breaks `@name`, `#12`, `GH-12` and bare addresses, and
 *   links to github.com go through redirect.github.com, which leaves no trace at their target;
 * - holds no HTML but `<kbd>`, `<sub>`, `<sup>`, `<br>` and `<span>`, closed on the line where they open; no comments,
 *   no images (they become links), no diagrams, no task boxes, no headings above the fourth level;
 * - closes whatever it opens, and holds no invisible or direction-changing characters of the author's.
 * Code stays as it was, but for words that would close an issue once the body becomes a commit message.
 */
export function safeMarkdown(text: string, origin: MarkdownOrigin = {}): string {
  const tokens = parser.parse(bounded(visible(text)), {});
  return blocks(treeOf(tokens), { origin, depth: 0 });
}

/** One line of text from outside, to stand in a Markdown paragraph or table cell: nothing in it is Markdown. */
export function safeText(text: string, maxLength = 500): string {
  return escapeLine(escapeText(oneLine(text, maxLength)));
}

/** As `safeText`, to stand inside HTML, where Markdown is not read. */
export function safeHtml(text: string, maxLength = 500): string {
  return neutral(oneLine(text, maxLength))
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** A code span: for names and versions, which must not mention anybody. */
export function codeSpan(text: string): string {
  return codeOf(oneLine(text, 500), false);
}

/**
 * An address as the destination of a Markdown link; `undefined` unless it is a web address. For links that we make
 * ourselves: of github.com's pages only those where a link would leave a trace go round.
 */
export function linkTarget(address: string): string | undefined {
  const target = destination(address, {});
  const isTraced =
    /^https:\/\/redirect\.github\.com\/[^/]+\/[^/]+\/(?:issues|pulls?|commits?|discussions)(?:\/|$)/i;
  return target === undefined || isTraced.test(target)
    ? target
    : target.replace(/^https:\/\/redirect\.(?=github\.com\/)/, "https://");
}

/** Puts a text into a quotation, out of which nothing can break. */
export function quoted(markdown: string): string {
  return markdown
    .split("\n")
    .map((line) => (line === "" ? ">" : `> ${line}`))
    .join("\n");
}

/** The first `lines` lines, with a code block that was cut through closed, and how many lines were left out. */
export function truncateLines(markdown: string, lines: number): { text: string; left: number } {
  const all = markdown.split("\n");
  if (all.length <= lines) return { text: markdown, left: 0 };
  const kept = all.slice(0, lines);
  const open = openFence(kept);
  const text = open === undefined ? kept.join("\n").trimEnd() : [...kept, open].join("\n");
  return { text, left: all.length - lines };
}

/** More than a pull request can hold; beyond it parsing only costs time. */
const longestInput = 60_000;
const deepest = 6;
const invisibleSpace = "\u200b";

const parser = new MarkdownIt({ html: true, linkify: true, maxNesting: 40 });
// Schemes that are not the web, and addresses without a scheme, stay text.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });

interface Context {
  readonly origin: MarkdownOrigin;
  readonly depth: number;
  readonly inLink?: boolean;
  readonly inCell?: boolean;
}

interface Node {
  readonly token: Token;
  readonly children: readonly Node[];
}

/** Every bracket of tokens as one node. */
function treeOf(tokens: readonly Token[]): readonly Node[] {
  const top: Node[] = [];
  const open: Node[][] = [top];
  for (const token of tokens) {
    if (token.nesting < 0) {
      if (open.length > 1) open.pop();
      continue;
    }
    const children: Node[] = [];
    open.at(-1)?.push({ token, children });
    if (token.nesting > 0) open.push(children);
  }
  return top;
}

function blocks(nodes: readonly Node[], context: Context): string {
  let result = "";
  for (const node of nodes) {
    const text = block(node, context);
    if (text === "") continue;
    const tight =
      node.token.hidden || (nodes[0]?.token.hidden === true && node.token.type.endsWith("list_open"));
    result += result === "" ? text : `${tight ? "\n" : "\n\n"}${text}`;
  }
  return result;
}

function block(node: Node, context: Context): string {
  const { token, children } = node;
  const inner = { ...context, depth: context.depth + 1 };
  switch (token.type) {
    case "heading_open": {
      const level = Math.min(Math.max(Number(token.tag.slice(1)) + 2, 4), 6);
      const text = inlineOf(children, context).replace(/\s*\\?\n\s*/g, " ");
      return text === "" ? "" : `${"#".repeat(level)} ${text}`;
    }
    case "paragraph_open":
      return inlineOf(children, context);
    case "inline":
      return inlineOf([node], context);
    case "bullet_list_open":
      return list(children, inner, () => "- ");
    case "ordered_list_open": {
      const start = Number(token.attrGet("start") ?? 1);
      return list(children, inner, (at) => `${(start + at) % 1_000_000_000}. `);
    }
    case "blockquote_open": {
      const text = blocks(children, inner);
      return text === "" || context.depth >= deepest ? text : quoted(text);
    }
    case "fence":
    case "code_block":
      return fence(token.content, token.info);
    case "html_block":
      return inlineText(htmlPieces(token.content, context), context);
    case "table_open":
      return table(children, context);
    case "hr":
      return "***";
    default:
      return blocks(children, context);
  }
}

function list(items: readonly Node[], context: Context, marker: (at: number) => string): string {
  const texts = items.map((item) => blocks(item.children, context));
  if (context.depth > deepest) return texts.filter((text) => text !== "").join("\n\n");
  const tight = items.every((item) =>
    item.children.every(({ token }) => token.type !== "paragraph_open" || token.hidden),
  );
  return texts
    .map((text, at) => {
      const sign = marker(at);
      return `${sign}${text.replaceAll(/\n(?=.)/g, `\n${" ".repeat(sign.length)}`)}`.trimEnd();
    })
    .join(tight ? "\n" : "\n\n");
}

function fence(content: string, info: string): string {
  const longest = Math.max(0, ...(content.match(/`+/g) ?? []).map((run) => run.length));
  const marks = "`".repeat(Math.max(3, longest + 1));
  const [language = ""] = info.trim().split(/\s+/);
  const known = /^[\w+#.-]{1,20}$/.test(language) && !drawn.has(language.toLowerCase()) ? language : "";
  return `${marks}${known}\n${inert(content).replace(/\n+$/, "")}\n${marks}`;
}

/** Languages that GitHub draws instead of showing. */
const drawn = new Set(["mermaid", "math", "geojson", "topojson", "stl", "suggestion"]);

function table(sections: readonly Node[], context: Context): string {
  const rows = sections.flatMap((section) => section.children);
  const cells = rows.map((row) =>
    row.children.map((cell) => inlineOf(cell.children, { ...context, inCell: true })),
  );
  const [head, ...body] = cells;
  if (head === undefined) return "";
  const lines = [head, head.map(() => "---"), ...body];
  return lines.map((texts) => `| ${texts.join(" | ")} |`).join("\n");
}

/** A piece of a line: text yet to be escaped, or Markdown of our own making. */
type Piece = { readonly text: string } | { readonly markdown: string };

function inlineOf(nodes: readonly Node[], context: Context): string {
  const pieces = nodes.flatMap(({ token }) => inlinePieces(treeOf(token.children ?? []), context));
  return inlineText(pieces, context);
}

/** Text on both sides of something that was dropped is one text: what it would then say counts. */
function inlineText(pieces: readonly Piece[], context: Context): string {
  let result = "";
  let pending = "";
  const flush = (): void => {
    result += textMarkdown(pending, context);
    pending = "";
  };
  for (const piece of pieces) {
    if ("text" in piece) {
      pending += piece.text;
      continue;
    }
    flush();
    result += piece.markdown;
  }
  flush();
  if (context.inCell === true) return result.replace(/\s*\\?\n\s*/g, "<br>").trim();
  return result
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "\\")
    .map((line, at, all) => escapeLine(at === all.length - 1 ? line.replace(/(?<!\\)\\$/, "") : line))
    .join("\n");
}

function inlinePieces(nodes: readonly Node[], context: Context): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    if (node === undefined) continue;
    const { token, children } = node;
    if (token.type === "html_inline") {
      const pair = htmlPair(nodes, at, context);
      pieces.push(...pair.pieces);
      at = pair.end;
    } else pieces.push(...inlinePiece(token, children, context));
  }
  return pieces;
}

function inlinePiece(token: Token, children: readonly Node[], context: Context): readonly Piece[] {
  switch (token.type) {
    case "text":
      return [{ text: token.content }];
    case "softbreak":
      return [{ markdown: context.inLink === true ? " " : "\n" }];
    case "hardbreak":
      return [{ markdown: context.inLink === true ? " " : "\\\n" }];
    case "code_inline":
      return [{ markdown: codeOf(token.content, context.inCell === true) }];
    case "em_open":
      return wrapped("*", children, context);
    case "strong_open":
      return wrapped("**", children, context);
    case "s_open":
      return wrapped("~~", children, context);
    case "link_open": {
      const href = String(token.attrGet("href") ?? "");
      const bare = token.markup === "linkify" || token.markup === "autolink";
      const inside: readonly Piece[] = bare
        ? [{ text: shortAddress(href, context) }]
        : inlinePieces(children, { ...context, inLink: true });
      return link(inside, href, context);
    }
    case "image":
      return image(token.content, String(token.attrGet("src") ?? ""), context);
    default:
      return inlinePieces(children, context);
  }
}

/** Marks around nothing, or around space, would be read as something else. */
function wrapped(marks: string, children: readonly Node[], context: Context): readonly Piece[] {
  const inner = inlinePieces(children, context);
  const text = inlineText(inner, context);
  return text === "" || text.includes("\n") || /^\s|\s$|^[*~]|[*~]$/.test(text)
    ? inner
    : [{ markdown: `${marks}${text}${marks}` }];
}

function link(inside: readonly Piece[], address: string, context: Context): readonly Piece[] {
  const target = context.inLink === true ? undefined : destination(address, context.origin);
  if (target === undefined) return inside;
  const text = inlineText(inside, { ...context, inLink: true }).replace(/\s*\\?\n\s*/g, " ");
  const shown = text === "" ? escapeText(shortAddress(target, context)) : text;
  return [{ markdown: `[${shown.replace(/^(?=\^)/, "\\")}](${target})` }];
}

/** An image would be fetched from its host by whoever reads the page; a link is not. */
function image(alt: string, source: string, context: Context): readonly Piece[] {
  if (context.inLink === true) return [{ text: alt }];
  return link([{ text: alt.trim() === "" ? "image" : alt }], source, context);
}

function codeOf(content: string, inCell: boolean): string {
  const text = inert(content.replace(/\s+/g, " "));
  if (text.trim() === "") return "";
  const runs = new Set((text.match(/`+/g) ?? []).map((run) => run.length));
  let length = 1;
  while (runs.has(length)) length += 1;
  const marks = "`".repeat(length);
  const pad = /^`|`$|^ .* $/.test(text) ? " " : "";
  return `${marks}${pad}${inCell ? text.replaceAll("|", "\\|") : text}${pad}${marks}`;
}

/** HTML tags that have a meaning here, up to the tag that closes them; others are dropped and their content stays. */
function htmlPair(
  nodes: readonly Node[],
  at: number,
  context: Context,
): { readonly pieces: readonly Piece[]; readonly end: number } {
  const content = nodes[at]?.token.content ?? "";
  const tag = /^<([a-z][a-z0-9]*)\b/i.exec(content)?.[1]?.toLowerCase();
  if (tag === "br") return { pieces: [{ markdown: context.inLink === true ? " " : "\\\n" }], end: at };
  if (tag === "img") return { pieces: htmlImage(content, context), end: at };
  if (tag === undefined || !paired.has(tag)) return { pieces: [], end: at };

  const end = nodes.findIndex(
    ({ token }, place) =>
      place > at && token.type === "html_inline" && new RegExp(`^</${tag}\\s*>`, "i").test(token.content),
  );
  if (end < 0) return { pieces: [], end: at };
  const inside = nodes.slice(at + 1, end);
  if (tag === "a") {
    const inner = inlinePieces(inside, { ...context, inLink: true });
    return { pieces: link(inner, attribute(content, "href"), context), end };
  }
  if (tag === "code" || tag === "tt") {
    const text = inside.map(({ token }) => token.content).join("");
    return { pieces: [{ markdown: codeOf(text, context.inCell === true) }], end };
  }
  const marks = emphasis[tag];
  if (marks !== undefined) return { pieces: wrapped(marks, inside, context), end };
  const text = inlineText(inlinePieces(inside, context), context);
  if (text === "" || text.includes("\n")) return { pieces: inlinePieces(inside, context), end };
  return { pieces: [{ markdown: `<${tag}>${text}</${tag}>` }], end };
}

const emphasis: Readonly<Record<string, string>> = {
  b: "**",
  strong: "**",
  i: "*",
  em: "*",
  s: "~~",
  del: "~~",
};
const paired = new Set(["a", "code", "tt", "kbd", "sub", "sup", ...Object.keys(emphasis)]);

/** The text and the links of a block of HTML; its layout is lost but for its lines. */
function htmlPieces(html: string, context: Context): readonly Piece[] {
  const bare = html
    .replace(/<!--[\s\S]*?(?:-->|$)/g, "")
    .replace(/<(script|style|title|template|noscript|iframe|svg)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, "");
  const pieces: Piece[] = [];
  let open: { href: string; inside: Piece[] } | undefined;
  const add = (...more: readonly Piece[]): void => {
    (open?.inside ?? pieces).push(...more);
  };
  const close = (): void => {
    const closing = open;
    open = undefined;
    if (closing !== undefined) add(...link(closing.inside, closing.href, context));
  };
  let from = 0;
  for (const found of bare.matchAll(
    /<\/?([a-z][a-z0-9-]*)\b(?:[^<>"']|"[^"]{0,4000}"|'[^']{0,4000}'){0,200}>/gi,
  )) {
    add({ text: htmlText(bare.slice(from, found.index)) });
    from = found.index + found[0].length;
    const tag = found[1]?.toLowerCase() ?? "";
    if (tag === "a") {
      close();
      if (!found[0].startsWith("</")) open = { href: attribute(found[0], "href"), inside: [] };
    } else if (tag === "img") add(...htmlImage(found[0], { ...context, inLink: open !== undefined }));
    else if (breaking.has(tag) && open === undefined) add({ markdown: "\n" });
    else if (tag === "td" || tag === "th") add({ text: " " });
  }
  add({ text: htmlText(bare.slice(from)) });
  close();
  return pieces;
}

const breaking = new Set(
  "address article blockquote br center dd details div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre section summary table tr ul".split(
    " ",
  ),
);

function htmlImage(tag: string, context: Context): readonly Piece[] {
  return image(attribute(tag, "alt"), attribute(tag, "src"), context);
}

function attribute(tag: string, name: string): string {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, "i").exec(tag);
  return htmlText(found?.[1] ?? found?.[2] ?? found?.[3] ?? "").trim();
}

function htmlText(html: string): string {
  // An entity may stand for a character that `visible` had taken out.
  return visible(parser.utils.unescapeAll(html.replaceAll("\\", "\\\\"))).replace(/\s+/g, " ");
}

/** Text as Markdown that shows just that text; `#12` becomes a link where it is known what it means. */
function textMarkdown(raw: string, context: Context): string {
  const text = visible(raw).replaceAll("\n", " ");
  const { repository } = context.origin;
  if (repository === undefined || context.inLink === true) return escapeText(text);
  let result = "";
  let from = 0;
  for (const found of text.matchAll(/(?<![\w/#&@.-])#([1-9]\d{0,8})(?!\w)/g)) {
    const page = `https://redirect.github.com/${repository.owner}/${repository.name}/issues/${found[1]}`;
    result += `${escapeText(text.slice(from, found.index))}[#${invisibleSpace}${found[1]}](${page})`;
    from = found.index + found[0].length;
  }
  return result + escapeText(text.slice(from));
}

function escapeText(text: string): string {
  return neutral(text)
    .replace(/[\\`*[\]~|]/g, "\\$&")
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\_")
    .replace(/&(?=#?\w+;)/g, "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll("$", "<span>$</span>")
    .replace(/!$/, "\\!");
}

/** Takes the meaning for GitHub out of a text, and nothing for a reader. */
function neutral(text: string): string {
  return text
    .replace(/@(?=\S|$)/g, `@${invisibleSpace}`)
    .replace(/#(?=\d|$)/g, `#${invisibleSpace}`)
    .replace(/\b(GH)-(?=\d|$)/gi, `$1-${invisibleSpace}`)
    .replace(/\/(?=\/(?:\S|$))/g, `/${invisibleSpace}`)
    .replace(/www(?=\.)/gi, `$&${invisibleSpace}`);
}

/** In code nothing is linked, but a body can become the message of a commit, and there "fixes #12" closes an issue. */
function inert(code: string): string {
  return visible(code).replace(
    /\b((?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+(?:[\w.-]+\/[\w.-]+)?(?:#|GH-|https?:))(?=\d|\/\/)/gi,
    `$1${invisibleSpace}`,
  );
}

/** What has a meaning only at the start of a line. */
function escapeLine(line: string): string {
  return line
    .replace(/^(?=#{1,6}(?:\s|$)|>|[-+](?:\s|$)|[-=:][-=:\s]*$|:-)/, "\\")
    .replace(/^(\d{1,9})(?=[.)](?:\s|$))/, "$1\\");
}

/** An absolute web address, with github.com's pages behind its redirecting twin; else `undefined`. */
function destination(address: string, origin: MarkdownOrigin): string | undefined {
  const trimmed = address.trim();
  if (trimmed === "" || trimmed.startsWith("#") || trimmed.length > 2_000) return undefined;
  const url = absolute(trimmed, origin);
  if (url === null || !["https:", "http:"].includes(url.protocol)) return undefined;
  url.username = "";
  url.password = "";
  if (/^(?:www\.)?github\.com\.*$/.test(url.hostname)) {
    url.protocol = "https:";
    url.port = "";
    url.hostname = "redirect.github.com";
  }
  return url.href
    .replace(
      /[()<>|\\`*_~[\]{}"'\s$]/g,
      (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .replace(/&(?=#?\w+;)/g, "&amp;");
}

/** Links that begin with a slash start from the repository's top, as on GitHub; others from the package's folder. */
function absolute(address: string, { repository, directory = "" }: MarkdownOrigin): URL | null {
  if (repository === undefined) return URL.parse(address);
  const top = `https://github.com/${repository.owner}/${repository.name}/blob/HEAD/`;
  if (/^\/(?!\/)/.test(address)) return URL.parse(address.slice(1), top);
  const folder = directory.replace(/^\/+|\/+$/g, "");
  return URL.parse(address, folder === "" ? top : `${top}${folder}/`);
}

/** `o/r#12` for the pages that have such a name, else the address without its scheme. */
function shortAddress(address: string, { origin }: Context): string {
  const page =
    /^https?:\/\/(?:www\.|redirect\.)?github\.com\/([\w.-]+)\/([\w.-]+)\/(?:issues|pull|discussions)\/(\d+)$/i.exec(
      address,
    );
  if (page !== null) {
    const [, owner = "", name = "", number = ""] = page;
    const home = origin.repository;
    const same =
      home !== undefined && `${home.owner}/${home.name}`.toLowerCase() === `${owner}/${name}`.toLowerCase();
    return same ? `#${number}` : `${owner}/${name}#${number}`;
  }
  const bare = address.replace(/^(?:https?:\/\/|mailto:)/i, "");
  return bare.length <= 100 ? bare : `${bare.slice(0, 99)}…`;
}

/** Without characters that change what a reader sees: control, direction, tags, and spaces of no width. */
function visible(text: string): string {
  return (
    text
      .toWellFormed()
      .replace(/\r\n?|[\u2028\u2029\v\f]/g, "\n")
      .replaceAll("\t", "    ")
      // Joiners and variation selectors make letters and emoji.
      .replace(
        /(?!\n|\u200c|\u200d|\ufe0e|\ufe0f)[\p{Cc}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu,
        "",
      )
  );
}

function oneLine(text: string, maxLength: number): string {
  const line = visible(text).replace(/\s+/g, " ").trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).toWellFormed()}…`;
}

function bounded(text: string): string {
  if (text.length <= longestInput) return text;
  return `${text.slice(0, text.lastIndexOf("\n", longestInput) + 1 || longestInput)}\n\n…`;
}

/** The line that closes the code block in which the lines end. */
function openFence(lines: readonly string[]): string | undefined {
  let open: { before: string; marks: string } | undefined;
  for (const line of lines) {
    const found = /^((?:>|\s|[-+*]\s|\d{1,9}[.)]\s)*)(`{3,}|~{3,})([^`]*)$/.exec(line);
    if (found === null) continue;
    const [, before = "", marks = "", rest = ""] = found;
    if (open === undefined) open = { before: before.replace(/[^>\s]/g, " "), marks };
    else if (marks.startsWith(open.marks) && rest.trim() === "") open = undefined;
  }
  return open === undefined ? undefined : `${open.before}${open.marks}`;
}
