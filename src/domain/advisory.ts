import type { VersionScheme } from "../versions/scheme.ts";
import type { Advisory, AffectedRange, Severity } from "./types.ts";
import { byText } from "../text/order.ts";

/**
 * Whether an advisory touches a version, by the evaluation of the OSV schema
 * (https://ossf.github.io/osv-schema/#evaluation): it is listed, or it lies in an interval. A version that the
 * scheme cannot read is touched only where it is listed.
 */
export function affects(advisory: Advisory, version: string, versions: VersionScheme): boolean {
  if (advisory.versions.includes(version)) return true;
  if (!versions.isValid(version)) return false;
  return (
    advisory.ranges.some((range) => contains(range, version, versions)) ||
    advisory.versions.some((listed) => versions.isValid(listed) && versions.compare(listed, version) === 0)
  );
}

function contains(range: AffectedRange, version: string, versions: VersionScheme): boolean {
  const { introduced, fixed, lastAffected, limit } = range;
  if (introduced !== undefined && versions.compare(version, introduced) < 0) return false;
  if (fixed !== undefined && versions.compare(version, fixed) >= 0) return false;
  if (lastAffected !== undefined && versions.compare(version, lastAffected) > 0) return false;
  return limit === undefined || versions.compare(version, limit) < 0;
}

/**
 * The versions above `version` that the advisory names as fixes and does not touch itself, lowest first: one for
 * each release line that was mended. Empty when nobody has named one.
 */
export function fixedVersions(
  advisory: Advisory,
  version: string,
  versions: VersionScheme,
): readonly string[] {
  const named = advisory.ranges.flatMap(({ fixed }) => (fixed === undefined ? [] : [fixed]));
  return [...new Set(named)]
    .filter((fix) => versions.compare(fix, version) > 0 && !affects(advisory, fix, versions))
    .toSorted(versions.compare);
}

/**
 * Tells what is known under several names once: of the advisories on one package that are aliases of each other,
 * directly or through a third, the best known stays (GitHub's before an ecosystem's own before a bare CVE) and takes
 * over every other name, every interval and the gravest severity. But where it names an end to each interval, the
 * others' intervals without an end do not count: they were written before there was a fix. Sorted by id and name.
 */
export function dedupeByAlias(advisories: readonly Advisory[]): readonly Advisory[] {
  const families: { names: Set<string>; members: Advisory[] }[] = [];
  for (const advisory of advisories) {
    const names = new Set([advisory.id, ...advisory.aliases].map((name) => keyed(advisory, name)));
    const members = [advisory];
    for (let at = families.length - 1; at >= 0; at--) {
      const family = families[at];
      if (family === undefined || ![...names].some((name) => family.names.has(name))) continue;
      for (const name of family.names) names.add(name);
      members.push(...family.members);
      families.splice(at, 1);
    }
    families.push({ names, members });
  }
  return families.map(({ members }) => spokesman(members)).toSorted(byIdAndName);
}

/** The order of `AdvisorySource.advisoriesFor`. */
export function byIdAndName(a: Advisory, b: Advisory): number {
  return byText(a.id, b.id) || byText(a.name, b.name);
}

/** From `unknown` (0) to `critical` (4). */
export function gravity(severity: Severity): number {
  return ["unknown", "low", "moderate", "high", "critical"].indexOf(severity);
}

function keyed(advisory: Advisory, name: string): string {
  return JSON.stringify([advisory.ecosystem, advisory.name, name]);
}

function spokesman(members: readonly Advisory[]): Advisory {
  const [first, ...others] = members.toSorted((a, b) => rank(a.id) - rank(b.id) || byText(a.id, b.id));
  if (first === undefined) throw new Error("a family of advisories has at least one member");
  const aliases = new Set(members.flatMap(({ id, aliases: more }) => [id, ...more]));
  aliases.delete(first.id);
  const gravest = others.reduce((a, b) => (gravity(b.severity) > gravity(a.severity) ? b : a), first);
  const scores = members.flatMap(({ score }) => (score === undefined ? [] : [score]));
  const isMended = first.ranges.length > 0 && first.ranges.every(hasEnd);
  const ranges = [first, ...others].flatMap((member) =>
    member === first || !isMended ? member.ranges : member.ranges.filter(hasEnd),
  );
  return {
    ...first,
    aliases: [...aliases].toSorted(),
    severity: gravest.severity,
    ...(scores.length > 0 && { score: Math.max(...scores) }),
    ranges: [...new Map(ranges.map((range) => [JSON.stringify(range), range])).values()],
    versions: [...new Set(members.flatMap(({ versions }) => versions))],
  };
}

function hasEnd({ fixed, lastAffected, limit }: AffectedRange): boolean {
  return fixed !== undefined || lastAffected !== undefined || limit !== undefined;
}

function rank(id: string): number {
  if (id.startsWith("MAL-")) return 0;
  if (id.startsWith("GHSA-")) return 1;
  return id.startsWith("CVE-") ? 3 : 2;
}
