import { diffWordsWithSpace, structuredPatch } from "diff";
import type { ChangedFile } from "./hub.ts";
import { type Html, html } from "./html.ts";

/** Longer ones are folded: a lockfile is looked into, not read. */
const longest = 60;
const lockfiles = /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json)$/;

/** What changed in one file: a unified difference with three lines around each change. */
export function difference({ path, before, after }: ChangedFile): Html {
  const { hunks } = structuredPatch(path, path, before, after, undefined, undefined, { context: 3 });
  const lines = hunks.flatMap((hunk) => hunk.lines);
  const added = lines.filter((line) => line.startsWith("+")).length;
  const removed = lines.filter((line) => line.startsWith("-")).length;
  const isOpen = lines.length <= (lockfiles.test(path) ? longest / 2 : longest);
  const rows = hunks.map((hunk) => {
    const title = `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`;
    return html`<tr class="hunk">
        <td></td>
        <td></td>
        <td>${title}</td>
      </tr>
      ${rowsOf(hunk)}`;
  });
  return html`<details class="file" ${isOpen ? html` open` : undefined}>
    <summary>
      <span class="path">${path}</span
      ><span class="counts"><b class="plus">+${added}</b> <b class="minus">−${removed}</b></span>
    </summary>
    <div class="scroll">
      <table class="difference">
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </details>`;
}

interface Hunk {
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly string[];
}

function rowsOf({ oldStart, newStart, lines }: Hunk): readonly Html[] {
  let [old, now] = [oldStart, newStart];
  const marked = markedWords(lines);
  return lines.map((line, at) => {
    const kind = line.charAt(0);
    const text = marked.get(at) ?? html`${shown(line)}`;
    if (kind === "+")
      return html`<tr class="plus">
        <td></td>
        <td>${now++}</td>
        <td>${text}</td>
      </tr>`;
    if (kind === "-")
      return html`<tr class="minus">
        <td>${old++}</td>
        <td></td>
        <td>${text}</td>
      </tr>`;
    if (kind === "\\")
      return html`<tr class="hunk">
        <td></td>
        <td></td>
        <td>${line}</td>
      </tr>`;
    return html`<tr>
      <td>${old++}</td>
      <td>${now++}</td>
      <td>${text}</td>
    </tr>`;
  });
}

/** Lines by their place, with what differs marked: where as many lines went as came, each is the other's successor. */
function markedWords(lines: readonly string[]): ReadonlyMap<number, Html> {
  const marked = new Map<number, Html>();
  for (let at = 0; at < lines.length; at++) {
    const went = run(lines, at, "-");
    const came = run(lines, at + went, "+");
    if (went > 0 && went === came) {
      for (let step = at; step < at + went; step++) {
        const words = diffWordsWithSpace(shown(lines[step]), shown(lines[step + went]));
        const side = (own: "added" | "removed", other: "added" | "removed") =>
          html`${words.filter((word) => !word[other]).map((word) => (word[own] ? html`<mark>${word.value}</mark>` : word.value))}`;
        marked.set(step, side("removed", "added"));
        marked.set(step + went, side("added", "removed"));
      }
    }
    at += Math.max(0, went + came - 1);
  }
  return marked;
}

function run(lines: readonly string[], from: number, kind: string): number {
  let length = 0;
  while (lines[from + length]?.startsWith(kind) === true) length++;
  return length;
}

function shown(line = ""): string {
  return line.slice(1).replace(/\r$/, "");
}
