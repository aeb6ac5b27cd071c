import { gravity } from "../../domain/advisory.ts";
import type { Advisory, Finding, Severity, UpdateGroup, Verification } from "../../domain/types.ts";
import { quoted, safeHtml, safeText } from "../../text/markdown.ts";
import type { ComposeInput } from "./compose.ts";
import type { Section } from "./fit.ts";
import { cell, details, gradeOf, linkedId } from "./parts.ts";

const linesListed = 50;
const warningsListed = 30;

/** What the group fixes, each advisory on each package once, gravest first. */
export function fixedBy({ updates }: UpdateGroup): readonly Advisory[] {
  const all = updates.flatMap(({ fixes }) => fixes);
  const distinct = new Map(all.map((advisory) => [JSON.stringify([advisory.id, advisory.name]), advisory]));
  return gravestFirst([...distinct.values()]);
}

export function gravestFirst(advisories: readonly Advisory[]): readonly Advisory[] {
  return advisories.toSorted(
    (a, b) =>
      gravity(b.severity) - gravity(a.severity) || (b.score ?? 0) - (a.score ?? 0) || (a.id < b.id ? -1 : 1),
  );
}

export function advisorySections(input: ComposeInput): readonly Section[] {
  const advisories = fixedBy(input.group);
  const aside = mendedAside(input, advisories);
  if (advisories.length === 0 && aside.length === 0) return [];
  const title = "### Vulnerabilities fixed";
  const folded = advisories.map((advisory) => advisoryDetails(advisory, input));
  const lines = advisories.map((each) => `- ${linkedId(each)}: ${cell(each.name)}, ${gradeOf(each)}`);
  const more = aside.length === 0 ? [] : [atMost(aside).join("\n")];
  return [
    {
      texts: [
        [title, ...folded, ...more].join("\n\n"),
        [title, atMost([...lines, ...aside]).join("\n")].join("\n\n"),
      ],
      priority: 2,
    },
  ];
}

function atMost(lines: readonly string[]): readonly string[] {
  const left = lines.length - linesListed;
  return left > 0 ? [...lines.slice(0, linesListed), `- … and ${left} more`] : lines;
}

/** What nobody aimed at: packages that the new releases no longer ask for, or ask for at a version that is mended. */
function mendedAside({ verifications }: ComposeInput, fixed: readonly Advisory[]): readonly string[] {
  const aimedAt = new Set(fixed.map(({ id, name }) => `${id} ${name}`));
  const distinct = new Map(
    verifications
      .flatMap(({ mended }) => mended)
      .filter(({ advisory: { id }, name }) => !aimedAt.has(`${id} ${name}`))
      .map((it) => [JSON.stringify([it.advisory.id, it.name, it.version]), it]),
  );
  return [...distinct.values()].map(
    ({ advisory, name, version }) =>
      `- ${linkedId(advisory)}, by the way: ${cell(name)} ${cell(version)}, ${gradeOf(advisory)}, is no longer installed`,
  );
}

function advisoryDetails(advisory: Advisory, input: ComposeInput): string {
  const { group, findings } = input;
  const { id, name, aliases } = advisory;
  const used = group.updates.filter(({ dependency }) => dependency.name === name);
  const versions = [...new Set(used.map(({ from }) => from))];
  const projects = new Set(group.updates.map(({ project }) => project));
  const own = findings.filter(
    (finding) => projects.has(finding.project) && finding.advisory.id === id && finding.name === name,
  );
  const fixed = own.filter(({ version }) => versions.includes(version));
  const left = own.filter((finding) => !versions.includes(finding.version) && isLeft(finding, input));
  const lines = [
    `- Advisory: ${linkedId(advisory)}${
      aliases.length > 0
        ? ` (${aliases
            .slice(0, 5)
            .map((alias) => safeText(alias, 100))
            .join(", ")})`
        : ""
    }`,
    `- Severity: ${gradeOf(advisory)}`,
    `- In use: ${cell(name)} ${versions.map(cell).join(", ")}${waysOf(fixed)}`,
    ...left.map(
      (finding) =>
        `- **Not fixed here:** ${cell(name)} ${cell(finding.version)}${waysOf([finding])}, which this update does not change`,
    ),
  ];
  return details(`${severities[advisory.severity]}${headingOf(advisory)}`, lines.join("\n"));
}

/** Whether a vulnerable entry of the lockfile stays as it is, as far as the lockfile was compared. */
function isLeft({ name, version }: Finding, { verifications }: ComposeInput): boolean {
  if (verifications.length === 0) return false;
  const changes = verifications.flatMap(({ updated, removed, unintended }) => [
    ...updated,
    ...removed,
    ...unintended,
  ]);
  return !changes.some((change) => change.name === name && change.from === version);
}

/** How it came to be there; that a manifest asks for it goes without saying where that is all. */
function waysOf(findings: readonly Finding[]): string {
  const paths = findings.flatMap((finding) => finding.paths);
  const through = paths.filter((path) => path.length > 1).slice(0, 10);
  if (through.length === 0) return "";
  const directly = paths.some((path) => path.length < 2) ? " directly and" : "";
  return `,${directly} by way of ${through.map((path) => path.map(cell).join(" › ")).join("; ")}`;
}

/** What it is about, with the package's name where the summary does not have it. HTML. */
function headingOf({ id, name, summary }: Advisory): string {
  const text = safeHtml(summary === "" ? id : summary, 200).replace(/`([^`]+)`/g, "<code>$1</code>");
  return summary.toLowerCase().includes(name.toLowerCase()) ? text : `${safeHtml(name, 100)}: ${text}`;
}

const severities: Readonly<Record<Severity, string>> = {
  critical: "<b>Critical</b> · ",
  high: "<b>High</b> · ",
  moderate: "<b>Moderate</b> · ",
  low: "<b>Low</b> · ",
  unknown: "",
};

export function introducedSection({ introduced }: Verification): readonly Section[] {
  if (introduced.length === 0) return [];
  const lines = introduced
    .slice(0, warningsListed)
    .map(
      ({ advisory, name, version }) =>
        `- ${cell(name)} ${cell(version)}: ${linkedId(advisory)}, ${gradeOf(advisory)}`,
    );
  const left = introduced.length - warningsListed;
  const text = [
    "[!CAUTION]",
    `**This brings in ${introduced.length === 1 ? "a known vulnerability" : `${introduced.length} known vulnerabilities`}:**`,
    ...lines,
    ...(left > 0 ? [`- … and ${left} more`] : []),
  ];
  return [{ texts: [quoted(text.join("\n"))], priority: 0 }];
}
