import semver from "semver";
import { nameOf } from "./yarn1-lockfile.ts";

/** `alias@npm:real@^1.0.0` is the package `real`. */
export function realName(pattern: string): string {
  const alias = /^.[^@]*@npm:(.+)$/.exec(pattern)?.[1];
  return nameOf(alias ?? pattern);
}

export function isRange(requirement: string): boolean {
  return semver.validRange(requirement, { loose: true }) !== null;
}

/** Yarn takes a package of the workspace where its version fits. */
export function isMember(versions: ReadonlyMap<string, string>, name: string, range: string): boolean {
  const version = versions.get(name);
  return (
    version !== undefined &&
    (range === "*" ||
      range === "" ||
      semver.satisfies(version, range, { loose: true, includePrerelease: true }))
  );
}

/** The patterns that these ask the lockfile for. */
export function patternsOf(dependencies: Readonly<Record<string, string>>): string[] {
  return Object.entries(dependencies).map(([name, range]) => `${name}@${range}`);
}
