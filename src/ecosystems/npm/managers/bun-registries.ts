import { hash } from "node:crypto";
import { stringify } from "smol-toml";
import { tableOf, textOf } from "../../../text/data.ts";
import type { Io } from "../../ecosystem.ts";
import { readPackageJson } from "../manifest.ts";
import { abbreviated, full, publicRegistry } from "../registry.ts";
import { type BunLock, placeOf } from "./bun-lockfile.ts";
import type { RelockTask } from "./manager.ts";
import { documentAt, openStandInRegistries, standInAddress, type StandInRegistries } from "./native.ts";

/** The registries of a project as bun sees them: addresses that exist nowhere, for which the real ones are asked. */
export interface BunRegistries {
  /** The text of a `bunfig.toml`. */
  readonly settings: string;
  readonly answer: StandInRegistries["answer"];
  /** A lockfile that bun wrote, with the registries' own addresses in it. */
  named(lockfile: string): string;
  /** What was thrown in place of answers. */
  readonly failures: readonly unknown[];
  /** A digest of what the answers depend on besides the registries themselves; absent where that is the time. */
  readonly digest?: string;
}

/** Of a repository's own `[install]` what shapes a lockfile: https://bun.com/docs/runtime/bunfig#package-manager */
const shaping = new Set(["linkWorkspacePackages", "minimumReleaseAge", "minimumReleaseAgeExcludes", "peer"]);

/** Asks through `io`, so that addresses are guarded and credentials sent as everywhere; bun learns neither. */
export function openBunRegistries(task: RelockTask, lock: BunLock, io: Io): BunRegistries {
  const { registry, scopes, settings, isMirror } = task;
  const kept = Object.entries(settings).filter(([key]) => shaping.has(key));
  const isDated = io.asOf !== undefined || kept.some(([key]) => key === "minimumReleaseAge");
  const tagged = taggedVersions(task, lock);
  const view = JSON.stringify([registry, ...Object.values(scopes), isMirror, isDated, [...tagged]]);
  const seen = openStandInRegistries(task, async (url, name) => {
    const text = await documentAt(url, isDated ? full : abbreviated, io);
    const present = text === undefined || io.asOf === undefined ? text : asOf(text, io.asOf);
    const tags = tagged.get(name);
    const document = present === undefined || tags === undefined ? present : withTags(present, tags);
    return isMirror ? document?.replaceAll(`"${registry}`, `"${publicRegistry}`) : document;
  });

  return {
    settings: stringify({
      install: {
        ...Object.fromEntries(kept.map(([key, value]): [string, unknown] => [key, JSON.parse(value)])),
        registry: seen.registry,
        scopes: seen.scopes,
      },
    }),
    answer: seen.answer,
    failures: seen.failures,
    ...(io.asOf === undefined ? { digest: hash("sha256", view, "hex") } : {}),
    // Of the public registry bun names no addresses; of the others it may name those that it asked.
    named: (lockfile) =>
      lockfile.replace(standInAddress, (_, index: string, path: string) => {
        const address = seen.realOf(index);
        const isPublic = address === publicRegistry || (isMirror && address === registry);
        return isPublic ? "" : `${address}${path}`;
      }),
  };
}

/**
 * What the manifests ask for by a tag, and the version that it has in the lockfile, by name: bun would follow the tag in
 * every manifest of which another line changes. Where two manifests have two versions of one tag, it is left as it is.
 */
function taggedVersions(
  { files }: RelockTask,
  { packages }: BunLock,
): ReadonlyMap<string, Record<string, string>> {
  const asked = Object.entries(files)
    .filter(([path]) => /(?:^|\/)package\.json$/.test(path))
    .flatMap(([path, text]) => {
      const { name: member = "", requirements } = readPackageJson(path, text);
      const from = path === "package.json" ? [] : [member];
      return requirements
        .filter(({ held }) => held?.code === "tag")
        .flatMap(({ name, requirement: tag }) => {
          const version = packages.get(placeOf(name, from, packages) ?? "")?.reference;
          return version === undefined ? [] : [{ name, tag, version }];
        });
    });
  return new Map(
    [...Map.groupBy(asked, ({ name }) => name)].map(([name, all]) => {
      const isAgreed = ({ tag, version }: (typeof all)[number]) =>
        all.every((other) => other.tag !== tag || other.version === version);
      return [name, Object.fromEntries(all.filter(isAgreed).map(({ tag, version }) => [tag, version]))];
    }),
  );
}

function withTags(text: string, tags: Readonly<Record<string, string>>): string {
  const document = tableOf(JSON.parse(text));
  const known = Object.entries(tags).filter(([, version]) =>
    Object.hasOwn(tableOf(document["versions"]), version),
  );
  return JSON.stringify({
    ...document,
    "dist-tags": { ...tableOf(document["dist-tags"]), ...Object.fromEntries(known) },
  });
}

/** A registry's document without the releases that were published later. */
function asOf(text: string, time: Date): string {
  const document = tableOf(JSON.parse(text));
  const times = tableOf(document["time"]);
  const isThere = (version: string) => {
    const at = textOf(times[version]);
    return at === undefined || Date.parse(at) <= time.getTime();
  };
  const versions = Object.entries(tableOf(document["versions"])).filter(([version]) => isThere(version));
  const tags = Object.entries(tableOf(document["dist-tags"])).filter(
    ([, version]) => typeof version === "string" && isThere(version),
  );
  return JSON.stringify({
    ...document,
    versions: Object.fromEntries(versions),
    "dist-tags": Object.fromEntries(tags),
  });
}
