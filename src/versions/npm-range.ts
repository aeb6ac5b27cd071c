import semver from "semver";
import { partsOf, weightOf } from "./weight.ts";

const parsedVersions = new Map<string, semver.SemVer | null>();

/** The same version is compared many times while candidates are weighed; parsing is nearly all of the cost. */
export function parsed(version: string): semver.SemVer | null {
  const known = parsedVersions.get(version);
  if (known !== undefined) return known;
  const result = semver.parse(version, { loose: true });
  if (parsedVersions.size > 200_000) parsedVersions.clear();
  parsedVersions.set(version, result);
  return result;
}

const ranges = new Map<string, semver.Range | undefined>();

/** The same few requirements are asked about for every release of their package. */
export function rangeOf(requirement: string): semver.Range | undefined {
  if (ranges.has(requirement)) return ranges.get(requirement);
  const result = readRange(requirement);
  if (ranges.size > 20_000) ranges.clear();
  ranges.set(requirement, result);
  return result;
}

function readRange(requirement: string): semver.Range | undefined {
  try {
    return new semver.Range(requirement, { loose: true });
  } catch {
    return undefined;
  }
}

/** Whether a version is one that a requirement allows, as npm has it: prereleases only where one is named. */
export function satisfies(version: string, requirement: string): boolean {
  const weight = weightOf(version);
  const span = weight >= 0 ? spanOf(requirement) : undefined;
  if (span !== undefined) return weight >= span.from && weight < span.until;
  return rangeOf(requirement)?.test(parsed(version) ?? version) ?? false;
}

/** By their weights, the releases that a requirement allows. */
interface WeightSpan {
  readonly from: number;
  readonly until: number;
}

const spans = new Map<string, WeightSpan | undefined>();

/** Of `^1.2.3`, `~1.2.3` and `1.2.3`, which are nearly all that there is; of prereleases it says nothing. */
function spanOf(requirement: string): WeightSpan | undefined {
  if (spans.has(requirement)) return spans.get(requirement);
  const [, operator = "", version = ""] = /^([\^~=]?)v?(\d+\.\d+\.\d+)$/.exec(requirement) ?? [];
  const from = weightOf(version);
  const span = from >= 0 ? { from, until: endOf(operator, from) } : undefined;
  if (spans.size > 20_000) spans.clear();
  spans.set(requirement, span);
  return span;
}

function endOf(operator: string, from: number): number {
  const { major, minor } = partsOf(from);
  if (operator === "^" && major > 0) return (major + 1) * 1e10;
  if (operator === "~" || (operator === "^" && minor > 0)) return (major * 1e5 + minor + 1) * 1e5;
  return from + 1;
}
