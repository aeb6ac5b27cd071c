import { posix } from "node:path";
import picomatch from "picomatch";
import { gravity } from "../domain/advisory.ts";
import { dependencyTypeOf, matchesPattern, type PolicyMove, type PolicySubject } from "../domain/policy.ts";
import { npmVersions } from "../versions/semver.ts";
import type { Entry, Match } from "./schema/file.ts";

/** Patterns of a user can be long: what takes exponential time to match is switched off. */
const safely = { dot: true, noextglob: true, strictSlashes: false } as const;

/** What a rule asks about; what is not known yet fits no condition. */
export interface Asked {
  readonly ecosystem: string;
  readonly subject?: Pick<PolicySubject, "manifest" | "dependency">;
  readonly move?: PolicyMove;
}

/** Makes the test of a rule: every condition that it states must fit. */
export function toCondition(match: Match): (asked: Asked) => boolean {
  const isPath = match.paths === undefined ? undefined : picomatch(match.paths.map(withoutSlash), safely);
  const conditions: ((asked: Asked) => boolean)[] = [
    ({ ecosystem }) => match.ecosystems?.includes(ecosystem) ?? true,
    ({ subject }) => isAmong(match.names, subject?.dependency.name),
    ({ subject }) =>
      match["exclude-names"] === undefined ||
      (subject !== undefined && !isAmong(match["exclude-names"], subject.dependency.name)),
    ({ subject }) => isPath === undefined || (subject !== undefined && isPath(subject.manifest.path)),
    ({ subject }) =>
      match["dependency-type"] === undefined ||
      (subject !== undefined && dependencyTypeOf(subject.dependency.scope) === match["dependency-type"]),
    ({ subject }) =>
      match.kinds === undefined || (subject !== undefined && match.kinds.includes(kindOf(subject))),
    ({ subject }) => isCurrently(match["current-version"], subject?.dependency.version),
    ({ move }) =>
      match["update-types"] === undefined ||
      (move !== undefined && match["update-types"].includes(move.size)),
    ({ move }) =>
      match.severity === undefined ||
      (move?.severity !== undefined && gravity(move.severity) >= gravity(match.severity)),
    ({ move }) =>
      match["min-age-days"] === undefined || (move !== undefined && move.age >= match["min-age-days"]),
    ({ move }) =>
      match["max-age-days"] === undefined || (move !== undefined && move.age <= match["max-age-days"]),
  ];
  return (asked) => conditions.every((condition) => condition(asked));
}

const kindOfScope = {
  runtime: "production",
  development: "development",
  optional: "optional",
  peer: "peer",
} as const;

function kindOf({ dependency: { kind, scope } }: Pick<PolicySubject, "dependency">) {
  return kind ?? kindOfScope[scope];
}

function isCurrently(range: string | undefined, version: string | undefined): boolean {
  return range === undefined || (version !== undefined && npmVersions.satisfies(version, range));
}

function isAmong(patterns: readonly string[] | undefined, name: string | undefined): boolean {
  if (patterns === undefined) return true;
  return name !== undefined && patterns.some((pattern) => matchesPattern(pattern, name));
}

/** The folders of an entry as globs from the top, without slashes at their ends; empty for the top itself. */
export function foldersOf({ directory, directories }: Entry): readonly string[] {
  const written = directories ?? (directory === undefined ? [] : [directory]);
  return written.map((folder) => withoutSlash(posix.normalize(folder)));
}

/** What an entry leaves out, as globs from the top: it writes them relative to its folders. */
export function excludedIn(entry: Entry): readonly string[] {
  const excluded = (entry["exclude-paths"] ?? []).map((path) => anywhere(path.replace(/^\/+/, "")));
  return foldersOf(entry).flatMap((folder) => excluded.map((path) => posix.join(folder, path)));
}

/** Wildcards without a folder are for names in any folder: `*.json`. */
function anywhere(path: string): string {
  const isName = !path.includes("/") && path.includes("*") && !path.startsWith("**");
  return isName ? `**/${path}` : path;
}

/** Makes the test of which folders an entry is for. `**` alone means the top, too. */
export function toFolderTest(entry: Entry): (folder: string) => boolean {
  const folders = foldersOf(entry);
  const isTop = folders.some((folder) => ["", "*", "**", "**/*"].includes(folder));
  const globs = folders.filter((folder) => folder !== "");
  const isInside =
    globs.length === 0
      ? () => false
      : entry.directories === undefined
        ? (folder: string) => globs.includes(folder)
        : picomatch(globs, safely);
  return (folder) => (folder === "" ? isTop : isInside(folder));
}

function withoutSlash(path: string): string {
  return path
    .replace(/^(?:\.?\/)+/, "")
    .replace(/\/+$/, "")
    .replace(/^\.$/, "");
}
