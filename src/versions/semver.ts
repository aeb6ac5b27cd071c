import semver from "semver";
import { raise } from "./npm-raise.ts";
import { parsed, satisfies } from "./npm-range.ts";
import { partsOf, releaseOf, weightOf } from "./weight.ts";
import type { VersionScheme } from "./scheme.ts";

/** Versions and ranges as node-semver reads them: npm and all who share its registry. */
export const npmVersions: VersionScheme = {
  isValid: (version) => !Number.isNaN(weightOf(version)) || parsed(version) !== null,

  compare(a, b) {
    const weightOfA = weightOf(a);
    const weightOfB = weightOf(b);
    if (weightOfA >= 0 && weightOfB >= 0) return weightOfA - weightOfB;
    if (!Number.isNaN(weightOfA) && !Number.isNaN(weightOfB)) {
      const difference = releaseOf(weightOfA) - releaseOf(weightOfB);
      if (difference !== 0) return difference;
      // A prerelease comes before what it leads to.
      return weightOfA < 0 && weightOfB < 0 ? comparePrereleases(a, b) : weightOfA < 0 ? -1 : 1;
    }
    const left = parsed(a);
    const right = parsed(b);
    if (left === null || right === null) return Number(left !== null) - Number(right !== null);
    return left.compare(right) || left.compareBuild(right);
  },

  isPrerelease(version) {
    const weight = weightOf(version);
    return Number.isNaN(weight) ? (parsed(version)?.prerelease.length ?? 0) > 0 : weight < 0;
  },

  satisfies,

  size(from, to) {
    const [weightOfFrom, weightOfTo] = [weightOf(from), weightOf(to)];
    if (!Number.isNaN(weightOfFrom) && !Number.isNaN(weightOfTo)) {
      const [before, after] = [partsOf(weightOfFrom), partsOf(weightOfTo)];
      if (before.major !== after.major) return "major";
      return before.minor === after.minor ? "patch" : "minor";
    }
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

/**
 * https://semver.org/#spec-item-11 for two prereleases of one release: the first identifier that differs decides.
 * Without lists of them: some packages have thousands of such versions.
 */
function comparePrereleases(a: string, b: string): number {
  const first = a.indexOf("-") + 1;
  let at = first;
  while (at < a.length && at < b.length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  const start = Math.max(a.lastIndexOf(".", at - 1) + 1, first);
  const [one, other] = [identifierAt(a, start), identifierAt(b, start)];
  // All of the one is how the other begins.
  if (one === other) return a.length - b.length;
  const [isNumber, isOtherNumber] = [numeric.test(one), numeric.test(other)];
  if (isNumber && isOtherNumber) return Number(one) - Number(other);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return one < other ? -1 : 1;
}

function identifierAt(version: string, start: number): string {
  const end = version.indexOf(".", start);
  return version.slice(start, end === -1 ? undefined : end);
}

const numeric = /^\d+$/;
