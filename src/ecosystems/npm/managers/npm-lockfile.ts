import { ManifestError } from "../../../domain/errors.ts";
import type { LockedPackage, Scope } from "../../../domain/types.ts";
import { isTable, tableOf, textOf, textsOf } from "../../../text/data.ts";
import { parseJson } from "../../../text/json.ts";
import type { LockRoot, ReadLock } from "./manager.ts";

/** What a `package-lock.json` or `npm-shrinkwrap.json` says. https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json */
export interface PackageLock extends ReadLock {
  readonly version: 1 | 2 | 3;
  /** Whether entries name the address that they were downloaded from: npm can be told to leave it out. */
  readonly namesAddresses: boolean;
}

type Data = Readonly<Record<string, unknown>>;

/** Reads a lockfile of version 1, 2 or 3. `roots` are the folders of the project's manifests, relative to the lockfile. */
export function readPackageLock(path: string, text: string, roots: readonly LockRoot[]): PackageLock {
  const data = tableOf(parseJson(path, text));
  const { lockfileVersion: version, packages, dependencies } = data;
  if (version === 1 && (dependencies === undefined || isTable(dependencies))) {
    return ancientLock(path, tableOf(dependencies), roots);
  }
  if ((version === 2 || version === 3) && isTable(packages))
    return modernLock(path, version, packages, roots);
  if (typeof version === "number" && ![1, 2, 3].includes(version)) {
    throw new ManifestError(path, `has lockfileVersion ${version}, which is not known: 1, 2 and 3 are`);
  }
  throw notALock(path, "it has no lockfileVersion with the entries that go with it");
}

function notALock(path: string, why: string): ManifestError {
  return new ManifestError(path, `is no npm lockfile: ${why}`, {
    mend: "Run `npm install --package-lock-only` to make it anew",
  });
}

function modernLock(path: string, version: 2 | 3, entries: Data, roots: readonly LockRoot[]): PackageLock {
  const manifests = new Map(roots.map((root) => [root.folder, root.manifest]));
  const linkOf = (place: string): string | undefined => {
    const entry = entries[place];
    if (!isTable(entry)) return undefined;
    return entry["link"] === true ? (textOf(entry["resolved"]) ?? place) : place;
  };
  const packages: LockedPackage[] = [];
  let namesAddresses = false;
  for (const [id, entry] of Object.entries(entries)) {
    if (!isTable(entry)) throw notALock(path, `packages["${id}"] is no entry`);
    if (entry["link"] === true) continue; // who asks for a link gets what it points at
    namesAddresses ||= typeof entry["resolved"] === "string";
    const manifest = manifests.get(id);
    const name = textOf(entry["name"]) ?? nameAt(id);
    if (name === undefined && manifest === undefined) continue;
    const integrity = textOf(entry["integrity"]);
    packages.push({
      id,
      name: name ?? "",
      version: textOf(entry["version"]) ?? "",
      scope: scopeOf(entry),
      ...(manifest === undefined ? {} : { manifest }),
      ...(integrity === undefined ? {} : { integrity }),
      dependencies: found(Object.keys(askedBy(entry, manifest !== undefined)), id, linkOf),
    });
  }
  const believed = roots.flatMap(({ folder }): [string, Record<string, string>][] => {
    const entry = entries[folder];
    return isTable(entry) ? [[folder, textsOf(askedBy(entry, true))]] : [];
  });
  return { version, graph: { packages }, believed: new Map(believed), namesAddresses };
}

/** What an entry asks for, by name; of two tables that have one name the later one counts, as with npm. */
function askedBy(entry: Data, isManifest: boolean): Data {
  return {
    ...tableOf(entry["peerDependencies"]),
    ...(isManifest ? tableOf(entry["devDependencies"]) : {}),
    ...tableOf(entry["dependencies"]),
    ...tableOf(entry["optionalDependencies"]),
  };
}

/** Where each name is found by Node's own rule: the nearest `node_modules` on the way up, links followed once. */
function found(names: readonly string[], from: string, at: (place: string) => string | undefined): string[] {
  const folders = wayUp(from);
  const places = names.flatMap((name) => {
    for (const folder of folders) {
      const place = at(folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`);
      if (place !== undefined) return [place];
    }
    return []; // an optional or peer dependency that was not installed
  });
  return places.toSorted();
}

/** `a/node_modules/b` gives itself, `a`, and the top: the folders whose `node_modules` Node looks in. */
function wayUp(id: string): string[] {
  const folders: string[] = [];
  for (let folder = id; folder !== ""; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    if (!folder.endsWith("/node_modules") && folder !== "node_modules") folders.push(folder);
  }
  return [...folders, ""];
}

function nameAt(id: string): string | undefined {
  const start = id.lastIndexOf("node_modules/");
  return start === -1 ? undefined : id.slice(start + "node_modules/".length);
}

function scopeOf(entry: Data): Scope {
  if (entry["dev"] === true || entry["devOptional"] === true) return "development";
  if (entry["optional"] === true) return "optional";
  return entry["peer"] === true ? "peer" : "runtime";
}

function ancientLock(path: string, dependencies: Data, roots: readonly LockRoot[]): PackageLock {
  const entries = new Map<string, Data>();
  const flatten = (folder: string, table: Data) => {
    for (const [name, entry] of Object.entries(table)) {
      const id = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
      if (!isTable(entry)) throw notALock(path, `the entry of ${name} is none`);
      entries.set(id, entry);
      flatten(id, tableOf(entry["dependencies"]));
    }
  };
  flatten("", dependencies);
  const at = (place: string) => (entries.has(place) ? place : undefined);
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
  const installed = [...entries].map(([id, entry]): LockedPackage => {
    const integrity = textOf(entry["integrity"]);
    return {
      id,
      name: nameAt(id) ?? "",
      version: textOf(entry["version"]) ?? "",
      scope: scopeOf(entry),
      dependencies: found(Object.keys(tableOf(entry["requires"])), id, at),
      ...(integrity === undefined ? {} : { integrity }),
    };
  });
  return {
    version: 1,
    graph: { packages: [...own, ...installed] },
    believed: new Map(),
    namesAddresses: [...entries.values()].some((entry) => typeof entry["resolved"] === "string"),
  };
}
