import type { Decision, UpdateGroup } from "../domain/types.ts";
import { safeText } from "../text/markdown.ts";

/** A pull request of Dependabot. */
export interface RivalPull {
  readonly number: number;
  readonly title: string;
  readonly body: string;
}

interface Move {
  readonly name: string;
  readonly to?: string;
}

/** What is proposed, beside what Dependabot has open for the same packages. */
export interface Comparison {
  readonly groups: readonly { readonly title: string; readonly pulls: readonly RivalPull[] }[];
  /** What Dependabot alone has open, and why it would not be proposed. */
  readonly others: readonly { readonly pull: RivalPull; readonly why: string }[];
}

const mostMoves = 200;
const mostBody = 65_536;

/** The packages that a pull request of Dependabot moves: its title says it of one or two, its text of a group. */
export function movesIn({ title, body }: Pick<RivalPull, "title" | "body">): readonly Move[] {
  const solo = /\bbump (\S+)(?: from \S+)? to (\S+)/i.exec(title);
  const requirement = /\bupdate (\S+) requirement\b/i.exec(title);
  const pair = /\bbump (\S+) and (\S+)/i.exec(title);
  if (solo !== null) return [moveOf(solo[1], solo[2])];
  if (requirement !== null) return [moveOf(requirement[1])];
  if (pair !== null) return [moveOf(pair[1]), moveOf(pair[2])];
  const lines = body.slice(0, mostBody).matchAll(/^Updates `([^`\n]{1,214})`(?: from \S+)? to (\S+)/gm);
  return [...lines].slice(0, mostMoves).map(([, name, to]) => moveOf(name, to));
}

function moveOf(name = "", to?: string): Move {
  return { name, ...(to === undefined ? {} : { to: to.replaceAll("`", "") }) };
}

/** Sets what Dependabot has open beside what would be proposed, by the names of packages. */
export function compare(
  titled: readonly { readonly group: UpdateGroup; readonly title: string }[],
  decisions: readonly Decision[],
  pulls: readonly RivalPull[],
): Comparison {
  const known = pulls.map((pull) => ({ pull, names: new Set(movesIn(pull).map(({ name }) => name)) }));
  const groups = titled.map(({ group, title }) => ({
    title,
    pulls: known
      .filter(({ names }) => group.updates.some(({ dependency }) => names.has(dependency.name)))
      .map(({ pull }) => pull),
  }));
  const matched = new Set(groups.flatMap((group) => group.pulls));
  const others = pulls
    .filter((pull) => !matched.has(pull))
    .map((pull) => ({ pull, why: whyNot(pull, decisions) }));
  return { groups, others };
}

function whyNot(pull: RivalPull, decisions: readonly Decision[]): string {
  const [first] = movesIn(pull);
  if (first === undefined) return "what it moves is not understood";
  const own = decisions.filter(({ dependency }) => dependency.name === first.name);
  const telling = own.find(({ outcome }) => outcome !== "current") ?? own[0];
  if (telling === undefined) return `${first.name} is not among the dependencies that were found`;
  const candidate = telling.candidates.find(({ version }) => version === first.to)?.rejected;
  return candidate === undefined ? telling.reason.detail : `${first.to}: ${candidate.detail}`;
}

const mostRows = 50;

/** The comparison as Markdown. */
export function comparisonText({ groups, others }: Comparison): readonly string[] {
  const rows = groups
    .slice(0, mostRows)
    .map(
      ({ title, pulls }) =>
        `| ${safeText(title, 300)} | ${pulls.map(({ number }) => `#${number}`).join(", ")} |`,
    );
  const more = groups.length > mostRows ? [`… and ${groups.length - mostRows} more`] : [];
  const left = others.slice(0, mostRows).map(({ pull, why }) => `- #${pull.number}: ${safeText(why, 300)}`);
  return [
    ...(rows.length === 0
      ? []
      : [["| Steeplejack would open | Dependabot has open |", "| --- | --- |", ...rows].join("\n"), ...more]),
    ...(left.length === 0
      ? []
      : [`Dependabot has open what Steeplejack would not propose now:\n\n${left.join("\n")}`]),
  ];
}
