import { isAscii } from "node:buffer";
import defaults from "npm-registry-fetch/lib/default-opts.js";
import type { HttpClient } from "../../domain/ports.ts";
import type { Package, PackageReleases, Release, SourceRepository } from "../../domain/types.ts";
import { isTable, tableOf } from "../../text/data.ts";
import { giveBack } from "../../text/memory.ts";
import { type Pick, pick } from "../../text/pick.ts";
import { npmVersions } from "../../versions/semver.ts";

/** npm's own default, ending in `/`. */
export const publicRegistry: string = defaults.registry;

/** The forms in which a registry has a document, as the `Accept` that asks for them. */
export const abbreviated = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
export const full = "application/json";

/**
 * Asks the registry for one package. https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md
 *
 * The abbreviated document comes first: a tenth of the full one, but without times of publication, except from
 * registries that always send the full one.
 */
export async function releasesOf(
  of: Package,
  http: HttpClient,
  options: { dated: boolean },
): Promise<PackageReleases | undefined> {
  const url = addressOf(of);
  const reading = packageManagers.has(of.name)
    ? { cacheAs: "npm-managers-1", read: (body: Buffer) => readReleases(body, withChecksums) }
    : { cacheAs: "npm-releases-2", read: (body: Buffer) => readReleases(body, wanted) };
  const brief = await http.get(url, { accept: abbreviated, ...reading });
  if (brief === undefined || brief.dated || !options.dated) return brief;
  return http.get(url, { accept: full, ...reading });
}

/** Where a registry keeps what it knows of a package. */
export function addressOf({ name, registry }: Package): string {
  return `${registry ?? publicRegistry}${name.replace("/", "%2F")}`;
}

// The repository is wanted of one version only, and read then; what is asked for beside it is mostly the same.
const ofVersion: Pick = {
  deprecated: "value",
  engines: "value",
  peerDependencies: "text",
  repository: "text",
};
const wanted = {
  name: "value",
  "dist-tags": "value",
  modified: "value",
  time: "value",
  repository: "value",
  versions: { "*": ofVersion },
} as const satisfies Pick;

/** Those that `packageManager` names with the checksum of their archive. Yarn's from 2 on is of another file. */
const packageManagers = new Set(["npm", "pnpm", "yarn"]);
const withChecksums: Pick = { ...wanted, versions: { "*": { ...ofVersion, dist: { integrity: "value" } } } };

/**
 * Distils a registry document to what the planner needs. A version that is not semver is left out, as npm does. Read by
 * hand: some documents have thousands of versions, and this is where a scan spends its time.
 */
function readReleases(body: Buffer, what: Pick): PackageReleases {
  const text = textOf(body);
  giveBack(body);
  const document = pick(text, what);
  if (!isTable(document)) throw new TypeError("it is no JSON object");
  const versions = isTable(document["versions"]) ? document["versions"] : {};
  const tags = isTable(document["dist-tags"]) ? document["dist-tags"] : {};
  const time = isTable(document["time"]) ? document["time"] : undefined;
  const releases: Release[] = [];
  const peers = new Map<string, Release["peers"]>();
  for (const [number, found] of Object.entries(versions)) {
    if (isTable(found) && npmVersions.isValid(number) && !isElsewhere(document["name"], number))
      releases.push(release(number, found, time?.[number], peers));
  }
  const recommended = tags["latest"];
  const newest = typeof recommended === "string" ? versions[recommended] : undefined;
  const source =
    sourceOf(document["repository"]) ?? (isTable(newest) ? sourceIn(newest["repository"]) : undefined);
  const last = document["modified"] ?? time?.["modified"];
  return {
    releases: releases.toSorted((a, b) => npmVersions.compare(a.version, b.version)),
    dated: time !== undefined,
    ...(typeof recommended === "string" ? { recommended } : {}),
    ...(typeof last === "string" ? { modifiedAt: last } : {}),
    ...(source === undefined ? {} : { source }),
  };
}

/** From 2 on Yarn is released under another name; what is there under its first is no way to it. */
function isElsewhere(name: unknown, number: string): boolean {
  return name === "yarn" && npmVersions.compare(number, "2.0.0-0") >= 0;
}

function release(
  number: string,
  { deprecated, engines, peerDependencies, dist }: Readonly<Record<string, unknown>>,
  time: unknown,
  known: Map<string, Release["peers"]>,
): Release {
  const node = isTable(engines) ? engines["node"] : undefined;
  const digest = checksumOf(tableOf(dist)["integrity"]);
  const peers = typeof peerDependencies === "string" ? peersIn(peerDependencies, known) : undefined;
  return {
    version: number,
    ...(typeof time === "string" && !Number.isNaN(Date.parse(time)) ? { publishedAt: time } : {}),
    // `deprecated: ""` is how a deprecation is taken back, and some documents carry `false`.
    ...(typeof deprecated === "string" && deprecated !== ""
      ? { withdrawn: { kind: "deprecated" as const, message: deprecated.slice(0, 300) } }
      : {}),
    ...(typeof node === "string" ? { engines: { node } } : {}),
    ...(peers === undefined ? {} : { peers }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** As Corepack writes it behind a version: https://github.com/nodejs/corepack#readme */
function checksumOf(integrity: unknown): string | undefined {
  const base64 = typeof integrity === "string" ? /^sha512-(\S+)$/.exec(integrity)?.[1] : undefined;
  return base64 === undefined ? undefined : `sha512.${Buffer.from(base64, "base64").toString("hex")}`;
}

/** From the text of a version's field. Releases with the same text share what is made of it. */
function peersIn(text: string, known: Map<string, Release["peers"]>): Release["peers"] {
  if (known.has(text)) return known.get(text);
  const entries = Object.entries(tableOf(JSON.parse(text))).flatMap(([name, range]): [string, string][] =>
    typeof range === "string" ? [[name, range]] : [],
  );
  const peers = entries.length === 0 ? undefined : Object.fromEntries(entries);
  known.set(text, peers);
  return peers;
}

/** Nearly every document is plain ASCII, and is decoded several times as fast when that is known. */
function textOf(body: Buffer): string {
  return body.toString(isAscii(body) ? "latin1" : "utf8");
}

/** From the text of a version's field. */
function sourceIn(repository: unknown): SourceRepository | undefined {
  return typeof repository === "string" ? sourceOf(JSON.parse(repository)) : undefined;
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
