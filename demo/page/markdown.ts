import MarkdownIt from "markdown-it";
import sanitizeHtml from "sanitize-html";
import { type Html, trusted } from "./html.ts";

const markdown = new MarkdownIt({ html: true, linkify: false });
const alerts = ["note", "tip", "important", "warning", "caution"];

/**
 * Markdown as GitHub shows it: tables, `<details>` and alerts, and only the elements that GitHub lets through
 * (https://github.github.com/gfm/, https://docs.github.com/get-started/writing-on-github). Images stay outside: the
 * page loads nothing from elsewhere.
 */
export function rendered(text: string): Html {
  return trusted(sanitizeHtml(withAlerts(markdown.render(text)), allowed));
}

const allowed: sanitizeHtml.IOptions = {
  allowedTags: [
    ..."h1 h2 h3 h4 h5 h6 p ul ol li blockquote pre code em strong b i s del ins sub sup hr br a".split(" "),
    ..."table thead tbody tr th td details summary kbd div".split(" "),
  ],
  allowedAttributes: {
    a: ["href", "rel"],
    div: ["class"],
    p: ["class"],
    ol: ["start"],
    th: ["align"],
    td: ["align"],
  },
  allowedClasses: { div: ["alert", ...alerts], p: ["alert-title"] },
  allowedSchemes: ["http", "https"],
  allowProtocolRelative: false,
  transformTags: { a: sanitizeHtml.simpleTransform("a", { rel: "noreferrer nofollow" }) },
};

/** `> [!WARNING]` is a box with a title. */
function withAlerts(page: string): string {
  const start = new RegExp(`<blockquote>\\s*<p>\\[!(${alerts.join("|")})\\]\\s*`, "gi");
  let at = 0;
  let made = "";
  for (const match of page.matchAll(start)) {
    const end = endOfQuote(page, match.index);
    if (match.index < at || end === undefined) continue;
    const kind = (match[1] ?? "").toLowerCase();
    const title = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
    const inside = page.slice(match.index + match[0].length, end);
    made += `${page.slice(at, match.index)}<div class="alert ${kind}"><p class="alert-title">${title}</p><p>${inside}</div>`;
    at = end + "</blockquote>".length;
  }
  return made + page.slice(at);
}

/** Where the quote that begins at `from` ends; quotes may stand in quotes. */
function endOfQuote(page: string, from: number): number | undefined {
  let depth = 0;
  for (const { 0: tag, index } of page.slice(from).matchAll(/<\/?blockquote>/g)) {
    depth += tag.startsWith("</") ? -1 : 1;
    if (depth === 0) return from + index;
  }
  return undefined;
}
