import type { PullRequests } from "../domain/ports.ts";
import { codeSpan, linkTarget, quoted, safeMarkdown, truncateLines } from "../text/markdown.ts";
import { readNote } from "./note.ts";
import { trialTable } from "./report.ts";
import { bisectKey, bisectShape, type BisectState, conclusionOf, namesOf, type TrialState } from "./state.ts";

/** As many lines of what a check says are shown. */
const mostLines = 30;

/**
 * Why these packages were taken out of the group of a pull request: the check that failed, what it said, and what was
 * tried. Markdown that is safe; `undefined` where no search on that pull request tells.
 */
export async function storyOf(
  pulls: Pick<PullRequests, "commentsOn" | "logOf">,
  number: number,
  names: readonly string[],
): Promise<string | undefined> {
  const state = readNote(await pulls.commentsOn(number), bisectKey, bisectShape);
  if (state?.phase !== "done") return undefined;
  const culprit = conclusionOf(state).culprits.find(({ atom }) =>
    namesOf(state, [atom]).some((name) => names.includes(name)),
  );
  const trial = culprit && plainestFailure(state, culprit.atom);
  const failed = trial?.failed?.[0] ?? state.failed[0];
  if (culprit === undefined || failed === undefined) return undefined;
  const others = namesOf(state, culprit.with ?? []);
  const beside = others.length === 0 ? "" : ` beside ${others.map((name) => codeSpan(name)).join(", ")}`;
  const target = failed.url === undefined ? undefined : linkTarget(failed.url);
  const check = target === undefined ? codeSpan(failed.name) : `[${codeSpan(failed.name)}](${target})`;
  const [run = ""] = failed.stamp.split(" ");
  const log = failed.said ?? (await logged(pulls, failed.name, Number(run)));
  return [
    `${check} fails with this${beside}, so it was taken out of #${number}, which passes without it.`,
    ...(log === undefined ? [] : [quoted(excerpt(log))]),
    `<details>\n<summary>What was tried</summary>\n\n${trialTable(state)}\n\n</details>`,
  ].join("\n\n");
}

/** Of the failed trials with an atom, the one with the fewest others. */
function plainestFailure({ trials }: BisectState, atom: number): TrialState | undefined {
  const failures = trials.filter(({ outcome, atoms }) => outcome === "failed" && atoms.includes(atom));
  return failures.toSorted((a, b) => a.atoms.length - b.atoms.length)[0];
}

async function logged(
  pulls: Pick<PullRequests, "logOf">,
  name: string,
  run: number,
): Promise<string | undefined> {
  const log = Number.isInteger(run)
    ? await pulls.logOf({ name, outcome: "failed", stamp: "", run })
    : undefined;
  return log === undefined ? undefined : fenced(log);
}

function excerpt(markdown: string): string {
  const { text, left } = truncateLines(safeMarkdown(markdown), mostLines);
  return left === 0 ? text : `${text}\n\n… and ${left} more lines`;
}

/** A fence that the text does not hold. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
