import type { PackageReleases, Release } from "../../domain/types.ts";

const byVersion = new WeakMap<PackageReleases, ReadonlyMap<string, Release>>();

/** A package's release by its number. Many dependencies of a workspace ask the same package: it is put in order once. */
export function releaseNamed(releases: PackageReleases, version: string): Release | undefined {
  let known = byVersion.get(releases);
  if (known === undefined) {
    known = new Map(releases.releases.map((release) => [release.version, release]));
    byVersion.set(releases, known);
  }
  return known.get(version);
}
