import semver from "semver";
import type { Release } from "../domain/types.ts";
import type { RaiseStrategy, VersionScheme } from "./scheme.ts";

/** Versions and ranges as node-semver reads them: npm and all who share its registry. */
export const npmVersions: VersionScheme = {
  isValid: (version) => weightOf(version) >= 0 || parsed(version) !== null,

  compare(a, b) {
    const [weightOfA, weightOfB] = [weightOf(a), weightOf(b)];
    if (weightOfA >= 0 && weightOfB >= 0) return weightOfA - weightOfB;
    const left = parsed(a);
    const right = parsed(b);
    if (left === null || right === null) return Number(left !== null) - Number(right !== null);
    return left.compare(right) || left.compareBuild(right);
  },

  isPrerelease: (version) => weightOf(version) < 0 && (parsed(version)?.prerelease.length ?? 0) > 0,

  satisfies: (version, requirement) => rangeOf(requirement)?.test(parsed(version) ?? version) ?? false,

  size(from, to) {
    const left = parsed(from);
    const right = parsed(to);
    const difference = semver.diff(left ?? from, right ?? to);
    if (difference === null) return "patch";
    // From a prerelease to its own release is what the prerelease was for: 2.0.0-rc.1 to 2.0.0 breaks nothing anew.
    if (left?.prerelease.length && left.compareMain(right ?? to) === 0) return "patch";
    if (left !== null && right !== null) {
      if (left.major !== right.major) return "major";
      return left.minor === right.minor ? "patch" : "minor";
    }
    return "major";
  },

  raise,
};

const plain = /^(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})$/;
const weights = new Map<string, number>();

/** One number in the order of versions for what nearly all are, three small numbers; negative for every other. */
function weightOf(version: string): number {
  const known = weights.get(version);
  if (known !== undefined) return known;
  const [, major, minor, patch] = plain.exec(version) ?? [];
  const weight = major === undefined ? -1 : Number(major) * 1e10 + Number(minor) * 1e5 + Number(patch);
  if (weights.size > 200_000) weights.clear();
  weights.set(version, weight);
  return weight;
}

const parsedVersions = new Map<string, semver.SemVer | null>();

/** The same version is compared many times while candidates are weighed; parsing is nearly all of the cost. */
function parsed(version: string): semver.SemVer | null {
  const known = parsedVersions.get(version);
  if (known !== undefined) return known;
  const result = semver.parse(version, { loose: true });
  if (parsedVersions.size > 200_000) parsedVersions.clear();
  parsedVersions.set(version, result);
  return result;
}

const ranges = new Map<string, semver.Range | undefined>();

/** The same few requirements are asked about for every release of their package. */
function rangeOf(requirement: string): semver.Range | undefined {
  if (ranges.has(requirement)) return ranges.get(requirement);
  const valid = semver.validRange(requirement, { loose: true });
  const result = valid === null ? undefined : new semver.Range(requirement, { loose: true });
  if (ranges.size > 20_000) ranges.clear();
  ranges.set(requirement, result);
  return result;
}

/** A requirement that is one comparator: an operator, perhaps `v`, one to three numbers of which some may be `x`. */
const single =
  /^(?<operator>\^|~>?|=|>=|<=|>|<|)(?<space>\s*)(?<v>v?)(?<version>\d+(?:\.(?:\d+|[xX*])){0,2}(?:-[\w.-]+)?(?:\+[\w.-]+)?)$/;

function raise(requirement: string, release: Release, strategy: RaiseStrategy): string | undefined {
  const { version } = release;
  const fits = npmVersions.satisfies(version, requirement);
  if (strategy === "widen") return fits ? requirement : widened(requirement, version);

  const [, ...alternatives] = requirement.split("||");
  if (alternatives.length > 0) return fits ? requirement : raisedLast(requirement, release);
  return raisedRange(requirement, version, fits);
}

/** `^1 || ^2` and 3.1.0 make `^1 || ^2 || ^3`, in the style of the last alternative. */
function raisedLast(requirement: string, release: Release): string | undefined {
  const last = requirement.split("||").at(-1)?.trim() ?? "";
  const next = single.test(last) ? raisedRange(last, release.version, false) : undefined;
  if (next === undefined) return undefined;
  const separator = /\s*\|\|\s*/.exec(requirement)?.[0] ?? " || ";
  return `${requirement}${separator}${next}`;
}

function raisedRange(requirement: string, version: string, fits: boolean): string | undefined {
  const text = requirement.trim();
  if (text === "" || /^(?:[xX*])(?:\.[xX*])*$/.test(text)) return requirement;
  const around = (next: string) => requirement.replace(text, () => next);

  const parts = single.exec(text)?.groups;
  if (parts !== undefined) {
    const { operator = "", space = "", v = "", version: old = "" } = parts;
    if (operator === "<" || operator === "<=")
      return fits ? requirement : around(upperBound(operator, space + v, version));
    if (operator === ">" || operator === ">=") return requirement;
    return around(`${operator}${space}${v}${sameShape(old, version)}`);
  }

  const hyphen = /^(?<low>\S+)(?<dash>\s+-\s+)(?<high>\S+)$/.exec(text)?.groups;
  if (hyphen !== undefined) {
    if (fits) return requirement;
    return around(`${hyphen["low"] ?? ""}${hyphen["dash"] ?? ""}${sameShape(hyphen["high"] ?? "", version)}`);
  }

  // `>=1.2.0 <2.0.0` and the like: the lower end stays, the upper end moves just past the release.
  if (fits) return requirement;
  const upper = /(?<operator><=?)(?<space>\s*)(?<old>v?\d[\w.+-]*)\s*$/.exec(text);
  if (upper === null || !/^(?:>=?\s*v?\d|\^|~)/.test(text)) return undefined;
  const { operator = "<", space = "" } = upper.groups ?? {};
  const moved = text.slice(0, upper.index) + upperBound(operator, space, version);
  return npmVersions.satisfies(version, moved) ? around(moved) : undefined;
}

/** `< 2.0.0` moves to the next major past the release; `<= 1.4.0` to the release itself. */
function upperBound(operator: string, space: string, version: string): string {
  if (operator === "<=") return `<=${space}${version}`;
  const next = parsed(version);
  return next === null ? `<${space}${version}` : `<${space}${next.major + 1}.0.0`;
}

/** Writes `version` with as many numbers as `old` has: `1.x` and 2.3.4 make `2.x`; a prerelease is always written whole. */
function sameShape(old: string, version: string): string {
  const next = parsed(version);
  if (next === null || next.prerelease.length > 0) return version;
  const shape = old.replace(/[-+].*$/, "").split(".");
  const numbers = [next.major, next.minor, next.patch];
  const allNumbers = shape.length === 3 && shape.every((part) => /^\d+$/.test(part));
  if (allNumbers) return version.replace(/^[v=\s]+/, "");
  return shape.map((part, index) => (/^\d+$/.test(part) ? numbers[index] : part)).join(".");
}

/** Keeps what was allowed and adds the release's line: `^17.0.0 || ^18.0.0` and 19.1.0 add ` || ^19.0.0`. */
function widened(requirement: string, version: string): string | undefined {
  if (rangeOf(requirement) === undefined) return undefined;
  const next = parsed(version);
  if (next === null) return undefined;
  const last = requirement.split("||").at(-1)?.trim() ?? "";
  const style = single.exec(last)?.groups;
  const line =
    next.prerelease.length > 0 ? version : next.major > 0 ? `${next.major}.0.0` : `0.${next.minor}.0`;
  const added =
    style !== undefined &&
    ["^", ""].includes(style["operator"] ?? "") &&
    style["version"]?.split(".").length !== 3
      ? `${style["operator"] ?? ""}${sameShape(style["version"] ?? "", version)}`
      : `^${line}`;
  return `${requirement.trimEnd()} || ${added}`;
}
