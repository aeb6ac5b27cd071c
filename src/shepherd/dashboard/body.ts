import { fit, type Section } from "../../pipeline/compose/fit.ts";
import type { GroupOutcome } from "../../pipeline/propose.ts";
import type { Scan } from "../../pipeline/scan.ts";
import type { Decision, Problem } from "../../domain/types.ts";
import { codeSpan, safeHtml, safeText } from "../../text/markdown.ts";
import { byText } from "../../text/order.ts";
import type { Condition } from "../closing.ts";
import { boxOf } from "./boxes.ts";
import { dashboardMark } from "./mark.ts";

/** What a dashboard tells of. */
export interface Known {
  readonly outcomes: readonly GroupOutcome[];
  readonly scan: Pick<Scan, "decisions" | "problems" | "projects" | "excluded">;
  /** What people said on pull requests. */
  readonly conditions: readonly Condition[];
}

export const dashboardTitle = "Dependency updates by Steeplejack";

/** GitHub takes 65,536 characters. */
const longestBody = 64_000;
const mostListed = 100;

/**
 * The text of the dashboard, in Markdown: what is open, what waits, what failed and what is kept back, with boxes that act.
 * Parts that say nothing are not there. Pure: the same is told in the same words.
 */
export function dashboardOf(known: Known): string {
  const { outcomes, scan, conditions } = known;
  const groups = outcomes.toSorted((a, b) => byText(a.key, b.key));
  const open = groups.filter(({ outcome }) => ["opened", "updated", "unchanged", "edited"].includes(outcome));
  const waiting = groups.filter(({ outcome }) => outcome === "waits");
  const failed = groups.filter(({ outcome }) => outcome === "failed");
  const lookedFor = scan.decisions.filter(({ outcome }) => outcome === "failed");
  const isTold = new Set([
    ...failed.map(({ key }) => key),
    ...lookedFor.map(({ dependency }) => dependency.name),
  ]);
  const sections: readonly Section[] = [
    { texts: [intro], priority: 0 },
    part("Open", open.map(openLine), 3),
    part("Waiting", waiting.map(waitingLine), 3),
    part("Failed", failed.map(failedLine), 5),
    part("Not to be looked up", refusals(lookedFor), 5),
    part("Vulnerable, with no way out yet", vulnerable(scan.decisions), 5),
    part("Kept back by people", conditions.map(conditionLine), 3),
    part("Problems", scan.problems.filter(({ subject }) => !isTold.has(subject)).map(problemLine), 2),
    held(scan.decisions),
    manifests(scan),
  ];
  const end = `---\n\nKept by Steeplejack, which changes it only when something is new. Close it, and it stays closed.\n\n${dashboardMark}\n`;
  return `${fit(sections, longestBody - end.length - 2)}\n\n${end}`;
}

const intro = "What Steeplejack knows of the dependencies of this repository. Tick a box to have it done.";

function part(title: string, lines: readonly string[], priority: number): Section {
  if (lines.length === 0) return { texts: [""], priority };
  const heading = `### ${title} (${lines.length})`;
  const of = (most: number) => {
    const left = lines.length - most;
    const shown = [...lines.slice(0, most), ...(left > 0 ? [`- … and ${left} more`] : [])];
    return `${heading}\n\n${shown.join("\n")}`;
  };
  return { texts: [of(mostListed), of(20), heading], priority };
}

function openLine({ number = 0, title, outcome }: GroupOutcome): string {
  const edited = outcome === "edited" ? "; somebody else committed to its branch, so it is left alone" : "";
  return `${boxOf({ kind: "rebase", number })} rebase #${number}: ${safeText(title, 200)}${edited}`;
}

function waitingLine({ key, title, reason = "" }: GroupOutcome): string {
  return `${boxOf({ kind: "open", key })} open now: ${safeText(title, 200)}, which waits ${safeText(reason, 200)}`;
}

function failedLine({ key, title, reason = "" }: GroupOutcome): string {
  return `${boxOf({ kind: "retry", key })} try again: ${safeText(title, 200)}. No pull request was made, because ${safeText(reason, 600)}`;
}

function conditionLine({ names, what, how, number }: Condition): string {
  const packages = names.slice(0, 3).map((name) => codeSpan(name.slice(0, 100)));
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  const why = how === "closed" ? `#${number} was closed` : `a comment on #${number}`;
  const [only = ""] = names;
  const line = `${packages.join(", ")}${more}: ${safeText(what, 200)} (${why})`;
  // Of what was closed together no part can be taken back: reopening does that.
  return names.length === 1 ? `${boxOf({ kind: "unignore", name: only })} take back: ${line}` : `- ${line}`;
}

function vulnerable(decisions: readonly Decision[]): readonly string[] {
  const lines = decisions
    .filter(({ reason }) => reason.code === "no-fix")
    .map(
      ({ dependency, manifest, reason }) =>
        `- ${codeSpan(dependency.name)} ${codeSpan(dependency.version ?? "")} in ${codeSpan(manifest.path)}: ${safeText(reason.detail, 300)}`,
    );
  return [...new Set(lines)];
}

/** One line for each registry and what it answers, with what a person can do about it. */
function refusals(failed: readonly Decision[]): readonly string[] {
  const groups = Map.groupBy(failed, ({ dependency, reason }) =>
    JSON.stringify([dependency.registry ?? "", reason.code]),
  );
  return [...groups]
    .toSorted(([a], [b]) => byText(a, b))
    .flatMap(([, members]) => {
      const names = [...new Set(members.map(({ dependency }) => dependency.name))].toSorted(byText);
      const [first] = members;
      if (first === undefined) return [];
      const { dependency, reason } = first;
      const shown = names.slice(0, 5).map((name) => codeSpan(name.slice(0, 100)));
      const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
      const registry =
        dependency.registry === undefined
          ? "the public registry"
          : codeSpan(dependency.registry.slice(0, 200));
      return [
        `- ${shown.join(", ")}${more} of ${registry}: ${safeText(reason.detail, 400)}. ${mends[reason.code] ?? ""}`,
      ];
    });
}

const mends: Readonly<Record<string, string>> = {
  "not-found":
    "Where they are private, the configuration needs their registry under `registries`, with a token.",
  "registry-error":
    "Where it refuses, `registries` of the configuration needs a token that may read them; where it was down, the next scan mends it.",
};

function problemLine({ subject, message }: Problem): string {
  return `- ${codeSpan(subject.slice(0, 200))}: ${safeText(message, 600)}`;
}

function held(decisions: readonly Decision[]): Section {
  const others = decisions.filter(({ outcome, reason }) => outcome === "held" && reason.code !== "no-fix");
  if (others.length === 0) return { texts: [""], priority: 1 };
  const byCode = [...Map.groupBy(others, ({ reason }) => reason.code)].toSorted(([a], [b]) => byText(a, b));
  const folded = byCode.map(([code, members]) => {
    const lines = members.map(
      ({ dependency, manifest, reason }) =>
        `- ${codeSpan(dependency.name)} in ${codeSpan(manifest.path)}: ${safeText(reason.detail, 300)}`,
    );
    const distinct = [...new Set(lines)].toSorted(byText);
    const left = distinct.length - mostListed;
    const shown = [...distinct.slice(0, mostListed), ...(left > 0 ? [`- … and ${left} more`] : [])];
    return `<details>\n<summary>${safeHtml(code.replaceAll("-", " "))} (${members.length})</summary>\n\n${shown.join("\n")}\n\n</details>`;
  });
  const heading = `### Held (${others.length})`;
  const counts = byCode.map(
    ([code, members]) => `- ${safeText(code.replaceAll("-", " "))}: ${members.length}`,
  );
  return {
    texts: [[heading, ...folded].join("\n\n"), [heading, counts.join("\n")].join("\n\n")],
    priority: 1,
  };
}

function manifests({ projects, excluded }: Known["scan"]): Section {
  const lines = projects.flatMap(({ ecosystem, manifests: all }) =>
    all.map(
      ({ path, dependencies }) =>
        `- ${codeSpan(path)} (${safeText(ecosystem)}, ${dependencies.length} ${dependencies.length === 1 ? "dependency" : "dependencies"})`,
    ),
  );
  const out = excluded.map((path) => `- ${codeSpan(path)}, which the configuration leaves out`);
  const all = [...lines.toSorted(byText), ...out.toSorted(byText)];
  const left = all.length - mostListed;
  const shown = [...all.slice(0, mostListed), ...(left > 0 ? [`- … and ${left} more`] : [])];
  const summary = `Manifests (${lines.length})`;
  return {
    texts: [`<details>\n<summary>${summary}</summary>\n\n${shown.join("\n")}\n\n</details>`, summary],
    priority: 1,
  };
}
