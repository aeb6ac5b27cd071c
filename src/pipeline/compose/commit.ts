import { stringify } from "yaml";
import { dependencyTypeOf } from "../../domain/policy.ts";
import type { ReleaseNotes } from "../../domain/ports.ts";
import { sourceUrl } from "../../domain/source.ts";
import type { ProposalPolicy, Update, UpdateGroup } from "../../domain/types.ts";
import { fromTo, isAboutRequirement, packagesOf, placeOf, plain, subjectOf } from "./title.ts";

/**
 * The commit message: subject, what moved with links to read, and the block that `dependabot/fetch-metadata` parses. The
 * trailer after the block is not decoration: the parser wants a line end after `...`, and GitHub trims the last one.
 */
export function commitMessageOf(
  group: UpdateGroup,
  policy: ProposalPolicy,
  notes: ReadonlyMap<string, ReleaseNotes>,
): string {
  if (group.maintains !== undefined) {
    return `${subjectOf(group, policy)}\n\nWhat no manifest names goes to the newest release that is asked for.\n\nGenerated-by: Steeplejack\n`;
  }
  const packages = packagesOf(group);
  const [first] = packages;
  const body =
    packages.length === 1 && first !== undefined
      ? [introOf(first, notes), ...linksOf(first[0], notes)].join("\n")
      : [
          `Bumps the ${plain(group.name)} group${placeOf(group.updates)} with ${packages.length} updates${namesOf(packages, notes)}`,
          "",
          "",
          packages.map((updates) => sectionOf(updates, notes)).join("\n\n"),
        ].join("\n");
  return `${subjectOf(group, policy)}\n\n${body}\n\n${metadataOf(group, packages)}\n\nGenerated-by: Steeplejack\n`;
}

type Package = readonly [Update, ...Update[]];

/** `Bumps [axios](page) from 0.27.2 to 1.4.0.`, a line that other tools look for. */
function introOf(updates: Package, notes: ReadonlyMap<string, ReleaseNotes>): string {
  const name = linked(updates[0].dependency.name, notes);
  return updates.every(isAboutRequirement)
    ? `Updates the requirements on ${name} to permit the latest version.`
    : `Bumps ${name} ${fromTo(updates)}.`;
}

function namesOf(packages: readonly Package[], notes: ReadonlyMap<string, ReleaseNotes>): string {
  if (packages.length > 4) return ".";
  const names = packages.map(([{ dependency }]) => linked(dependency.name, notes));
  return `: ${new Intl.ListFormat("en-US").format(names).replace(/, and /, " and ")}.`;
}

function sectionOf(updates: Package, notes: ReadonlyMap<string, ReleaseNotes>): string {
  const [first] = updates;
  const title = updates.every(isAboutRequirement)
    ? `Updates the requirements on \`${plain(first.dependency.name)}\` to permit the latest version.`
    : `Updates \`${plain(first.dependency.name)}\` ${fromTo(updates)}`;
  return [title, ...linksOf(first, notes)].join("\n");
}

function linksOf({ dependency }: Update, notes: ReadonlyMap<string, ReleaseNotes>): readonly string[] {
  const found = notes.get(dependency.name);
  const source = found?.source?.url;
  const isRelease = source !== undefined && source.endsWith("/releases");
  return [
    ...(source === undefined ? [] : [`- [${isRelease ? "Release notes" : "Changelog"}](${address(source)})`]),
    ...(found?.compareUrl === undefined ? [] : [`- [Commits](${address(found.compareUrl)})`]),
  ];
}

function linked(name: string, notes: ReadonlyMap<string, ReleaseNotes>): string {
  const source = notes.get(name)?.repository?.url;
  const page = source === undefined ? undefined : sourceUrl(source);
  return page === undefined ? plain(name) : `[${plain(name)}](${address(page)})`;
}

function address(url: string): string {
  return (URL.parse(url)?.href ?? "")
    .replace(/[()\s<>]/g, encodeURIComponent)
    .replaceAll("(", "%28")
    .replaceAll(")", "%29");
}

function metadataOf(group: UpdateGroup, packages: readonly Package[]): string {
  const entries = packages.map((updates) => {
    const [first] = updates;
    const isProduction = updates.some(
      ({ dependency }) => dependencyTypeOf(dependency.scope) === "production",
    );
    const isDirect = updates.some(({ dependency }) => dependency.kind !== "transitive");
    const largest = (["major", "minor", "patch"] as const).find((size) =>
      updates.some((one) => one.size === size),
    );
    return [
      `- dependency-name: ${scalar(first.dependency.name)}`,
      `  dependency-version: ${scalar(first.release.version)}`,
      `  dependency-type: ${isDirect ? `direct:${isProduction ? "production" : "development"}` : "indirect"}`,
      `  update-type: version-update:semver-${largest ?? first.size}`,
      ...(group.single ? [] : [`  dependency-group: ${scalar(group.name)}`]),
    ].join("\n");
  });
  return ["---", "updated-dependencies:", ...entries, "..."].join("\n");
}

/** Quoted where an older YAML would read a number, a truth value or the like. */
function scalar(text: string): string {
  return stringify(plain(text), { version: "1.1", singleQuote: true, lineWidth: 0 }).trimEnd();
}
