import type { ReleaseNote, ReleaseNotes } from "../../domain/ports.ts";
import { githubRepository } from "../../domain/source.ts";
import type { Update } from "../../domain/types.ts";
import {
  quoted,
  safeHtml,
  safeMarkdown,
  safeText,
  truncateLines,
  type MarkdownOrigin,
} from "../../text/markdown.ts";
import type { ComposeInput } from "./compose.ts";
import type { Section } from "./fit.ts";
import { cell, details, few, link, linkedName } from "./parts.ts";
import { packagesOf } from "./title.ts";

const linesOfNote = 60;
const notesOfPackage = 30;

/** From this many packages on their notes are folded together, so that the end of the page is in reach. */
const foldedFrom = 6;

/** Notes and commits of each package, folded; and for which of them there are none. */
export function notesSections(input: ComposeInput): readonly Section[] {
  const { group, notes } = input;
  const packages = packagesOf(group);
  const told = packages.flatMap(([update]) => notesSection(update, input));
  const some = packages.filter(([{ dependency }]) => (notes.get(dependency.name)?.entries.length ?? 0) > 0);
  const start = `<details>\n<summary>Release notes of ${some.length} packages</summary>`;
  const isFolded = some.length >= foldedFrom;
  return [
    ...(isFolded ? [{ texts: [start], priority: 0 }] : []),
    ...told,
    ...(isFolded ? [{ texts: ["</details>"], priority: 0 }] : []),
    ...missingSection(input),
  ];
}

/** A reader who looks for notes is told that there are none, and where the source is. */
function missingSection({ group, notes }: ComposeInput): readonly Section[] {
  const packages = packagesOf(group);
  const missing = packages.flatMap(([update]) =>
    notes.get(update.dependency.name)?.entries.length === 0 ? [linkedName(update, notes)] : [],
  );
  if (missing.length === 0) return [];
  const which = packages.length === 1 ? "" : ` for ${few(missing, 5)}`;
  return [{ texts: [`No release notes were found${which}.`, ""], priority: 1 }];
}

function notesSection(update: Update, { group, notes }: ComposeInput): readonly Section[] {
  const { dependency } = update;
  const found = notes.get(dependency.name);
  if (found === undefined) return [];
  const commits = commitsSection(update, found, packagesOf(group).length === 1);
  if (found.entries.length === 0) return commits;
  const origin = originOf(found);
  const shown = found.entries.slice(0, notesOfPackage).map((entry) => noteText(entry, origin));
  const left = found.entries.length - shown.length;
  const source = found.source === undefined ? undefined : link(found.source.label, found.source.url);
  const links = [
    ...(left > 0 ? [`… and ${left} older ${left === 1 ? "release" : "releases"}.`] : []),
    ...(found.compareUrl === undefined || commits.length > 0
      ? []
      : [link("Compare the two versions", found.compareUrl)]),
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
    ...commits,
  ];
}

/** What was committed, folded: what the notes leave out is here. */
function commitsSection(
  { dependency, from, release }: Update,
  { commits, compareUrl }: ReleaseNotes,
  isAlone: boolean,
): readonly Section[] {
  if (commits === undefined || compareUrl === undefined || commits.commits.length === 0) return [];
  const lines = commits.commits.map(
    ({ sha, subject, url }) => `- ${link(sha.slice(0, 7), url)} ${safeText(subject, 120)}`,
  );
  const left = commits.total - lines.length;
  const more =
    left > 0
      ? `… and ${left} more in ${link("the comparison", compareUrl)}.`
      : `${link("Compare the two versions", compareUrl)}.`;
  const title = isAlone ? "Commits" : `Commits of ${safeHtml(dependency.name, 100)}`;
  const versions = `${safeHtml(from, 50)} → ${safeHtml(release.version, 50)}`;
  return [
    { texts: [details(`${title} · ${versions}`, [lines.join("\n"), more].join("\n\n")), ""], priority: 1 },
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
