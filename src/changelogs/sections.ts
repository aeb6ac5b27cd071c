import MarkdownIt, { type Token } from "markdown-it";
import type { NotesRequest, ReleaseNote } from "../domain/ports.ts";
import type { VersionScheme } from "../versions/scheme.ts";
import type { Changelog } from "./archive.ts";
import { readVersion } from "./version.ts";

/** What has versions above `from`, up to and with `to`: newest first, each version once, the first of its kind. */
export function crossed<T extends { readonly version: string }>(
  all: readonly T[],
  { from, to, versions }: Pick<NotesRequest, "from" | "to" | "versions">,
): readonly T[] {
  const inside = all.filter(
    ({ version }) => versions.compare(version, from) > 0 && versions.compare(version, to) <= 0,
  );
  const distinct = [...Map.groupBy(inside, ({ version }) => version).values()].flatMap(
    ([first]) => first ?? [],
  );
  return distinct.toSorted((a, b) => versions.compare(b.version, a.version));
}

/**
 * The sections of a changelog that are about one version each, in the order of the file. Headings are those of
 * Markdown (both forms), of reStructuredText, and in a plain text lines that begin with a version.
 */
export function sectionsOf(
  changelog: Changelog,
  name: string,
  versions: VersionScheme,
): readonly ReleaseNote[] {
  const lines = changelog.text.split(/\r\n?|\n/);
  const kind = /\.(\w+)$/.exec(changelog.file)?.[1]?.toLowerCase();
  const { headings, references } = kind === "rst" ? underlined(lines) : markdownHeadings(lines);
  const found = cut(lines, headings, references, name, versions);
  return found.length > 0 ? found : cut(lines, versionLines(lines), new Map(), name, versions);
}

interface Heading {
  readonly text: string;
  /** 1 for the largest. */
  readonly level: number;
  /** The lines that it takes: from `start` to before `end`. */
  readonly start: number;
  readonly end: number;
}

interface Outline {
  readonly headings: readonly Heading[];
  /** Addresses that links refer to by a label, in upper case. */
  readonly references: ReadonlyMap<string, string>;
}

const parser = new MarkdownIt({ html: true });

function markdownHeadings(lines: readonly string[]): Outline {
  const tokens: Token[] = [];
  const environment: Parameters<typeof parser.parse>[1] = {};
  parser.block.parse(lines.join("\n"), parser, environment, tokens);
  const headings = tokens.flatMap((token, at): readonly Heading[] => {
    if (token.type !== "heading_open" || token.level !== 0 || token.map === null) return [];
    const [start, end] = token.map;
    return [{ text: tokens[at + 1]?.content ?? "", level: Number(token.tag.slice(1)), start, end }];
  });
  const references = Object.entries(environment.references ?? {});
  return { headings, references: new Map(references.map(([label, { href }]) => [label, href])) };
}

/** Each sign that underlines stands for a level, in the order of their first use. */
function underlined(lines: readonly string[]): Outline {
  const signs: string[] = [];
  const headings: Heading[] = [];
  lines.forEach((line, at) => {
    const text = lines[at - 1]?.trim() ?? "";
    const sign = /^([=\-`:'"~^_*+#<>.])\1{2,}\s*$/.exec(line)?.[1];
    if (sign === undefined || text === "" || line.trim().length < Math.min(text.length, 3)) return;
    if (/^([=\-`:'"~^_*+#<>.])\1{2,}$/.test(text)) return;
    if (!signs.includes(sign)) signs.push(sign);
    const over = lines[at - 2]?.trim() === line.trim();
    headings.push({ text, level: signs.indexOf(sign) + 1, start: at - (over ? 2 : 1), end: at + 1 });
  });
  return { headings, references: new Map() };
}

function versionLines(lines: readonly string[]): readonly Heading[] {
  return lines.flatMap((text, at) =>
    text.length < 120 && /^(?:\*\*|__|\[|version |release )?v?\d+\.\d+\.\d+/i.test(text)
      ? [{ text, level: 1, start: at, end: at + 1 }]
      : [],
  );
}

/** A section ends where the next one begins, or at a larger heading. */
function cut(
  lines: readonly string[],
  headings: readonly Heading[],
  references: ReadonlyMap<string, string>,
  name: string,
  versions: VersionScheme,
): readonly ReleaseNote[] {
  const notes: ReleaseNote[] = [];
  let open: (Heading & { version: string }) | undefined;
  const close = (at: number): void => {
    if (open === undefined) return;
    const body = lines
      .slice(open.end, at)
      .join("\n")
      .replace(/^\s*\n/, "")
      .trimEnd();
    if (body !== "") notes.push({ version: open.version, body: withReferences(body, references) });
    open = undefined;
  };
  for (const heading of headings) {
    const about = subject(heading.text, name, versions);
    if (about === undefined && (open === undefined || heading.level >= open.level)) continue;
    // `### 2.0.0 in detail` below `## 2.0.0` is still about it.
    if (open !== undefined && about === open.version && heading.level > open.level) continue;
    close(heading.start);
    if (about !== undefined && about !== "another") open = { ...heading, version: about };
  }
  close(lines.length);
  return notes;
}

/** The version that a heading begins with; `another` when it names another package's, `undefined` when none. */
function subject(heading: string, name: string, versions: VersionScheme): string | undefined {
  const text = heading
    .replace(/<[^>]*>/g, "")
    .replace(/^[\s*_`[~:]+/, "")
    .replace(/^(?:version|release|ver\.?)\s+/i, "");
  const [, label = "", spelled = ""] =
    /^((?:@[\w.-]+\/)?[a-z][\w.-]*?(?:@|\s+|[/-](?=v?\d)))?[`[*_]*v?(\d+\.\d+(?:\.\d+)*(?:[-+][\w.+-]*\w)?)(?=$|[\s\])(:;,*_`~–—/|-])/i.exec(
      text,
    ) ?? [];
  const version = readVersion(spelled, versions);
  if (version === undefined) return undefined;
  const named = label.replace(/[@\s/-]+$/, "").toLowerCase();
  const own = ["", "v", name.toLowerCase(), name.slice(name.lastIndexOf("/") + 1).toLowerCase()];
  if (own.includes(named)) return version;
  return label.endsWith("@") ? "another" : undefined;
}

/** A link may refer to an address at the end of the file, which the section alone would lack. */
function withReferences(body: string, references: ReadonlyMap<string, string>): string {
  const used = new Set<string>();
  for (const [, label = ""] of body.matchAll(/\[([^[\]\n]{1,200})\](?![(:])/g)) {
    used.add(parser.utils.normalizeReference(label));
  }
  const lines = [...used].toSorted().flatMap((label) => {
    const href = references.get(label);
    return href === undefined ? [] : [`[${label}]: <${href}>`];
  });
  return lines.length === 0 ? body : `${body}\n\n${lines.join("\n")}`;
}
