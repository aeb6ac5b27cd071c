import type { PackageReleases, Release } from "../../domain/types.ts";

/** A package's release by its number. They are in order, and what is in use is mostly among the last. */
export function releaseNamed({ releases }: PackageReleases, version: string): Release | undefined {
  return releases.findLast((release) => release.version === version);
}
