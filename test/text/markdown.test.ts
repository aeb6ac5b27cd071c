import fc from "fast-check";
import MarkdownIt, { type Token } from "markdown-it";
import { describe, expect, it } from "vitest";
import {
  codeSpan,
  linkTarget,
  quoted,
  safeHtml,
  safeMarkdown,
  safeText,
  truncateLines,
} from "../../src/text/markdown.ts";

const origin = { repository: { owner: "acme", name: "web" }, directory: "packages/web" };
const space = "\u200b";

describe("safeMarkdown", () => {
  it("keeps what notes are made of", () => {
    const notes = [
      "A *small* and **bold** and ~~gone~~ `code` [link](https://docs.test/a?b=1&c=2).",
      "",
      "- one",
      "- two",
      "  1. nested",
      "",
      "     with a paragraph",
      "",
      "> quoted",
      "",
      "```js",
      'const a = "</details>"; // @x #1',
      "",
      "let b;",
      "```",
      "",
      "| a | b |",
      "| --- | --- |",
      "| 1 | `2` |",
    ].join("\n");
    expect(safeMarkdown(notes)).toBe(notes);
  });

  it.each([
    ["a mention", "thanks @octocat", `thanks @${space}octocat`],
    ["a team", "cc @acme/web", `cc @${space}acme/web`],
    ["a mention inside a word", "a@octocat", `a@${space}octocat`],
    [
      "a mention after an entity",
      "&#64;octocat and &commat;octocat",
      `@${space}octocat and @${space}octocat`,
    ],
    ["a mention around a dropped tag", "@<span>octocat</span>", `@${space}octocat`],
    ["a mention behind an invisible character", "@\u00adoctocat", `@${space}octocat`],
    ["a mention in a block of HTML", "<div>\n@octocat &#64;x\n</div>", `@${space}octocat @${space}x`],
    ["a package's scope", "moved to @acme/web", `moved to @${space}acme/web`],
    ["a number of an issue elsewhere", "fixes other/repo#1", `fixes other/repo#${space}1`],
    ["a number around a dropped tag", "other/repo#<b></b>1", `other/repo#${space}1`],
    ["an address without a scheme", "//github.com/a/b/issues/1", `/${space}/github.com/a/b/issues/1`],
    ["GH-1", "closes GH-1 and gh-2", `closes GH-${space}1 and gh-${space}2`],
    ["a comment", "a <!-- hidden --> b", "a  b"],
    ["a comment that never ends", "a\n\n<!-- hidden\n\nb", "a"],
    ["a closing tag", "a </details></blockquote> b", "a  b"],
    ["an opening tag", "<details><summary>More</summary>\n\ntext", "More\n\ntext"],
    ["a script", "<script>\nalert(1)\n</script>\n\ntext", "text"],
    ["a large heading", "# One\n\n## Two\n\n### Three ###", "#### One\n\n#### Two\n\n##### Three"],
    ["underlined headings", "One\n===\n\nTwo\n---", "#### One\n\n#### Two"],
    ["an underline made of an escape", "One\n\\===", "One\n\\==="],
    ["a rule", "a\n\n---", "a\n\n***"],
    ["a task", "- [ ] do @x", `- \\[ \\] do @${space}x`],
    ["an image", "![logo](https://img.test/a.png)", "[logo](https://img.test/a.png)"],
    [
      "an image without a name",
      '<img src="https://img.test/a.png" width=1>',
      "[image](https://img.test/a.png)",
    ],
    ["a badge", "[![build](https://b.test/x.svg)](https://ci.test/web)", "[build](https://ci.test/web)"],
    [
      "a link in HTML",
      '<a href="https://docs.test/">the <b>docs</b></a>',
      "[the **docs**](https://docs.test/)",
    ],
    [
      "a script's address",
      "[a](javascript:alert(1)) <a href='javascript:x'>b</a>",
      "\\[a\\](javascript:alert(1)) b",
    ],
    ["credentials", "[a](https://u:p@docs.test/)", "[a](https://docs.test/)"],
    ["a direction override", "a\u202eb\u2066c", "abc"],
    ["an unknown diagram", "```mermaid\ngraph TD\n```", "```\ngraph TD\n```"],
    ["a code block left open", "```js\nlet a;", "```js\nlet a;\n```"],
    ["a code block with marks in it", "````\n```\n````", "````\n```\n````"],
    ["indented code", "    let a;", "```\nlet a;\n```"],
    ["money", "costs $5 and $6", "costs <span>$</span>5 and <span>$</span>6"],
    ["words that close, in code", "`fixes #1`", `\`fixes #${space}1\``],
    ["an alert", "> [!WARNING]\n> text", "> \\[!WARNING\\]\n> text"],
    ["a definition of a link", "[a]\n\n[a]: https://docs.test/", "[a](https://docs.test/)"],
    ["an address without a scheme", "see www.docs.test", `see www${space}.docs.test`],
    ["keys", "<kbd>Ctrl</kbd>+<kbd>C</kbd> H<sub>2</sub>O", "<kbd>Ctrl</kbd>+<kbd>C</kbd> H<sub>2</sub>O"],
    ["keys left open", "<kbd>Ctrl", "Ctrl"],
  ])("disarms %s", (_, text, expected) => {
    expect(safeMarkdown(text)).toBe(expected);
  });

  it("leads links to github.com round, and gives their pages short names", () => {
    expect(
      safeMarkdown("https://github.com/acme/web/pull/5 and http://www.GitHub.com/other/it/issues/6", origin),
    ).toBe(
      `[#${space}5](https://redirect.github.com/acme/web/pull/5) and [other/it#${space}6](https://redirect.github.com/other/it/issues/6)`,
    );
    expect(safeMarkdown("[c](https://github.com:443/acme/web/commit/0123456)")).toBe(
      "[c](https://redirect.github.com/acme/web/commit/0123456)",
    );
    expect(safeMarkdown("[c](https://x@github.com./a/b/issues/1)")).toBe(
      "[c](https://redirect.github.com/a/b/issues/1)",
    );
  });

  it("links numbers to the repository that the text is about", () => {
    expect(safeMarkdown("Fixes #12 (#13), a#14", origin)).toBe(
      `Fixes [#${space}12](https://redirect.github.com/acme/web/issues/12) ([#${space}13](https://redirect.github.com/acme/web/issues/13)), a#${space}14`,
    );
    expect(safeMarkdown("Fixes #12")).toBe(`Fixes #${space}12`);
  });

  it("makes relative links absolute, and drops those that lead nowhere", () => {
    const at = "https://redirect.github.com/acme/web/blob/HEAD";
    expect(safeMarkdown("[a](docs/a.md) [b](../b.md) [c](/c.md) [d](#d)", origin)).toBe(
      `[a](${at}/packages/web/docs/a.md) [b](${at}/packages/b.md) [c](${at}/c.md) d`,
    );
    expect(safeMarkdown("[a](docs/a.md)")).toBe("a");
  });

  it("bears a text without end and nesting without end", () => {
    expect(safeMarkdown("word ".repeat(50_000)).length).toBeLessThan(70_000);
    expect(safeMarkdown(`${"> ".repeat(5_000)}deep`)).not.toContain(">".repeat(20));
    expect(safeMarkdown(`${"- ".repeat(5_000)}deep`).length).toBeLessThan(20_000);
    expect(safeMarkdown('<a "'.repeat(10_000)).length).toBeLessThan(200_000);
    expect(safeMarkdown(`${"*_".repeat(10_000)}a`)).toContain("a");
  });

  it("is never active, for any text", () => {
    fc.assert(
      fc.property(hostile, fc.boolean(), (text, known) => {
        const safe = safeMarkdown(text, known ? origin : {});
        expect(faults(safe)).toEqual([]);
        expect(faults(quoted(safe))).toEqual([]);
      }),
      { numRuns: 1_500 },
    );
  });

  it("stays inside its quotation, for any text", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const page = reader.parse(`${quoted(safeMarkdown(text))}\n\nafter`, {});
        const top = page.filter(({ level }) => level === 0).map(({ type }) => type);
        expect(top.filter((type) => type !== "blockquote_open" && type !== "blockquote_close")).toEqual([
          "paragraph_open",
          "paragraph_close",
        ]);
      }),
      { numRuns: 500 },
    );
  });
});

describe("truncateLines", () => {
  it("leaves a short text alone", () => {
    expect(truncateLines("a\nb", 2)).toEqual({ text: "a\nb", left: 0 });
  });

  it("closes a code block that it cuts through, also inside lists and quotations", () => {
    expect(truncateLines("a\n```js\nb\nc\n```\nd", 3)).toEqual({ text: "a\n```js\nb\n```", left: 3 });
    expect(truncateLines("- ````\n  ```\n  b\n  ````", 2).text).toBe("- ````\n  ```\n  ````");
    expect(truncateLines("> - ```\n>   b\n>   c", 2).text).toBe("> - ```\n>   b\n>   ```");
    expect(truncateLines("```\na\n```\n\nb\nc", 5).text).toBe("```\na\n```\n\nb");
  });

  it("never leaves anything open, for any text and any length", () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 12 }), (text, lines) => {
        const cut = truncateLines(safeMarkdown(text), lines).text;
        expect(faults(cut)).toEqual([]);
        const page = reader.parse(`${cut}\n\nafter`, {});
        expect(page.find(({ type, content }) => type === "inline" && content === "after")).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});

describe("safeText, safeHtml, codeSpan and linkTarget", () => {
  it("show just the text, in one line", () => {
    expect(safeText("# *a* <b>\n| @x #1 ![y](z)")).toBe(
      `\\# \\*a\\* &lt;b>  \\| @${space}x #${space}1 !\\[y\\](z)`.replace("  ", " "),
    );
    expect(safeHtml("<b> & @x #1")).toBe(`&lt;b&gt; &amp; @${space}x #${space}1`);
    expect(codeSpan("@acme/web")).toBe("`@acme/web`");
    expect(codeSpan("a`b")).toBe("``a`b``");
    expect(safeText("x".repeat(600))).toHaveLength(500);
  });

  it("accept web addresses only", () => {
    expect(linkTarget("https://docs.test/a(b)")).toBe("https://docs.test/a%28b%29");
    expect(linkTarget("http://github.com/acme/web/releases")).toBe("https://github.com/acme/web/releases");
    expect(linkTarget("https://github.com/acme/web/pull/1")).toBe(
      "https://redirect.github.com/acme/web/pull/1",
    );
    expect(linkTarget("javascript:alert(1)")).toBeUndefined();
    expect(linkTarget("docs/a.md")).toBeUndefined();
  });

  it("are never active, for any text", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(faults(safeText(text))).toEqual([]);
        expect(faults(`| ${safeText(text)} |\n| --- |`)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

/** Texts that are likely to break something. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ..."@octocat|@|octo|cat|#1|#|1|GH-|GH-1|fixes |closes: |acme/web#2|acme/web|https://github.com/acme/web/issues/3".split(
          "|",
        ),
        ...'<!--|-->|<details>|</details>|<summary>|</blockquote>|<b>|</b>|<kbd>|</kbd>|<br>|<pre>|</pre>|<p>|<a href="'.split(
          "|",
        ),
        ..."\n|\n\n|\n    |\n- |\n1. |\n> |\n# |\n===|\n---|\n```|\n~~~|`|``|```|*|**|_|~~|\\|!|[|](|)|[^1]|]: |&#64;|&lt;|&#35;1|$|$$".split(
          "|",
        ),
        "| a |\n|---|\n| ",
        "|",
        "<",
        ">",
        "![x](https://img.test/x.png)",
        "[x](https://github.com/a/b/pull/1)",
        "<img src=x>",
        "<https://github.com/a/b/issues/1>",
        "www.github.com/a/b/issues/1",
        "\u202e",
        "\u200b",
        "\u00ad",
        "\t",
        "\r",
        "\0",
        "\u{e0041}",
        "\ud800",
        " ",
        "word",
      ),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 25 },
  )
  .map((parts) => parts.join(""));

/** Reads as GitHub does: HTML is HTML, addresses are links. */
const reader = new MarkdownIt({ html: true, linkify: true });

/** Everything in a text that would act on somebody or on its surroundings. */
function faults(markdown: string): readonly string[] {
  const found: string[] = [];
  const check = (pattern: RegExp, text: string, fault: string): void => {
    if (pattern.test(text)) found.push(`${fault}: ${JSON.stringify(text)}`);
  };
  const allowed = /^<\/?(?:kbd|sub|sup|br|span)>$/;
  const visit = (tokens: readonly Token[]): void => {
    let open = 0;
    for (const token of tokens) {
      const { type, tag, content } = token;
      if (type === "html_block") for (const each of content.match(/<[^>]*>?/g) ?? []) html(each);
      if (type === "html_inline") {
        html(content);
        if (content !== "<br>") open += content.startsWith("</") ? -1 : 1;
      }
      if (type === "image") found.push("image");
      if (type === "heading_open" && !["h4", "h5", "h6"].includes(tag)) found.push(tag);
      if (type === "link_open")
        check(
          /^(?!https?:|mailto:)|^https?:\/\/(?:www\.)?github\.com/i,
          String(token.attrGet("href")),
          "link",
        );
      if (type === "text" || type === "html_block") {
        check(/@[a-z0-9_-]/i, content, "mention");
        check(/#\d/, content, "reference");
        check(/\bgh-\d/i, content, "reference");
        check(/https?:\/\/|www\.\w/i, content, "address");
      }
      visit(token.children ?? []);
    }
    if (open !== 0)
      found.push(`unbalanced: ${JSON.stringify(tokens.map(({ content }) => content).join(""))}`);
  };
  const html = (tag: string): void => {
    if (!allowed.test(tag)) found.push(`html: ${tag}`);
  };
  visit(reader.parse(markdown, {}));
  check(/[\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}\0]/u, markdown, "invisible");
  check(/\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:[\w.-]+\/[\w.-]+)?#\d/i, markdown, "closes");
  return found;
}
