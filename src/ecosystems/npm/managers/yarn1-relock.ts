import npa from "npm-package-arg";
import picomatch from "picomatch";
import semver from "semver";
import { z } from "zod";
import { ResolutionError } from "../../../domain/errors.ts";
import type { HttpClient } from "../../../domain/ports.ts";
import type { Io } from "../../ecosystem.ts";
import { readPackageJson } from "../manifest.ts";
import { registryFor } from "../npmrc.ts";
import { abbreviated, full } from "../registry.ts";
import type { RelockTask } from "./manager.ts";
import {
  bodyOf,
  nameOf,
  readYarnLock,
  writeYarnLock,
  type YarnEntry,
  type YarnLock,
} from "./yarn1-lockfile.ts";
import { isMember, isRange, patternsOf, realName } from "./yarn1-patterns.ts";

/** What stands in the lockfile for an entry, while the patterns that lead to it are being found. */
type Resolved = Omit<YarnEntry, "patterns">;

/** Brings the lockfile up to date as Yarn 1 would. Throws `ResolutionError`. */
export async function relock(task: RelockTask, io: Io): Promise<string> {
  const lock = readYarnLock(task.lockfile, task.text);
  const isRefreshed = ({ patterns, version }: YarnEntry) =>
    (task.anew && patterns.every((of) => isRange(of.slice(nameOf(of).length + 1)))) ||
    task.refresh.some((it) => it.version === version && patterns.some((of) => realName(of) === it.name));
  const known = new Map<string, Resolved>(
    lock.entries
      .filter((entry) => !isRefreshed(entry))
      .flatMap((entry) => entry.patterns.map((pattern) => [pattern, entry] as const)),
  );
  const existing = new Map<string, Resolved>(
    lock.entries.map((entry) => [`${nameOf(entry.patterns[0] ?? "")}@${entry.version}`, entry]),
  );
  const chosen = new Map(
    task.moves.map(({ name, version, requirement }) => [`${name}@${requirement}`, version]),
  );
  const registry = openRegistry(task, io, baseOf(lock));
  const { patterns: roots, resolutions } = rootsOf(task, patternsIn(lock));

  const resolved = new Map<string, Resolved>();
  const pending = new Map<string, Asker>(roots);
  while (pending.size > 0) {
    const round = new Map([...pending].filter(([pattern]) => !resolved.has(pattern)));
    pending.clear();
    // One round at a time, so that what a round leads to does not depend on which answer came first.
    const answers = await Promise.all(
      [...round].map(async ([pattern, asker]) => [pattern, await find(pattern, asker)] as const),
    );
    for (const [pattern, entry] of answers) {
      resolved.set(pattern, entry);
      const name = nameOf(pattern);
      const asker = { id: `${name}@${entry.version}`, path: [...(round.get(pattern)?.path ?? []), name] };
      for (const next of [...patternsOf(entry.dependencies), ...patternsOf(entry.optionalDependencies)]) {
        if (!resolved.has(next) && !pending.has(next)) pending.set(next, asker);
      }
    }
  }

  async function find(pattern: string, { id: asker, path }: Asker): Promise<Resolved> {
    const name = nameOf(pattern);
    const version = chosen.get(pattern);
    if (version !== undefined)
      return existing.get(`${name}@${version}`) ?? registry.entry(name, version, asker);
    // What the root itself asks for is not decided by its resolutions.
    const fixed =
      path.length === 0 ? undefined : resolutions.find((rule) => rule.decides([...path, name]))?.range;
    const there = known.get(pattern);
    // What was raised moves those along who asked for it before.
    if (there !== undefined && (fixed === undefined || isStill(fixed, there.version))) return there;
    const raised = fixed === undefined ? undefined : chosen.get(`${name}@${fixed}`);
    if (raised !== undefined) return existing.get(`${name}@${raised}`) ?? registry.entry(name, raised, asker);
    const pinned =
      fixed === undefined ? undefined : (known.get(`${name}@${fixed}`) ?? existing.get(`${name}@${fixed}`));
    if (pinned !== undefined) return pinned;
    const range = fixed ?? pattern.slice(name.length + 1);
    const highest = await registry.highest(name, range, asker);
    return existing.get(`${name}@${highest}`) ?? registry.entry(name, highest, asker, range);
  }

  return written(lock, resolved, task.text);
}

function patternsIn({ entries }: YarnLock): ReadonlySet<string> {
  return new Set(entries.flatMap(({ patterns }) => patterns));
}

/** Whether a resolution is kept by what is there; one that is no range is not looked into. */
function isStill(range: string, version: string): boolean {
  return (
    semver.validRange(range, { loose: true }) === null || semver.satisfies(version, range, { loose: true })
  );
}

/** The patterns of the resolved packages, gathered: the same release under the same name is one entry. */
function written(lock: YarnLock, resolved: ReadonlyMap<string, Resolved>, before: string): string {
  const alike = Map.groupBy(
    [...resolved],
    ([pattern, { version, resolved: address }]) => `${nameOf(pattern)} ${version} ${address}`,
  );
  const entries = [...alike.values()].flatMap((members): YarnEntry[] => {
    const [first] = members;
    return first === undefined ? [] : [{ ...first[1], patterns: members.map(([pattern]) => pattern) }];
  });
  const text = writeYarnLock({ head: lock.head, entries });
  return before.includes("\r\n") ? text.replaceAll("\n", "\r\n") : text;
}

/** Who first asked for a pattern: the package, unless a manifest did, and the names that lead there. */
interface Asker {
  readonly id: string | undefined;
  readonly path: readonly string[];
}

/** One of the root's `resolutions`. https://classic.yarnpkg.com/lang/en/docs/selective-version-resolutions/ */
interface Resolution {
  readonly name: string;
  readonly range: string;
  /** Whether it is about what stands at the end of a path of names. */
  decides(path: readonly string[]): boolean;
}

/** What the workspace's manifests ask the lockfile for, and what is decided for every package. */
function rootsOf(
  task: RelockTask,
  known: ReadonlySet<string>,
): { patterns: [string, Asker][]; resolutions: readonly Resolution[] } {
  const manifests = task.folders.map((folder) => {
    const path = folder === "" ? "package.json" : `${folder}/package.json`;
    return readPackageJson(path, task.files[path] ?? "{}");
  });
  const versions = new Map(
    manifests.flatMap(({ name, version }) => (name === undefined ? [] : [[name, version ?? ""] as const])),
  );
  const patterns = manifests.flatMap(({ name: member = "", requirements }, index) =>
    requirements
      .filter(({ name, requirement, scope }) => scope !== "peer" && !isMember(versions, name, requirement))
      // Links are not in the lockfile; copied folders are.
      .filter(({ name, requirement, held }) => held?.code !== "local" || known.has(`${name}@${requirement}`))
      .map(({ name, requirement }): [string, Asker] => {
        // Yarn has the members of a workspace stand below a package of its own making.
        const path = task.folders[index] === "" ? [] : ["workspace-aggregator", member];
        return [`${name}@${requirement}`, { id: undefined, path }];
      }),
  );
  const resolutions = resolutionsIn(task.files["package.json"] ?? "{}");
  // Yarn asks for what they decide as if a manifest did, whether or not anything needs it.
  const decided = resolutions
    .map(({ name, range }) => [`${name}@${range}`, range] as const)
    .filter(([pattern, range]) => known.has(pattern) || semver.validRange(range, { loose: true }) !== null)
    .map(([pattern]): [string, Asker] => [pattern, { id: undefined, path: [] }]);
  return {
    patterns: [...patterns, ...decided].toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))),
    resolutions,
  };
}

const resolving = z.object({ resolutions: z.record(z.string(), z.unknown()).catch({}) });

function resolutionsIn(manifest: string): Resolution[] {
  const { resolutions } = resolving.parse(JSON.parse(manifest.replace(/^\uFEFF/, "")));
  return Object.entries(resolutions).flatMap(([key, range]): Resolution[] => {
    if (typeof range !== "string") return [];
    const isName = /^(?:@[^/]+\/)?[^/]+$/.test(key);
    const name = /(?:@[^/]+\/)?[^/]+$/.exec(key)?.[0] ?? key;
    const isOnPath = picomatch(isName ? `**/${key}` : key);
    // Of the names too, `**/shared` is not about `@acme/shared`.
    return [{ name, range, decides: (path) => path.at(-1) === name && isOnPath(path.join("/")) }];
  });
}

const published = z.object({
  "dist-tags": z.record(z.string(), z.string()).catch({}),
  time: z.record(z.string(), z.string()).optional().catch(undefined),
  versions: z.record(
    z.string(),
    z.object({
      dependencies: z.record(z.string(), z.string()).optional().catch(undefined),
      optionalDependencies: z.record(z.string(), z.string()).optional().catch(undefined),
      dist: z.object({
        tarball: z.string(),
        shasum: z.string().optional(),
        integrity: z.string().optional(),
      }),
    }),
  ),
});
type Published = z.infer<typeof published>;

/** The registry, as far as a lockfile needs it. */
function openRegistry({ registry, scopes }: RelockTask, io: Io, base: string | undefined) {
  const settings = { registry, scopes: new Map(Object.entries(scopes)) };
  const documents = new Map<string, Promise<Published | undefined>>();

  async function documentOf(name: string, asker: string | undefined): Promise<Published> {
    const address = `${registryFor(name, settings) ?? registry}${name.replace("/", "%2F")}`;
    const loading = documents.get(name) ?? load(io.http, address, io.asOf);
    documents.set(name, loading);
    const found = await loading;
    if (found === undefined) throw refused(`the registry does not know ${name}${by(asker)}`, asker);
    return found;
  }

  return {
    async highest(pattern: string, range: string, asker: string | undefined): Promise<string> {
      const spec = npa.resolve(pattern, range);
      const { name, wanted } =
        spec.type === "alias"
          ? { name: spec.subSpec.name ?? "", wanted: spec.subSpec.fetchSpec }
          : { name: pattern, wanted: range };
      if (spec.type !== "alias" && !spec.registry)
        throw refused(`${pattern}@${range}${by(asker)} is not from a registry`, asker);
      const found = await documentOf(name, asker);
      const wish = found["dist-tags"][wanted ?? ""] ?? wanted ?? "";
      const versions = Object.keys(found.versions).filter((version) => isThere(found, version, io.asOf));
      const latest = found["dist-tags"]["latest"];
      if (
        latest !== undefined &&
        versions.includes(latest) &&
        semver.satisfies(latest, wish, { loose: true })
      )
        return latest;
      const highest = semver.maxSatisfying(versions, wish, { loose: true });
      if (highest === null) throw refused(`no release of ${name} fits ${wish}${by(asker)}`, asker);
      return highest;
    },

    async entry(alias: string, version: string, asker: string | undefined, range = ""): Promise<Resolved> {
      const spec = range.startsWith("npm:") ? npa.resolve(alias, range) : undefined;
      const name = spec?.type === "alias" ? (spec.subSpec.name ?? alias) : alias;
      const found = (await documentOf(name, asker)).versions[version];
      if (found === undefined)
        throw refused(`the registry does not have ${name}@${version}${by(asker)}`, asker);
      const { tarball, shasum, integrity } = found.dist;
      const optionalDependencies = found.optionalDependencies ?? {};
      // The registry lists optional dependencies twice, and Yarn once.
      const dependencies = Object.fromEntries(
        Object.entries(found.dependencies ?? {}).filter(([key]) => !(key in optionalDependencies)),
      );
      const bare = name.slice(name.indexOf("/") + 1);
      const address = base === undefined ? tarball : `${base}${name}/-/${bare}-${version}.tgz`;
      const entry = {
        version,
        resolved: shasum === undefined ? address : `${address}#${shasum}`,
        ...(integrity === undefined ? {} : { integrity }),
        dependencies,
        optionalDependencies,
      };
      return { ...entry, body: bodyOf(entry) };
    },
  };
}

async function load(http: HttpClient, url: string, asOf: Date | undefined): Promise<Published | undefined> {
  return http.get(url, {
    accept: asOf === undefined ? abbreviated : full,
    cacheAs: "npm-manifests-1",
    read: (body) => published.parse(JSON.parse(body.toString("utf8"))),
  });
}

function isThere({ time }: Published, version: string, asOf: Date | undefined): boolean {
  const at = time?.[version];
  return asOf === undefined || at === undefined || Date.parse(at) <= asOf.getTime();
}

/** The registry that the lockfile names already: it stays the same for what is new. */
function baseOf({ entries }: YarnLock): string | undefined {
  const bases = entries.flatMap(({ resolved, patterns }) => {
    const name = realName(patterns[0] ?? "");
    const at = name.startsWith("@") ? -1 : (resolved?.indexOf(`/${name}/-/`) ?? -1);
    return at === -1 || resolved === undefined ? [] : [resolved.slice(0, at + 1)];
  });
  const counts = Map.groupBy(bases, (base) => base);
  return [...counts].toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0];
}

function refused(message: string, asker: string | undefined): ResolutionError {
  const suspects = asker === undefined ? [] : [nameOf(asker)];
  return new ResolutionError(`Yarn could make no lockfile: ${message}`, { suspects });
}

function by(asker: string | undefined): string {
  return asker === undefined ? "" : `, which ${asker} wants`;
}
