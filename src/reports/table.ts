import { styleText } from "node:util";
import type { Dependency, Decision, Finding, Severity, Update } from "../domain/types.ts";
import type { Scan } from "../pipeline/scan.ts";

export interface TableOptions {
  readonly colours: boolean;
  readonly now: Date;
  /** Shows what is up to date, too. */
  readonly all?: boolean;
}

type Style = "bold" | "dim" | "red" | "yellow" | "green" | "cyan" | "magenta";

/** A scan for a person at a terminal: what is outdated and by how much, what is held and why, what is vulnerable. */
export function toTable(scan: Scan, options: TableOptions): string {
  const paint = painter(options.colours);
  const sections = [
    vulnerable(scan.findings, paint),
    outdated(scan, options, paint),
    held(scan.decisions, paint),
    options.all === true ? current(scan.decisions, paint) : [],
    problems(scan, paint),
    [summary(scan, paint)],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

type Paint = (style: Style, text: string) => string;

export function painter(colours: boolean): Paint {
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

function outdated(scan: Scan, { now }: TableOptions, paint: Paint): string[] {
  if (scan.groups.length === 0) return [];
  return scan.groups.flatMap((group, index) => {
    const title = group.kind === "security" ? paint("red", group.key) : paint("bold", group.key);
    const rows = merged(group.updates).map(({ update, manifests }) => row(update, manifests, now, paint));
    const anew = group.maintains === undefined ? [] : [`  ${group.maintains.lockfile?.path} is made anew`];
    return [...(index === 0 ? [] : [""]), title, ...align(rows), ...anew];
  });
}

/** The same step of one package in several manifests is one line. */
function merged(updates: readonly Update[]): { update: Update; manifests: string[] }[] {
  const alike = Map.groupBy(updates, ({ dependency, from, release }) =>
    JSON.stringify([dependency.name, from, release.version]),
  );
  return [...alike.values()].flatMap((members) => {
    const [update] = members;
    return update === undefined
      ? []
      : [{ update, manifests: [...new Set(members.map(({ manifest }) => manifest.path))] }];
  });
}

function row(update: Update, manifests: readonly string[], now: Date, paint: Paint): string[] {
  const { dependency, from, release, size, fixes } = update;
  const colour = size === "major" ? "red" : size === "minor" ? "yellow" : "green";
  const [first = ""] = manifests;
  return [
    `  ${dependency.name}`,
    from,
    "→",
    paint(colour, release.version),
    paint(colour, size),
    release.publishedAt === undefined ? "" : paint("dim", ageOf(release.publishedAt, now)),
    paint("dim", manifests.length > 1 ? `${first} and ${manifests.length - 1} more` : first),
    fixes.length === 0 ? "" : paint("red", `mends ${fixes.map(({ id }) => id).join(", ")}`),
  ];
}

/** How long ago, in the largest unit that says something: `5 days`, `3 months`. */
function ageOf(publishedAt: string, now: Date): string {
  const days = Math.floor((now.getTime() - Date.parse(publishedAt)) / 86_400_000);
  const [amount, unit]: [number, string] =
    days < 60
      ? [days, "day"]
      : days < 730
        ? [Math.floor(days / 30.4), "month"]
        : [Math.floor(days / 365), "year"];
  return count(amount, unit);
}

/** A package of the repository itself is not held back by anything, nor is what is promised or decided elsewhere. */
const atRest = new Set(["local", "catalog", "engines", "runtime"]);

function held(decisions: readonly Decision[], paint: Paint): string[] {
  const waiting = decisions.filter(({ outcome, reason }) => outcome === "held" && !atRest.has(reason.code));
  if (waiting.length === 0) return [];
  const rows = [
    ...new Set(
      waiting.map(({ dependency, reason }) =>
        JSON.stringify([
          `  ${dependency.name}`,
          dependency.version ?? dependency.requirement,
          reason.code,
          paint("dim", reason.detail),
        ]),
      ),
    ),
  ].map((text): string[] => JSON.parse(text));
  return [paint("bold", "Held back"), ...align(rows)];
}

function current(decisions: readonly Decision[], paint: Paint): string[] {
  const rows = decisions
    .filter(({ outcome }) => outcome === "current")
    .map(({ dependency, manifest, reason }) => [
      `  ${dependency.name}`,
      dependency.version ?? "",
      paint("dim", manifest.path),
      paint("dim", reason.detail),
    ]);
  return rows.length === 0 ? [] : [paint("bold", "Up to date"), ...align(rows)];
}

const severityColours: Readonly<Record<Severity, Style>> = {
  critical: "magenta",
  high: "red",
  moderate: "yellow",
  low: "cyan",
  unknown: "dim",
};

function vulnerable(findings: readonly Finding[], paint: Paint): string[] {
  if (findings.length === 0) return [];
  const rows = findings.map(({ advisory, name, version, fixed, paths }) => [
    `  ${paint(severityColours[advisory.severity], advisory.severity)}`,
    advisory.score === undefined ? "" : advisory.score.toFixed(1),
    `${name} ${version}`,
    advisory.id,
    fixed.length === 0 ? "no fix" : `fixed in ${fixed.join(", ")}`,
    paint(
      "dim",
      paths[0] === undefined
        ? ""
        : paths[0].length === 1
          ? "direct"
          : `by ${paths[0].slice(0, -1).join(" → ")}`,
    ),
  ]);
  return [paint("bold", "Vulnerable"), ...align(rows)];
}

function problems(scan: Scan, paint: Paint): string[] {
  if (scan.problems.length === 0) return [];
  return [
    paint("bold", "Problems"),
    ...scan.problems.map(({ stage, message }) => `  ${paint("red", stage)}  ${message}`),
  ];
}

/** What a manifest says of its package manager or its engines, and what only the lockfile names, is counted elsewhere. */
function isOwn({ kind }: Dependency): boolean {
  return kind === undefined || kind === "override";
}

function summary({ projects, excluded, groups, findings, decisions }: Scan, paint: Paint): string {
  const updated = groups.flatMap(({ updates }) => updates.map(({ dependency }) => dependency)).filter(isOwn);
  const outdatedCount = new Set(updated).size;
  const dependencies = decisions.filter(({ dependency }) => isOwn(dependency)).length;
  const left =
    excluded.length === 0 ? "" : `; ${count(excluded.length, "manifest")} of tests and examples left out`;
  const locked = projects.reduce(
    (sum, { lockfile }) =>
      sum + (lockfile?.graph.packages.filter((it) => it.manifest === undefined).length ?? 0),
    0,
  );
  return paint(
    "dim",
    `${count(projects.length, "project")}, ${dependencies} dependencies (${locked} locked packages): ` +
      `${outdatedCount} outdated in ${count(groups.length, "group")}, ${findings.length} vulnerable${left}`,
  );
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** Pads columns to the same width; colour codes take no room. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (so, cells) => cells.map((cell, at) => Math.max(so[at] ?? 0, widthOf(cell))),
    [],
  );
  return rows.map((cells) =>
    cells
      .map((cell, at) => cell + " ".repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell))))
      .join("  ")
      .trimEnd(),
  );
}

function widthOf(text: string): number {
  // oxlint-disable-next-line no-control-regex -- the escape character begins a colour code
  return text.replace(/\u001B\[\d+m/g, "").length;
}
