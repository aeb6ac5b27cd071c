import semver from "semver";
import { raise } from "./npm-raise.ts";
import { parsed, satisfies } from "./npm-range.ts";
import type { VersionScheme } from "./scheme.ts";

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

  satisfies,

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
