import { marker, movesOf } from "../../domain/branch.ts";
import { evidenceText } from "../../domain/confidence.ts";
import type { ReleaseNotes } from "../../domain/ports.ts";
import type { Update, UpdateGroup } from "../../domain/types.ts";
import { safeText } from "../../text/markdown.ts";
import { impactKey } from "../impact/impact.ts";
import { advisorySections, fixedBy, gravestFirst, introducedSection } from "./advisories.ts";
import type { ComposeInput } from "./compose.ts";
import { fit, type Section } from "./fit.ts";
import { brokenIn, impactCell, impactSections, impactSentence } from "./impact.ts";
import { lockSections, settingsSections } from "./lockfile.ts";
import { elsewhereSections, lookSections, togetherSections } from "./look.ts";
import { notesSections } from "./notes.ts";
import { cell, few, linkedId, linkedName, row } from "./parts.ts";
import { fromTo, isAboutRequirement, packagesOf, placeOf } from "./title.ts";

/**
 * GitHub takes 65,536 characters and counts whole ones; here the two halves of an emoji count as two, and some room is
 * left for what others add, such as a task list's state.
 */
export const longestBody = 65_000;
const rowsAtLeast = 80;

/** The body of a pull request, in Markdown, at most `longestBody` long. What does not fit is left out section by section. */
export function bodyOf(input: ComposeInput): string {
  const { group, verifications, digest, basis } = input;
  const roots = [...new Set(group.updates.map(({ project }) => project.root))].toSorted();
  const mark = marker({
    key: group.key,
    digest,
    basis,
    moves: movesOf(group),
    roots,
    ...(group.kind === "security" && { security: true }),
    ...keptOf(input),
  });
  const end = `${footer}\n\n${mark}\n`;
  const sections: readonly Section[] = [
    { texts: [introOf(input)], priority: 0 },
    ...verifications.flatMap(introducedSection),
    ...(group.updates.length === 0 ? [] : [tableSection(input)]),
    ...(input.story === undefined ? [] : [{ texts: [input.story], priority: 3 }]),
    ...elsewhereSections(input),
    ...advisorySections(input),
    ...impactSections(input),
    ...lookSections(input),
    ...notesSections(input),
    ...lockSections(input),
    ...settingsSections(input),
    ...togetherSections(input),
  ];
  return `${fit(sections, longestBody - end.length - 2)}\n\n${end}`;
}

const footer = [
  "---",
  "",
  "Steeplejack keeps this pull request up to date until it is merged or closed. Commit to its branch, and it leaves the branch to you. Close it, and these versions are not proposed again. A comment commands it: `@steeplejack rebase`, `merge`, `ignore NAME`, `explain NAME`, `split NAME`; `@steeplejack help` lists all.",
].join("\n");

/** What is known to break is for a person to merge. */
function keptOf({
  group,
  kept = {},
  impacts,
}: ComposeInput): NonNullable<ComposeInput["kept"]> & { breaks?: readonly string[] } {
  const breaks = brokenIn(group, impacts);
  if (breaks.length === 0) return kept;
  const { automerge: _, ...rest } = kept;
  return { ...rest, breaks };
}

function introOf({ group, notes, impacts }: ComposeInput): string {
  if (group.maintains !== undefined) {
    const lockfile = cell(group.maintains.lockfile?.path ?? "the lockfile");
    return `Makes ${lockfile} anew: what no manifest names goes to the newest release that is asked for, and copies that are not needed go. Direct dependencies stay as they are.`;
  }
  return `${whatOf(group, notes)}${whyOf(group)}${impactSentence(group, impacts)}`;
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

function tableSection({
  group,
  notes,
  now,
  evidence = new Map(),
  impacts = new Map(),
}: ComposeInput): Section {
  const rows = [...Map.groupBy(group.updates, rowKey).values()]
    .flatMap((same) => {
      const [first] = same;
      return first === undefined ? [] : [{ first, same }];
    })
    // What is most likely to need a look comes first.
    .toSorted((a, b) => ranks[a.first.size] - ranks[b.first.size]);
  const hasFixes = group.updates.some(({ fixes }) => fixes.length > 0);
  const manifests = new Set(group.updates.map(({ manifest }) => manifest.path));
  const hasPlaces = manifests.size > 1;
  const hasEvidence = evidence.size > 0;
  const hasImpact = impacts.size > 0;
  const head = [
    "Package",
    "From",
    "To",
    "Update",
    "Age",
    ...(hasImpact ? ["Impact"] : []),
    ...(hasEvidence ? ["Passed"] : []),
    ...(hasFixes ? ["Fixes"] : []),
    ...(hasPlaces ? ["In"] : []),
  ];
  const lines = rows.map(({ first, same }) =>
    row([
      linkedName(first, notes),
      cell(isAboutRequirement(first) ? first.dependency.requirement : first.from),
      cell(isAboutRequirement(first) ? first.requirement : first.release.version),
      [
        first.size,
        ...(first.dependency.kind === "transitive" ? ["transitive"] : []),
        ...(first.dependency.scope === "development" ? ["development"] : []),
      ].join(", "),
      ageOf(first, now),
      ...(hasImpact ? [impactCell(impacts.get(impactKey(first)))] : []),
      ...(hasEvidence ? [evidenceText(evidence.get(first.dependency.name) ?? nothingSeen)] : []),
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

const ranks = { major: 0, minor: 1, patch: 2 } as const;

const nothingSeen = { passed: 0, failed: 0 };

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

const day = 86_400_000;

function ageOf({ release }: Update, now: Date): string {
  const days = Math.floor((now.getTime() - Date.parse(release.publishedAt ?? "")) / day);
  if (Number.isNaN(days)) return "unknown";
  if (days < 1) return "today";
  if (days < 60) return days === 1 ? "1 day" : `${days} days`;
  return days < 730 ? `${Math.floor(days / 30)} months` : `${Math.floor(days / 365)} years`;
}
