import type { Decision } from "../domain/types.ts";
import type { Scan } from "../pipeline/scan.ts";
import { safeMarkdown } from "../text/markdown.ts";
import { painter } from "./table.ts";

export interface ExplainOptions {
  readonly colours: boolean;
  readonly now: Date;
  readonly json: boolean;
}

/** The trace of every decision about a package; `undefined` when no manifest requires it. */
export function explanation(found: Scan, name: string, options: ExplainOptions): string | undefined {
  const decisions = found.decisions.filter(({ dependency }) => dependency.name === name);
  if (decisions.length === 0) return undefined;
  if (options.json) return `${JSON.stringify(decisions.map(asData), null, 2)}\n`;
  return decisions.map((decision) => asText(decision, found, options)).join("\n");
}

/** In characters: a comment on GitHub takes 65,536. */
const longestMarkdown = 20_000;

/** The same as a block of Markdown in which nothing is Markdown. */
export function explanationAsMarkdown(found: Scan, name: string): string | undefined {
  const decisions = found.decisions.filter(({ dependency }) => dependency.name === name);
  if (decisions.length === 0) return undefined;
  const text = decisions.map((decision) => asText(decision, found, { colours: false })).join("\n");
  const whole = text.length <= longestMarkdown ? text : `${text.slice(0, longestMarkdown)}\n…\n`;
  const longestRun = Math.max(2, ...[...whole.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longestRun + 1);
  return safeMarkdown(`${fence}text\n${whole}${fence}`);
}

function asData({ project, manifest, dependency, outcome, reason, candidates }: Decision) {
  const { name, requirement, version, scope } = dependency;
  return {
    ecosystem: project.ecosystem,
    name,
    manifest: manifest.path,
    requirement,
    version,
    scope,
    outcome,
    reason,
    candidates,
  };
}

/** Of a package with hundreds of releases, the newest tell the story. */
const mostCandidates = 30;

function asText(decision: Decision, found: Scan, { colours }: Pick<ExplainOptions, "colours">): string {
  const paint = painter(colours);
  const { manifest, dependency, outcome, reason, candidates } = decision;
  const findings = found.findings.filter(
    ({ name, version, project }) =>
      name === dependency.name && version === dependency.version && project === decision.project,
  );
  const shown = candidates.slice(0, mostCandidates);
  const width = Math.max(0, ...shown.map(({ version }) => version.length));
  const lines = [
    `${paint("bold", dependency.name)} in ${manifest.path}`,
    `  required  ${dependency.requirement} (${dependency.scope})`,
    `  in use    ${dependency.version ?? "unknown"}`,
    ...findings.map(
      ({ advisory }) =>
        `  ${paint("red", "vulnerable")} ${advisory.id} (${advisory.severity}): ${advisory.summary}`,
    ),
    `  ${outcome === "update" ? paint("green", outcome) : paint("yellow", outcome)}: ${reason.detail} [${reason.code}]`,
    ...(shown.length === 0 ? [] : ["  newer releases, newest first:"]),
    ...shown.map(({ version, rejected }) => {
      const label = version.padEnd(width);
      return rejected === undefined
        ? `    ${paint("green", "✓")} ${label}  taken`
        : `    ${paint("dim", "·")} ${label}  ${paint("dim", `${rejected.detail} [${rejected.code}]`)}`;
    }),
    ...(candidates.length > shown.length ? [`    … and ${candidates.length - shown.length} older`] : []),
  ];
  return `${lines.join("\n")}\n`;
}
