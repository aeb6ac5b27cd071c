import semver from "semver";

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
  const valid = semver.validRange(requirement, { loose: true });
  const result = valid === null ? undefined : new semver.Range(requirement, { loose: true });
  if (ranges.size > 20_000) ranges.clear();
  ranges.set(requirement, result);
  return result;
}

/** Whether a version is one that a requirement allows, as npm has it: prereleases only where one is named. */
export function satisfies(version: string, requirement: string): boolean {
  return rangeOf(requirement)?.test(parsed(version) ?? version) ?? false;
}
