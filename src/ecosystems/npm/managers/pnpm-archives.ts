import { loadAll } from "js-yaml";
import { z } from "zod";
import { archivesIn, standInOf, type StandIns, unknown } from "./archives.ts";

const table = z.record(z.string(), z.string()).optional().catch(undefined);
const entry = z.object({
  resolution: z.object({ integrity: z.string() }),
  name: z.string().optional(),
  version: z.string(),
  hasBin: z.boolean().optional(),
  dependencies: table,
  optionalDependencies: table,
  peerDependencies: table,
  peerDependenciesMeta: z.unknown().optional(),
  engines: z.unknown().optional(),
  os: z.unknown().optional(),
  cpu: z.unknown().optional(),
  libc: z.unknown().optional(),
});
const snapshot = z.object({ dependencies: table, optionalDependencies: table });
const lockShape = z.object({
  packages: z.record(z.string(), z.unknown()).catch({}),
  snapshots: z.record(z.string(), z.unknown()).optional(),
});

/**
 * What pnpm sees in place of the archives of a repository. It looks into them each time, and notes the digest. What they
 * ask for stays at the versions in the lockfile, which keeps no ranges. Throws `ResolutionError`.
 */
export function standInsForPnpm(files: Readonly<Record<string, string>>, lockfile: string): StandIns {
  const kept = archivesIn(files);
  if (kept.length === 0) return { archives: {}, restored: (text) => text };
  const { packages, snapshots } = lockShape.parse(loadAll(lockfile).at(-1));
  const digests: [string, string][] = [];
  const archives = kept.map((archive): [string, Uint8Array] => {
    const id = `file:${archive.path}`;
    const keys = [`${archive.name}@${id}`, id];
    const found = entry.safeParse(keys.map((key) => packages[key]).find((it) => it !== undefined)).data;
    if (found === undefined || archive.path.startsWith("../")) throw unknown(archive);
    const { resolution, hasBin, dependencies, optionalDependencies, ...rest } = found;
    const of = snapshots === undefined ? { dependencies, optionalDependencies } : snapshotOf(keys, snapshots);
    const stand = standInOf({
      name: archive.name,
      ...rest,
      ...(hasBin === true ? { bin: "index.js" } : {}),
      dependencies: asAsked(of.dependencies),
      optionalDependencies: asAsked(of.optionalDependencies),
    });
    digests.push([stand.integrity, resolution.integrity]);
    return [archive.path, stand.bytes];
  });
  return {
    archives: Object.fromEntries(archives),
    restored: (text) => digests.reduce((all, [ours, own]) => all.replaceAll(ours, own), text),
  };
}

/** The first of its kind: with other peers it asks for the same. */
function snapshotOf(
  keys: readonly string[],
  snapshots: Readonly<Record<string, unknown>>,
): z.infer<typeof snapshot> {
  const key = Object.keys(snapshots).find((it) => keys.includes(it.replace(/\(.*$/, "")));
  return snapshot.catch({}).parse(snapshots[key ?? ""] ?? {});
}

/** `4.0.0(peer@1.0.0)` is 4.0.0; `other@1.0.0` is an alias. */
function asAsked(dependencies: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(dependencies).map(([name, version]) => {
      const bare = version.replace(/\(.*$/, "").replace(/^\//, "");
      return [name, /^(?:\d|[a-z]+:)/.test(bare) ? bare : `npm:${bare}`];
    }),
  );
}
