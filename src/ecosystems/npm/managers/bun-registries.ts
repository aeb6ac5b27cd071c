import { hash } from "node:crypto";
import { stringify } from "smol-toml";
import { tableOf, textOf } from "../../../text/data.ts";
import { pick } from "../../../text/pick.ts";
import type { Io } from "../../ecosystem.ts";
import { readPackageJson } from "../manifest.ts";
import { publicRegistry } from "../registry.ts";
import { type BunLock, placeOf } from "./bun-lockfile.ts";
import type { RelockTask } from "./manager.ts";

/** The registries of a project as bun sees them: addresses that exist nowhere, for which the real ones are asked. */
export interface BunRegistries {
  /** The text of a `bunfig.toml`. */
  readonly settings: string;
  readonly answer: (url: URL) => Promise<Buffer | undefined>;
  /** A lockfile that bun wrote, with the registries' own addresses in it. */
  named(lockfile: string): string;
  /** What was thrown in place of answers. */
  readonly failures: readonly unknown[];
  /** A digest of what the answers depend on besides the registries themselves; absent where that is the time. */
  readonly digest?: string;
}

const host = "registry.invalid";
/** What bun reads of a registry's document. Of a full one, which some registries always send, all the rest is most. */
const needed = {
  name: "value",
  modified: "value",
  "dist-tags": "value",
  time: "value",
  versions: {
    "*": {
      name: "value",
      version: "value",
      bin: "value",
      directories: "value",
      dependencies: "value",
      optionalDependencies: "value",
      peerDependencies: "value",
      peerDependenciesMeta: "value",
      bundleDependencies: "value",
      bundledDependencies: "value",
      os: "value",
      cpu: "value",
      libc: "value",
      hasInstallScript: "value",
      deprecated: "value",
      dist: { tarball: "value", integrity: "value", shasum: "value" },
    },
  },
} as const;
/** Of a repository's own `[install]` what shapes a lockfile: https://bun.com/docs/runtime/bunfig#package-manager */
const shaping = new Set(["linkWorkspacePackages", "minimumReleaseAge", "minimumReleaseAgeExcludes", "peer"]);

/** Asks through `io`, so that addresses are guarded and credentials sent as everywhere; bun learns neither. */
export function openBunRegistries(task: RelockTask, lock: BunLock, io: Io): BunRegistries {
  const { registry, scopes, settings, isMirror } = task;
  const kept = Object.entries(settings).filter(([key]) => shaping.has(key));
  const isDated = io.asOf !== undefined || kept.some(([key]) => key === "minimumReleaseAge");
  const addresses = [registry, ...Object.values(scopes)];
  const known = new Map<string, Promise<string | undefined>>();
  const failures: unknown[] = [];
  const tagged = taggedVersions(task, lock);
  const view = JSON.stringify([addresses, isMirror, isDated, [...tagged]]);

  async function load(url: string, name: string): Promise<string | undefined> {
    const text = await io.http.get(url, {
      accept: isDated
        ? "application/json"
        : "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*",
      cacheAs: "npm-documents-3",
      read: (body) => JSON.stringify(pick(body.toString("utf8"), needed)),
    });
    const present = text === undefined || io.asOf === undefined ? text : asOf(text, io.asOf);
    const tags = tagged.get(name);
    const seen = present === undefined || tags === undefined ? present : withTags(present, tags);
    return isMirror ? seen?.replaceAll(`"${registry}`, `"${publicRegistry}`) : seen;
  }

  return {
    settings: stringify({
      install: {
        ...Object.fromEntries(kept.map(([key, value]): [string, unknown] => [key, JSON.parse(value)])),
        registry: `http://${host}/0/`,
        scopes: Object.fromEntries(
          Object.keys(scopes).map((scope, index) => [scope, `http://${host}/${index + 1}/`]),
        ),
      },
    }),
    failures,
    ...(io.asOf === undefined ? { digest: hash("sha256", view, "hex") } : {}),
    // Of the public registry bun names no addresses; of the others it may name those that it asked.
    named: (lockfile) =>
      lockfile.replace(
        /"http:\/\/registry\.invalid(?::80)?\/(\d+)\/([^"]*)"/g,
        (_, index: string, path: string) => {
          const address = addresses[Number(index)] ?? registry;
          const isPublic = address === publicRegistry || (isMirror && address === registry);
          return isPublic ? '""' : JSON.stringify(`${address}${path}`);
        },
      ),
    async answer({ hostname, pathname }) {
      const [, index = "", name = ""] = /^\/(\d+)\/((?:@[^/]+(?:\/|%2f))?[^/]+)$/i.exec(pathname) ?? [];
      const address = addresses[Number(index)];
      if (hostname !== host || address === undefined || name === "") return undefined;
      const url = `${address}${name.replace(/\/|%2f/i, "%2F")}`;
      const answer = known.get(url) ?? load(url, decodeURIComponent(name));
      known.set(url, answer);
      try {
        const text = await answer;
        return text === undefined ? undefined : Buffer.from(text);
      } catch (error) {
        failures.push(error);
        throw error;
      }
    },
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
