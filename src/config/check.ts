import { createHash } from "node:crypto";
import { codeSpan } from "../text/markdown.ts";
import type { Inspection } from "./inspect.ts";
import type { ShownProject } from "./show.ts";

/** What a check says of the configuration that a pull request would bring. */
export interface ConfigurationCheck {
  readonly conclusion: "success" | "failure";
  readonly title: string;
  /** Markdown. */
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  /** Two checks that say the same have the same. */
  readonly digest: string;
}

export interface Annotation {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly level: "failure" | "warning";
  readonly message: string;
}

/** GitHub's limit is 65,535 characters. */
const longest = 60_000;
const mostProjects = 10;
const mostAnnotations = 200;

/**
 * `own` is the repository's own file. What files of other repositories say is not repeated: those may be private, and who
 * sees a check need not see them.
 */
export function configurationCheck(
  inspection: Inspection,
  projects: readonly ShownProject[],
  own: string,
): ConfigurationCheck {
  const { path, warnings } = inspection;
  const isElsewhere = path !== undefined && isForeign(path);
  const errors = told(inspection);
  const annotate = (level: Annotation["level"]) => (fault: Inspection["errors"][number]) => ({
    path: isElsewhere ? own : (path ?? own),
    line: "line" in fault && !isElsewhere ? fault.line : 1,
    column: "column" in fault && !isElsewhere ? fault.column : 1,
    level,
    message: fault.message,
  });
  const annotations = [...errors.map(annotate("failure")), ...warnings.map(annotate("warning"))].slice(
    0,
    mostAnnotations,
  );
  const said = {
    conclusion: errors.length > 0 ? ("failure" as const) : ("success" as const),
    title: titleOf({ path, errors, warnings }),
    summary: summaryOf({ path, errors, warnings }, projects).slice(0, longest),
    annotations,
  };
  return { ...said, digest: createHash("sha256").update(JSON.stringify(said)).digest("hex").slice(0, 16) };
}

/** The faults of a file, without those of another repository's. */
export function told({ path, errors }: Pick<Inspection, "path" | "errors">): Inspection["errors"] {
  if (path === undefined || !isForeign(path) || errors.length === 0) return errors;
  return [{ message: `${path} has faults, which are not repeated here` }];
}

/** Whether a file, or a line of one, is another repository's: `acme/presets//strict.yml:3`. */
function isForeign(path: string): boolean {
  return path.includes("//");
}

type Said = Pick<Inspection, "path" | "errors" | "warnings">;

function titleOf({ path, errors, warnings }: Said): string {
  if (path === undefined) return "There is no configuration: the defaults hold";
  if (errors.length > 0) return `${path} cannot be obeyed`;
  return warnings.length === 0
    ? `${path} is valid`
    : `${path} is valid, with ${warnings.length === 1 ? "a warning" : `${warnings.length} warnings`}`;
}

function summaryOf({ path, errors, warnings }: Said, projects: readonly ShownProject[]): string {
  if (errors.length > 0)
    return [
      "Until this is mended on the default branch, Steeplejack would obey the last file that was not faulty.",
      ...faultLines(errors),
    ].join("\n");
  const shown = projects
    .slice(0, mostProjects)
    .flatMap(({ ecosystem, root, settings }) => [
      "",
      `### ${codeSpan(ecosystem)} in ${codeSpan(`/${root}`)}`,
      "",
      "| option | value | said by |",
      "| --- | --- | --- |",
      ...settings.map(
        ({ name, value, origin }) =>
          `| ${cell(name)} | ${isForeign(origin) ? "" : cell(JSON.stringify(value) ?? "")} | ${cell(origin)} |`,
      ),
    ]);
  const more =
    projects.length > mostProjects ? ["", `… and ${projects.length - mostProjects} more projects`] : [];
  const intro =
    path === undefined ? "The defaults hold for every project." : "This is what would hold for each project.";
  return [...faultLines(warnings), ...(warnings.length > 0 ? [""] : []), intro, ...shown, ...more].join("\n");
}

/** As a list of Markdown. */
export function faultLines(faults: Inspection["errors"]): readonly string[] {
  return faults.map(
    (fault) =>
      `- ${"line" in fault ? `line ${fault.line}, column ${fault.column}: ` : ""}${codeSpan(fault.message)}`,
  );
}

function cell(text: string): string {
  return codeSpan(text).replaceAll("|", "\\|");
}
