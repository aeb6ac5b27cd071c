import type { Decision } from "../domain/types.ts";
import type { Gate } from "../pipeline/admit.ts";
import type { Scan } from "../pipeline/scan.ts";
import { safeMarkdown } from "../text/markdown.ts";
import { painter } from "./table.ts";
import { type Trace, traceOf } from "./trace.ts";

/** What the answer depends on besides the scan. */
export type ExplainContext = Pick<Gate, "policies" | "repository" | "now">;

export interface ExplainOptions extends ExplainContext {
  readonly colours: boolean;
  readonly json: boolean;
}

/** The trace of every decision about a package; `undefined` when no manifest requires it. */
export function explanation(found: Scan, name: string, options: ExplainOptions): string | undefined {
  const decisions = found.decisions.filter(({ dependency }) => dependency.name === name);
  if (decisions.length === 0) return undefined;
  const traces = decisions.map((decision) => ({ decision, trace: traceOf(decision, found, options) }));
  if (options.json) return `${JSON.stringify(traces.map(asData), null, 2)}\n`;
  return traces.map((each) => asText(each, options)).join("\n");
}

/** In characters: a comment on GitHub takes 65,536. */
const longestMarkdown = 20_000;

/** The same as a block of Markdown in which nothing is Markdown. */
export function explanationAsMarkdown(
  found: Scan,
  name: string,
  context: ExplainContext,
): string | undefined {
  const text = explanation(found, name, { ...context, colours: false, json: false });
  if (text === undefined) return undefined;
  const whole = text.length <= longestMarkdown ? text : `${text.slice(0, longestMarkdown)}\n…\n`;
  const longestRun = Math.max(2, ...[...whole.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longestRun + 1);
  return safeMarkdown(`${fence}text\n${whole}${fence}`);
}

interface Traced {
  readonly decision: Decision;
  readonly trace: Trace;
}

function asData({ decision, trace }: Traced) {
  const { project, manifest, dependency, outcome, reason, candidates } = decision;
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
    advisories: trace.advisories.map(({ id, severity, summary }) => ({ id, severity, summary })),
    groups: trace.groups,
    next: trace.next,
    candidates,
  };
}

function waiting(waits: string | undefined): string {
  return waits === undefined ? "" : `, which waits ${waits}`;
}

/** Of a package with hundreds of releases, the newest tell the story. */
const mostCandidates = 30;

function asText({ decision, trace }: Traced, { colours }: Pick<ExplainOptions, "colours">): string {
  const paint = painter(colours);
  const { manifest, dependency, outcome, reason, candidates } = decision;
  const shown = candidates.slice(0, mostCandidates);
  const width = Math.max(0, ...shown.map(({ version }) => version.length));
  const lines = [
    `${paint("bold", dependency.name)} in ${manifest.path}`,
    `  required  ${dependency.requirement} (${dependency.scope})`,
    `  in use    ${dependency.version ?? "unknown"}`,
    ...trace.advisories.map(
      ({ id, severity, summary }) => `  ${paint("red", "vulnerable")} ${id} (${severity}): ${summary}`,
    ),
    `  ${outcome === "update" ? paint("green", outcome) : paint("yellow", outcome)}: ${reason.detail} [${reason.code}]`,
    ...trace.groups.flatMap(({ key, to, waits, together }) => [
      `  goes into ${paint("bold", key)} at ${to}${waiting(waits)}`,
      ...together.map((why) => `    together: ${why}`),
    ]),
    `  next      ${trace.next.at === undefined ? "" : `${trace.next.at.slice(0, 16)}Z, `}${trace.next.why}`,
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
