import { z } from "zod";
import { ManifestError } from "../../../domain/errors.ts";
import type { LockedPackage, Scope } from "../../../domain/types.ts";
import type { LockRoot, ReadLock } from "./manager.ts";
import { parseJson } from "../../../text/json.ts";

/** What a `package-lock.json` or `npm-shrinkwrap.json` says. https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json */
export interface PackageLock extends ReadLock {
  readonly version: 1 | 2 | 3;
  /** Whether entries name the address that they were downloaded from: npm can be told to leave it out. */
  readonly namesAddresses: boolean;
}

const strings = z.record(z.string(), z.string()).catch({});
const entryShape = z.object({
  name: z.string().optional().catch(undefined),
  version: z.string().optional().catch(undefined),
  resolved: z.string().optional().catch(undefined),
  integrity: z.string().optional().catch(undefined),
  link: z.boolean().optional().catch(undefined),
  dev: z.boolean().optional().catch(undefined),
  optional: z.boolean().optional().catch(undefined),
  devOptional: z.boolean().optional().catch(undefined),
  peer: z.boolean().optional().catch(undefined),
  dependencies: strings.optional(),
  devDependencies: strings.optional(),
  optionalDependencies: strings.optional(),
  peerDependencies: strings.optional(),
});
type Entry = z.infer<typeof entryShape>;

interface AncientEntry {
  readonly version?: string | undefined;
  readonly resolved?: string | undefined;
  readonly integrity?: string | undefined;
  readonly dev?: boolean | undefined;
  readonly optional?: boolean | undefined;
  readonly requires?: Readonly<Record<string, string>> | undefined;
  readonly dependencies?: Readonly<Record<string, AncientEntry>> | undefined;
}
const ancientShape: z.ZodType<AncientEntry> = z.object({
  version: z.string().optional(),
  resolved: z.string().optional().catch(undefined),
  integrity: z.string().optional().catch(undefined),
  dev: z.boolean().optional().catch(undefined),
  optional: z.boolean().optional().catch(undefined),
  requires: strings.optional(),
  get dependencies() {
    return z.record(z.string(), ancientShape).optional();
  },
});

const lockShape = z.object({
  lockfileVersion: z.number(),
  packages: z.record(z.string(), entryShape).optional(),
  dependencies: z.record(z.string(), ancientShape).optional(),
});

/** Reads a lockfile of version 1, 2 or 3. `roots` are the folders of the project's manifests, relative to the lockfile. */
export function readPackageLock(path: string, text: string, roots: readonly LockRoot[]): PackageLock {
  const parsed = lockShape.safeParse(parseJson(path, text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ManifestError(
      path,
      `is no npm lockfile: ${issue?.path.join(".") || "the top"}: ${issue?.message}`,
      {
        mend: "Run `npm install --package-lock-only` to make it anew",
      },
    );
  }
  const { lockfileVersion, packages, dependencies = {} } = parsed.data;
  if (lockfileVersion === 1) return ancientLock(dependencies, roots);
  if ((lockfileVersion === 2 || lockfileVersion === 3) && packages !== undefined) {
    return modernLock(lockfileVersion, packages, roots);
  }
  throw new ManifestError(path, `has lockfileVersion ${lockfileVersion}, which is not known: 1, 2 and 3 are`);
}

function modernLock(version: 2 | 3, entries: Record<string, Entry>, roots: readonly LockRoot[]): PackageLock {
  const manifests = new Map(roots.map((root) => [root.folder, root.manifest]));
  const packages: LockedPackage[] = [];
  for (const [id, entry] of Object.entries(entries)) {
    if (entry.link === true) continue; // who asks for a link gets what it points at
    const manifest = manifests.get(id);
    const name = entry.name ?? nameAt(id);
    if (name === undefined && manifest === undefined) continue;
    const asked = {
      ...(manifest === undefined ? {} : entry.devDependencies),
      ...entry.peerDependencies,
      ...entry.dependencies,
      ...entry.optionalDependencies,
    };
    packages.push({
      id,
      name: name ?? "",
      version: entry.version ?? "",
      scope: scopeOf(entry),
      ...(manifest === undefined ? {} : { manifest }),
      ...(entry.integrity === undefined ? {} : { integrity: entry.integrity }),
      dependencies: found(Object.keys(asked), id, (place) => entries[place]),
    });
  }
  const believed = roots.flatMap(({ folder }): [string, Record<string, string>][] => {
    const entry = entries[folder];
    if (entry === undefined) return [];
    const { dependencies, devDependencies, optionalDependencies, peerDependencies } = entry;
    return [[folder, { ...peerDependencies, ...devDependencies, ...dependencies, ...optionalDependencies }]];
  });
  return {
    version,
    graph: { packages },
    believed: new Map(believed),
    namesAddresses: Object.values(entries).some(
      ({ resolved, link }) => link !== true && resolved !== undefined,
    ),
  };
}

/** Where each name is found by Node's own rule: the nearest `node_modules` on the way up, links followed once. */
function found(
  names: readonly string[],
  from: string,
  at: (place: string) => { link?: boolean | undefined; resolved?: string | undefined } | undefined,
): string[] {
  const places = names.flatMap((name) => {
    for (const folder of wayUp(from)) {
      const place = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
      const entry = at(place);
      if (entry !== undefined)
        return [entry.link === true && entry.resolved !== undefined ? entry.resolved : place];
    }
    return []; // an optional or peer dependency that was not installed
  });
  return places.toSorted();
}

/** `a/node_modules/b` gives itself, `a`, and the top: the folders whose `node_modules` Node looks in. */
function* wayUp(id: string): Generator<string> {
  let folder = id;
  while (folder !== "") {
    if (!folder.endsWith("/node_modules") && folder !== "node_modules") yield folder;
    folder = folder.includes("/") ? folder.slice(0, folder.lastIndexOf("/")) : "";
  }
  yield "";
}

function nameAt(id: string): string | undefined {
  const start = id.lastIndexOf("node_modules/");
  return start === -1 ? undefined : id.slice(start + "node_modules/".length);
}

function scopeOf(entry: Pick<Entry, "dev" | "optional" | "devOptional" | "peer">): Scope {
  if (entry.dev === true || entry.devOptional === true) return "development";
  if (entry.optional === true) return "optional";
  return entry.peer === true ? "peer" : "runtime";
}

function ancientLock(
  dependencies: Readonly<Record<string, AncientEntry>>,
  roots: readonly LockRoot[],
): PackageLock {
  const entries = new Map<string, AncientEntry>();
  const flatten = (folder: string, table: Readonly<Record<string, AncientEntry>>) => {
    for (const [name, entry] of Object.entries(table)) {
      const id = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
      entries.set(id, entry);
      flatten(id, entry.dependencies ?? {});
    }
  };
  flatten("", dependencies);
  const at = (place: string) => (entries.has(place) ? {} : undefined);
  const own = roots.map(({ folder, manifest, requirements }): LockedPackage => ({
    id: folder,
    name: "",
    version: "",
    scope: "runtime",
    manifest,
    dependencies: found(
      requirements.map(({ name }) => name),
      folder,
      at,
    ),
  }));
  const installed = [...entries].map(([id, entry]): LockedPackage => ({
    id,
    name: nameAt(id) ?? "",
    version: entry.version ?? "",
    scope: scopeOf({ dev: entry.dev, optional: entry.optional }),
    dependencies: found(Object.keys(entry.requires ?? {}), id, at),
    ...(entry.integrity === undefined ? {} : { integrity: entry.integrity }),
  }));
  return {
    version: 1,
    graph: { packages: [...own, ...installed] },
    believed: new Map(),
    namesAddresses: [...entries.values()].some(({ resolved }) => resolved !== undefined),
  };
}
