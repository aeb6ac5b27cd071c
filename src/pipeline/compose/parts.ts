import type { ReleaseNotes } from "../../domain/ports.ts";
import { sourceUrl } from "../../domain/source.ts";
import type { Advisory, Update } from "../../domain/types.ts";
import { codeSpan, linkTarget, safeText } from "../../text/markdown.ts";

export function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

export function cell(text: string): string {
  return codeSpan(text.slice(0, 100)).replaceAll("|", "\\|");
}

export function few(items: readonly string[], most: number): string {
  const shown = items.slice(0, most).join(", ");
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}

export function linkedName({ dependency }: Update, notes: ReadonlyMap<string, ReleaseNotes>): string {
  const name = cell(dependency.name);
  const source = notes.get(dependency.name)?.repository?.url;
  const page = source === undefined ? undefined : sourceUrl(source);
  const target = page === undefined ? undefined : linkTarget(page);
  return target === undefined ? name : `[${name}](${target})`;
}

export function linkedId({ id, url }: Advisory): string {
  const target = linkTarget(url);
  return target === undefined ? cell(id) : `[${safeText(id, 100)}](${target})`;
}

export function gradeOf({ severity, score }: Advisory): string {
  return score === undefined ? severity : `${severity}, CVSS ${score.toFixed(1)}`;
}

export function link(label: string, url: string): string {
  const target = linkTarget(url);
  return target === undefined ? safeText(label, 200) : `[${safeText(label, 200)}](${target})`;
}

/** `summary` is HTML, `content` is Markdown. */
export function details(summary: string, content: string): string {
  return `<details>\n<summary>${summary}</summary>\n\n${content}\n\n</details>`;
}
