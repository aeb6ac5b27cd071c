import defaults from "npm-registry-fetch/lib/default-opts.js";
import { z } from "zod";
import type { HttpClient } from "../../domain/ports.ts";
import type { Package, PackageReleases, Release, SourceRepository } from "../../domain/types.ts";
import { npmVersions } from "../../versions/semver.ts";

/** npm's own default, ending in `/`. */
export const publicRegistry: string = defaults.registry;

const abbreviated = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
const full = "application/json";

const version = z.object({
  deprecated: z.unknown().optional(),
  engines: z.unknown().optional(),
  repository: z.unknown().optional(),
});
const document = z.object({
  "dist-tags": z.record(z.string(), z.string()).catch({}),
  versions: z.record(z.string(), version).catch({}),
  time: z.record(z.string(), z.unknown()).optional().catch(undefined),
  modified: z.string().optional().catch(undefined),
  repository: z.unknown().optional(),
});

/**
 * Asks the registry for one package. https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md
 *
 * The abbreviated document comes first: a tenth of the full one, but without times of publication, except from
 * registries that always send the full one.
 */
export async function releasesOf(
  { name, registry }: Package,
  http: HttpClient,
  options: { dated: boolean },
): Promise<PackageReleases | undefined> {
  const url = `${registry ?? publicRegistry}${name.replace("/", "%2F")}`;
  const brief = await http.get(url, { accept: abbreviated, cacheAs: "npm-releases-1", read: readReleases });
  if (brief === undefined || brief.dated || !options.dated) return brief;
  return http.get(url, { accept: full, cacheAs: "npm-releases-1", read: readReleases });
}

/** Distils a registry document to what the planner needs. A version that is not semver is left out, as npm does. */
export function readReleases(body: Buffer): PackageReleases {
  const { time, modified, versions, ...rest } = document.parse(JSON.parse(body.toString("utf8")));
  const releases = Object.entries(versions)
    .filter(([number]) => npmVersions.isValid(number))
    .map(([number, found]) => release(number, found, time?.[number]))
    .toSorted((a, b) => npmVersions.compare(a.version, b.version));
  const recommended = rest["dist-tags"]["latest"];
  const source = sourceOf(rest.repository) ?? sourceOf(versions[recommended ?? ""]?.repository);
  const last = modified ?? time?.["modified"];
  return {
    releases,
    dated: time !== undefined,
    ...(recommended === undefined ? {} : { recommended }),
    ...(typeof last === "string" ? { modifiedAt: last } : {}),
    ...(source === undefined ? {} : { source }),
  };
}

function release(number: string, found: z.infer<typeof version>, time: unknown): Release {
  const { deprecated, engines } = found;
  const node =
    typeof engines === "object" && engines !== null && "node" in engines ? engines.node : undefined;
  return {
    version: number,
    ...(typeof time === "string" && !Number.isNaN(Date.parse(time)) ? { publishedAt: time } : {}),
    // `deprecated: ""` is how a deprecation is taken back, and some documents carry `false`.
    ...(typeof deprecated === "string" && deprecated !== ""
      ? { withdrawn: { kind: "deprecated" as const, message: deprecated.slice(0, 300) } }
      : {}),
    ...(typeof node === "string" ? { engines: { node } } : {}),
  };
}

function sourceOf(repository: unknown): SourceRepository | undefined {
  if (typeof repository === "string") return { url: repository };
  if (typeof repository !== "object" || repository === null || !("url" in repository)) return undefined;
  if (typeof repository.url !== "string") return undefined;
  const directory = "directory" in repository ? repository.directory : undefined;
  return { url: repository.url, ...(typeof directory === "string" ? { directory } : {}) };
}

/** The address of a release's archive: registries without exception use npm's own scheme. */
export function archiveOf({ name, registry }: Package, number: string): string {
  const bare = name.slice(name.indexOf("/") + 1);
  return `${registry ?? publicRegistry}${name}/-/${bare}-${number}.tgz`;
}
