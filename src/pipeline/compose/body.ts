import { gravity } from "../../domain/advisory.ts";
import { marker } from "../../domain/branch.ts";
import type { ReleaseNote, ReleaseNotes } from "../../domain/ports.ts";
import { githubRepository, sourceUrl } from "../../domain/source.ts";
import type {
  Advisory,
  Finding,
  LockChange,
  Severity,
  Update,
  UpdateGroup,
  Verification,
} from "../../domain/types.ts";
import {
  codeSpan,
  linkTarget,
  quoted,
  safeHtml,
  safeMarkdown,
  safeText,
  truncateLines,
  type MarkdownOrigin,
} from "../../text/markdown.ts";
import type { ComposeInput } from "./compose.ts";
import { fit, type Section } from "./fit.ts";
import { fromTo, isAboutRequirement, packagesOf, placeOf } from "./title.ts";

/**
 * GitHub takes 65,536 characters and counts whole ones; here the two halves of an emoji count as two, and some room is
 * left for what others add, such as a task list's state.
 */
export const longestBody = 65_000;
const linesOfNote = 60;
const notesOfPackage = 30;
const rowsAtLeast = 80;
const changesListed = 200;
const warningsListed = 30;

/** The body of a pull request, in Markdown, at most `longestBody` long. What does not fit is left out section by section. */
export function bodyOf(input: ComposeInput): string {
  const { group, verifications, digest, basis } = input;
  const end = `${footer}\n\n${marker({ key: group.key, digest, basis })}\n`;
  const sections: readonly Section[] = [
    { texts: [introOf(input)], priority: 0 },
    ...verifications.flatMap(introducedSection),
    tableSection(input),
    ...advisorySections(input),
    ...packagesOf(group).flatMap(([update]) => notesSection(update, input)),
    ...lockSections(input),
  ];
  return `${fit(sections, longestBody - end.length - 2)}\n\n${end}`;
}

const footer = [
  "---",
  "",
  "Steeplejack keeps this pull request up to date until it is merged or closed. Commit to its branch, and it leaves the branch to you. Close it, and these versions are not proposed again.",
].join("\n");

function introOf({ group, notes }: ComposeInput): string {
  return `${whatOf(group, notes)}${whyOf(group)}`;
}

function whatOf(group: UpdateGroup, notes: ReadonlyMap<string, ReleaseNotes>): string {
  const packages = packagesOf(group);
  const [first] = packages;
  if (packages.length === 1 && first !== undefined) {
    const name = linkedName(first[0], notes);
    return first.every(isAboutRequirement)
      ? `Updates the requirements on ${name} to permit the latest version.`
      : `Bumps ${name} ${moved(first)}.`;
  }
  const start = `Bumps the ${safeText(group.name)} group${safeText(placeOf(group.updates)).replace(/^(?=.)/, " ")} with ${packages.length} updates`;
  if (packages.length > 4) return `${start}.`;
  const names = packages.map(([update]) => linkedName(update, notes));
  return `${start}: ${names.slice(0, -1).join(", ")} and ${names.at(-1)}.`;
}

/** Versions as they are; they come from a registry, so whatever does not look like one is escaped. */
function moved(updates: readonly Update[]): string {
  const text = fromTo(updates);
  return /^[\w.+` -]+$/.test(text) ? text : safeText(text);
}

function whyOf(group: UpdateGroup): string {
  const advisories = fixedBy(group);
  const [gravest] = advisories;
  if (gravest === undefined) return ` ${sizesOf(group)}`;
  const count =
    advisories.length === 1 ? "one known vulnerability" : `${advisories.length} known vulnerabilities`;
  const grave =
    gravest.severity === "unknown"
      ? ""
      : `, ${advisories.length === 1 ? "" : "the gravest "}of severity ${gravest.severity}`;
  return group.kind === "security"
    ? ` This fixes ${count}${grave}, with the lowest releases that mend ${advisories.length === 1 ? "it" : "them"}.`
    : ` This fixes ${count}${grave}.`;
}

function sizesOf(group: UpdateGroup): string {
  const packages = packagesOf(group);
  const majors = packages.filter((updates) => updates.some(({ size }) => size === "major")).length;
  const [first] = packages;
  const warning = "which may break what relied on the one before";
  if (packages.length === 1 && first !== undefined) {
    return majors === 0 ? `It is a ${first[0].size} release.` : `It is a major release, ${warning}.`;
  }
  if (majors === 0) return "None of them is a major release.";
  if (majors === packages.length) {
    return `${majors === 2 ? "Both" : `All ${majors}`} are major releases, ${warning.replace("the one", "the ones")}.`;
  }
  return majors === 1
    ? `One of them is a major release, ${warning}.`
    : `${majors} of them are major releases, ${warning.replace("the one", "the ones")}.`;
}

function tableSection({ group, notes, now }: ComposeInput): Section {
  const rows = [...Map.groupBy(group.updates, rowKey).values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [{ first, same }];
  });
  const hasFixes = group.updates.some(({ fixes }) => fixes.length > 0);
  const manifests = new Set(group.updates.map(({ manifest }) => manifest.path));
  const hasPlaces = manifests.size > 1;
  const head = [
    "Package",
    "From",
    "To",
    "Update",
    "Age",
    ...(hasFixes ? ["Fixes"] : []),
    ...(hasPlaces ? ["In"] : []),
  ];
  const lines = rows.map(({ first, same }) =>
    row([
      linkedName(first, notes),
      cell(isAboutRequirement(first) ? first.dependency.requirement : first.from),
      cell(isAboutRequirement(first) ? first.requirement : first.release.version),
      first.dependency.scope === "development" ? `${first.size}, development` : first.size,
      ageOf(first, now),
      ...(hasFixes ? [few(gravestFirst(first.fixes).map(linkedId), 3)] : []),
      ...(hasPlaces
        ? [
            few(
              same.map(({ manifest }) => cell(manifest.path)),
              3,
            ),
          ]
        : []),
    ]),
  );
  const top = [row(head), row(head.map(() => "---"))];
  const left = lines.length - rowsAtLeast;
  const brief = [...top, ...lines.slice(0, rowsAtLeast), "", `… and ${left} more: too many to list here.`];
  return {
    texts: [[...top, ...lines].join("\n"), ...(left > 0 ? [brief.join("\n")] : [])],
    priority: 4,
  };
}

function rowKey({ dependency, from, release, requirement }: Update): string {
  return JSON.stringify([
    dependency.name,
    dependency.requirement,
    from,
    release.version,
    requirement,
    dependency.scope,
  ]);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function cell(text: string): string {
  return codeSpan(text.slice(0, 100)).replaceAll("|", "\\|");
}

function few(items: readonly string[], most: number): string {
  const shown = items.slice(0, most).join(", ");
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}

const day = 86_400_000;

function ageOf({ release }: Update, now: Date): string {
  const days = Math.floor((now.getTime() - Date.parse(release.publishedAt ?? "")) / day);
  if (Number.isNaN(days)) return "unknown";
  if (days < 1) return "today";
  if (days < 60) return days === 1 ? "1 day" : `${days} days`;
  return days < 730 ? `${Math.floor(days / 30)} months` : `${Math.floor(days / 365)} years`;
}

function linkedName({ dependency }: Update, notes: ReadonlyMap<string, ReleaseNotes>): string {
  const name = cell(dependency.name);
  const source = notes.get(dependency.name)?.repository?.url;
  const page = source === undefined ? undefined : sourceUrl(source);
  const target = page === undefined ? undefined : linkTarget(page);
  return target === undefined ? name : `[${name}](${target})`;
}

function linkedId({ id, url }: Advisory): string {
  const target = linkTarget(url);
  return target === undefined ? cell(id) : `[${safeText(id, 100)}](${target})`;
}

/** What the group fixes, each advisory on each package once, gravest first. */
function fixedBy({ updates }: UpdateGroup): readonly Advisory[] {
  const all = updates.flatMap(({ fixes }) => fixes);
  const distinct = new Map(all.map((advisory) => [JSON.stringify([advisory.id, advisory.name]), advisory]));
  return gravestFirst([...distinct.values()]);
}

function gravestFirst(advisories: readonly Advisory[]): readonly Advisory[] {
  return advisories.toSorted(
    (a, b) =>
      gravity(b.severity) - gravity(a.severity) || (b.score ?? 0) - (a.score ?? 0) || (a.id < b.id ? -1 : 1),
  );
}

function advisorySections(input: ComposeInput): readonly Section[] {
  const { group } = input;
  const advisories = fixedBy(group);
  if (advisories.length === 0) return [];
  const title = "### Vulnerabilities fixed";
  const folded = advisories.map((advisory) => advisoryDetails(advisory, input));
  const lines = advisories
    .slice(0, 50)
    .map((each) => `- ${linkedId(each)}: ${cell(each.name)}, ${gradeOf(each)}`);
  const left = advisories.length - 50;
  const brief = [...lines, ...(left > 0 ? [`- … and ${left} more`] : [])];
  return [{ texts: [`${title}\n\n${folded.join("\n\n")}`, `${title}\n\n${brief.join("\n")}`], priority: 2 }];
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

function gradeOf({ severity, score }: Advisory): string {
  return score === undefined ? severity : `${severity}, CVSS ${score.toFixed(1)}`;
}

function introducedSection({ introduced }: Verification): readonly Section[] {
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

function notesSection(update: Update, { group, notes }: ComposeInput): readonly Section[] {
  const { dependency } = update;
  const found = notes.get(dependency.name);
  if (found === undefined || found.entries.length === 0) return [];
  const origin = originOf(found);
  const shown = found.entries.slice(0, notesOfPackage).map((entry) => noteText(entry, origin));
  const left = found.entries.length - shown.length;
  const source = found.source === undefined ? undefined : link(found.source.label, found.source.url);
  const links = [
    ...(left > 0 ? [`… and ${left} older ${left === 1 ? "release" : "releases"}.`] : []),
    ...(found.compareUrl === undefined ? [] : [link("Compare the two versions", found.compareUrl)]),
  ];
  const content = [
    ...(source === undefined ? [] : [`*Taken from ${source}.*`]),
    ...shown,
    ...(links.length > 0 ? [links.join(" ")] : []),
  ];
  const name = safeHtml(dependency.name, 100);
  const title = packagesOf(group).length === 1 ? "Release notes" : `Release notes of ${name}`;
  const versions = `${safeHtml(update.from, 50)} → ${safeHtml(update.release.version, 50)}`;
  const brief = `Release notes of ${cell(dependency.name)} left out: too long.${source === undefined ? "" : ` They are in the ${source}.`}`;
  return [
    { texts: [details(`${title} · ${versions}`, content.join("\n\n")), brief, ""], priority: 1, last: 3 },
  ];
}

function originOf({ repository }: ReleaseNotes): MarkdownOrigin {
  const known = repository === undefined ? undefined : githubRepository(repository.url);
  return {
    ...(known !== undefined && { repository: known }),
    ...(repository?.directory !== undefined && { directory: repository.directory }),
  };
}

function noteText({ version, title, body, url }: ReleaseNote, origin: MarkdownOrigin): string {
  const name = title === undefined || title.includes(version) ? (title ?? version) : `${version}: ${title}`;
  const { text, left } = truncateLines(safeMarkdown(body, origin), linesOfNote);
  const more =
    left > 0 ? `\n\n*… ${left} more lines${url === undefined ? "" : `: ${link("read on", url)}`}*` : "";
  const heading = url === undefined ? safeText(name, 200) : link(name, url);
  return `**${heading}**${text === "" ? "" : `\n\n${quoted(text)}`}${more}`;
}

function link(label: string, url: string): string {
  const target = linkTarget(url);
  return target === undefined ? safeText(label, 200) : `[${safeText(label, 200)}](${target})`;
}

function lockSections({ group, verifications }: ComposeInput): readonly Section[] {
  if (verifications.length === 0) {
    const isLocked = group.updates.some(({ project }) => project.lockfile !== undefined);
    return isLocked ? [] : [{ texts: ["There is no lockfile: only the manifest changes."], priority: 0 }];
  }
  return verifications.flatMap((verification): readonly Section[] => {
    const { lockfile, updated, added, removed, unintended } = verification;
    const changes = [...updated, ...added, ...removed];
    const counts = [
      `${updated.length} ${updated.length === 1 ? "package" : "packages"} updated`,
      ...(added.length > 0 ? [`${added.length} added`] : []),
      ...(removed.length > 0 ? [`${removed.length} removed`] : []),
    ];
    const summary = `**Lockfile** ${cell(lockfile)}: ${counts.join(", ")}${unintended.length === 0 ? "; no other entry changed" : ""}.`;
    const list = details("Every change", listOf(changes, changesListed));
    const warning = quoted(
      [
        "[!WARNING]",
        `**${unintended.length === 1 ? "One entry" : `${unintended.length} entries`} changed that this update does not explain:**`,
        listOf(unintended, warningsListed),
      ].join("\n"),
    );
    return [
      { texts: changes.length === 0 ? [summary] : [`${summary}\n\n${list}`, summary], priority: 2 },
      ...(unintended.length === 0 ? [] : [{ texts: [warning], priority: 0 }]),
    ];
  });
}

function listOf(changes: readonly LockChange[], most: number): string {
  const often = Map.groupBy(changes, ({ name }) => name);
  const lines = changes.slice(0, most).map(({ name, id, from, to, why }) => {
    const place = (often.get(name)?.length ?? 0) > 1 && id !== name ? ` at ${cell(id)}` : "";
    return `- ${cell(name)} ${movement(from, to)}${place}${why === undefined ? "" : `, ${safeText(why, 200)}`}`;
  });
  const left = changes.length - lines.length;
  return [...lines, ...(left > 0 ? [`- … and ${left} more`] : [])].join("\n");
}

function movement(from: string | undefined, to: string | undefined): string {
  if (from === undefined) return `${cell(to ?? "")} added`;
  if (to === undefined) return `${cell(from)} removed`;
  return from === to ? `${cell(to)}, same version with other content` : `${cell(from)} → ${cell(to)}`;
}

/** `summary` is HTML, `content` is Markdown. */
function details(summary: string, content: string): string {
  return `<details>\n<summary>${summary}</summary>\n\n${content}\n\n</details>`;
}
