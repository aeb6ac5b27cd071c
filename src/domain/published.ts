import type { PackageReleases } from "./types.ts";

/**
 * When a release was published, if that was after `limit` (milliseconds since 1970); `undefined` also where nobody tells. Brief
 * documents tell when anything of a package was published last: only where that is lately are its times asked for.
 */
export async function publishedSince(
  limit: number,
  version: string,
  ask: (need: { dated: boolean }) => Promise<PackageReleases | undefined>,
): Promise<string | undefined> {
  const brief = await ask({ dated: false });
  if (brief?.modifiedAt !== undefined && Date.parse(brief.modifiedAt) <= limit) return undefined;
  const dated = brief === undefined || brief.dated ? brief : await ask({ dated: true });
  const publishedAt = dated?.releases.find((release) => release.version === version)?.publishedAt;
  return publishedAt !== undefined && Date.parse(publishedAt) > limit ? publishedAt : undefined;
}
