import semver from "semver";
import type { Release } from "../domain/types.ts";
import { parsed, rangeOf, satisfies } from "./npm-range.ts";
import type { RaiseStrategy } from "./scheme.ts";

/**
 * Moves a requirement of npm up to a release, as Dependabot writes it:
 * https://github.com/dependabot/dependabot-core/blob/main/npm_and_yarn/lib/dependabot/npm_and_yarn/update_checker/requirements_updater.rb
 */
export function raise(requirement: string, release: Release, strategy: RaiseStrategy): string | undefined {
  const plain = strategy === "extend" ? undefined : raisedPlain(requirement, release.version);
  if (plain !== undefined)
    return strategy === "widen" && satisfies(release.version, requirement) ? requirement : plain;
  const range = rangeOf(requirement);
  if (range === undefined) return undefined;
  const fits = satisfies(release.version, requirement);
  // A requirement that starts above the release would have to be lowered.
  if (!fits && semver.ltr(release.version, range, { loose: true })) return undefined;
  const raised =
    fits && strategy !== "increase" ? requirement : written(requirement, release, strategy, fits);
  return raised !== undefined && satisfies(release.version, raised) ? raised : undefined;
}

const plainRequirement = /^([\^~=]?v?)(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/;
const plainVersion = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/;

/** `^1.2.3` and 1.4.0 are nearly all that there is, and are asked about for every release: without reading any range. */
function raisedPlain(requirement: string, version: string): string | undefined {
  const old = plainRequirement.exec(requirement);
  const next = old === null ? null : plainVersion.exec(version);
  if (old === null || next === null) return undefined;
  for (const part of [0, 1, 2]) {
    const step = Number(next[part + 1]) - Number(old[part + 2]);
    if (step < 0) return undefined;
    if (step > 0) break;
  }
  return `${old[1]}${version}`;
}

function written(
  requirement: string,
  release: Release,
  strategy: RaiseStrategy,
  fits: boolean,
): string | undefined {
  if (strategy === "extend") return extended(requirement, release.version);
  if (/<|\s-\s/.test(requirement)) return fits ? requirement : withUpperEnd(requirement, release.version);
  const alternatives = requirement.split("||");
  if (alternatives.length === 1) return raisedSingle(requirement, release);
  if (strategy === "widen") return extended(requirement, release.version);
  const first = alternatives[0]?.trim() ?? "";
  const raised = raisedSingle(first, release);
  return raised === first ? requirement : raised;
}

/** A requirement that is one comparator: an operator, perhaps `v`, one to three numbers of which some may be `x`. */
const single =
  /^(?<before>\s*(?<operator>\^|~>?|=|>=|>|)\s*v?)(?<version>\d+(?:\.(?:\d+|[xX*])){0,2}(?:-[\w.-]+)?(?:\+[\w.-]+)?)(?<after>\s*)$/;
const anything = /^\s*(?:[xX*](?:\.[xX*])*)?\s*$/;

function raisedSingle(requirement: string, release: Release): string | undefined {
  if (anything.test(requirement)) return requirement;
  const parts = single.exec(requirement)?.groups;
  if (parts === undefined) return undefined;
  const { before = "", operator, version = "", after = "" } = parts;
  // `>` the release would shut it out, and what is above the old end is above it still.
  if (operator === ">") return requirement;
  return `${before}${sameShape(version, release.version)}${checksum(version, release)}${after}`;
}

/** The checksum that follows a package manager's version, where the release has one: `9.1.0+sha512.<hex>`. */
function checksum(old: string, { digest }: Release): string {
  return digest !== undefined && /\+sha\d+\./.test(old) ? `+${digest}` : "";
}

/** Writes `version` with as many numbers as `old` has: `1.x` and 2.3.4 make `2.x`; a prerelease is always written whole. */
function sameShape(old: string, version: string): string {
  const next = parsed(version);
  if (next === null || next.prerelease.length > 0) return version;
  const numbers = [next.major, next.minor, next.patch];
  return partsOf(old)
    .map((part, index) => (/^\d+$/.test(part) ? numbers[index] : part))
    .join(".");
}

function partsOf(version: string): string[] {
  return version.replace(/[-+].*$/, "").split(".");
}

const upperEnd = /(?<before>(?<operator><=?)\s*v?|\s-\s+v?)(?<old>\d[\w.*+-]*)/g;

/** Moves the only upper end past the release; of several none is the one, and the release is an alternative to them all. */
function withUpperEnd(requirement: string, version: string): string | undefined {
  const ends = [...requirement.matchAll(upperEnd)];
  const [end] = ends;
  if (end === undefined) return undefined;
  if (ends.length > 1) return `${requirement.trimEnd()}${separatorOf(requirement)}^${version}`;
  const { before = "", operator, old = "" } = end.groups ?? {};
  const from = end.index + before.length;
  const next =
    operator !== "<" && partsOf(old).length < 3 ? sameShape(old, version) : pastRelease(old, version);
  return requirement.slice(0, from) + next + requirement.slice(from + old.length);
}

/** The number that the old end stopped at, one above the release's: 1.2.0 and 1.5.3 make 1.6.0, 2.0.0 and 3.1.4 make 4.0.0. */
function pastRelease(old: string, version: string): string {
  const next = parsed(version);
  if (next === null) return version;
  const numbers = [next.major, next.minor, next.patch];
  const parts = partsOf(old);
  const last = Math.max(
    0,
    parts.findLastIndex((part) => Number(part) > 0),
  );
  return parts
    .map((_, index) => (index < last ? numbers[index] : index === last ? (numbers[index] ?? 0) + 1 : 0))
    .join(".");
}

function separatorOf(requirement: string): string {
  return /\s*\|\|\s*/.exec(requirement)?.[0] ?? " || ";
}

/** Keeps what was allowed and adds the release's line: `^17.0.0 || ^18.0.0` and 19.1.0 add ` || ^19.0.0`. */
function extended(requirement: string, version: string): string | undefined {
  const next = parsed(version);
  if (next === null) return undefined;
  const last = requirement.split("||").at(-1)?.trim() ?? "";
  const { operator, version: old = "" } = single.exec(last)?.groups ?? {};
  const isLine = (operator === "^" || operator === "") && partsOf(old).length < 3;
  const line =
    next.prerelease.length > 0 ? version : next.major > 0 ? `${next.major}.0.0` : `0.${next.minor}.0`;
  const added = isLine ? `${operator}${sameShape(old, version)}` : `^${line}`;
  return `${requirement.trimEnd()}${separatorOf(requirement)}${added}`;
}
