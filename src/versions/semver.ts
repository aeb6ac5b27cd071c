import semver from "semver";
import { raise } from "./npm-raise.ts";
import { parsed, satisfies } from "./npm-range.ts";
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

const weights = new Map<string, number>();
const unknown = Number.NaN;

/**
 * One number in the order of versions for what nearly all are: three small numbers, and perhaps a prerelease, whose
 * weight is below zero. NaN for every other, valid or not.
 */
function weightOf(version: string): number {
  const known = weights.get(version);
  if (known !== undefined) return known;
  const weight = weigh(version);
  if (weights.size > 200_000) weights.clear();
  weights.set(version, weight);
  return weight;
}

const [zero, nine, dot, hyphen] = [0x30, 0x39, 0x2e, 0x2d];
const identifier = String.raw`(?:0|[1-9]\d{0,8}|\d*[A-Za-z-][\dA-Za-z-]*)`;
const prerelease = new RegExp(String.raw`^(?=.{1,200}$)${identifier}(?:\.${identifier})*$`);

function weigh(version: string): number {
  let weight = 0;
  let at = 0;
  for (let part = 0; part < 3; part++) {
    if (part > 0 && version.charCodeAt(at++) !== dot) return unknown;
    const start = at;
    let number = 0;
    for (let code = version.charCodeAt(at); code >= zero && code <= nine; code = version.charCodeAt(++at))
      number = number * 10 + code - zero;
    const length = at - start;
    if (length === 0 || length > 5 || (length > 1 && version.charCodeAt(start) === zero)) return unknown;
    weight = weight * 1e5 + number;
  }
  if (at === version.length) return weight;
  return version.charCodeAt(at) === hyphen && prerelease.test(version.slice(at + 1)) ? -1 - weight : unknown;
}

/** The weight of what a prerelease leads to, or of a release itself. */
function releaseOf(weight: number): number {
  return weight < 0 ? -1 - weight : weight;
}

/** https://semver.org/#spec-item-11 for two prereleases of one release. */
function comparePrereleases(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.slice(version.indexOf("-") + 1).split("."));
  if (left === undefined || right === undefined) return 0;
  const at = left.findIndex((part, index) => part !== right[index]);
  const [one, other] = [left[at], right[at]];
  if (one === undefined) return left.length - right.length;
  if (other === undefined) return 1;
  const [isNumber, isOtherNumber] = [numeric.test(one), numeric.test(other)];
  if (isNumber && isOtherNumber) return Number(one) - Number(other);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return one < other ? -1 : 1;
}

const numeric = /^\d+$/;
