import { join } from "node:path";
import { FAILSAFE_SCHEMA, loadAll } from "js-yaml";
import { ManifestError, messageOf } from "../../../domain/errors.ts";
import type { LockedPackage } from "../../../domain/types.ts";
import { isTable, tableOf, textOf, textsOf } from "../../../text/data.ts";
import { placeOf } from "../../../text/place.ts";
import { levelsOfPnpm, splitSelector } from "../overrides.ts";
import { reachable, rootId, rootPackage } from "./graph.ts";
import type { LockRoot, ReadLock } from "./manager.ts";

/** As it is written; its tables are read where they are used. */
interface Lock {
  /** Of the root alone where the lockfile has no others. */
  readonly importers: Table;
  readonly packages: Table | undefined;
  readonly snapshots: Table | undefined;
  readonly overrides: Table;
  readonly catalogs: Table;
}
type Table = Readonly<Record<string, unknown>>;

/** Reads a lockfile of version 6 or 9. https://github.com/pnpm/spec/tree/master/lockfile */
export function readPnpmLock(path: string, text: string, roots: readonly LockRoot[]): ReadLock {
  const lock = parse(path, text);
  const { importers } = lock;
  const installed = lock.snapshots ?? lock.packages ?? {};
  const keys = new Map(Object.keys(installed).map((key) => [plainKey(key), key]));
  const idOf = (name: string, version: string) => keyOf(name, version, keys);
  const overridden = new Set(
    Object.keys(lock.overrides).map((key) => splitSelector(levelsOfPnpm(key).at(-1) ?? "").name),
  );

  const own = roots.map((root) => {
    const { folder } = root;
    const asked = Object.entries(directOf(importers[folder || "."]));
    const dependencies = asked.flatMap(([alias, { version: at }]) => {
      const linked = /^link:(.*)$/.exec(at)?.[1];
      if (linked === undefined) return idOf(alias, at) ?? [];
      const target = join(folder, linked);
      return roots.some((other) => other.folder === target || (other.folder === "" && target === "."))
        ? [rootId(target)]
        : [];
    });
    return rootPackage(root, dependencies);
  });
  const graph = Object.entries(installed).map(([key, found]): LockedPackage => {
    const id = plainKey(key);
    const { name, version } = splitKey(id);
    const { dependencies, optionalDependencies } = tableOf(found);
    const asked = { ...textsOf(dependencies), ...textsOf(optionalDependencies) };
    const { resolution } = tableOf(
      lock.snapshots === undefined ? found : lock.packages?.[`${name}@${version}`],
    );
    const integrity = textOf(tableOf(resolution)["integrity"]);
    return {
      id,
      name,
      version,
      scope: "development",
      dependencies: Object.entries(asked)
        .flatMap(([alias, at]) => idOf(alias, at) ?? [])
        .toSorted(),
      ...(integrity === undefined ? {} : { integrity }),
    };
  });
  const runtime = reachable(
    graph,
    roots.flatMap(({ folder }) => {
      const { dependencies, optionalDependencies } = tableOf(importers[folder || "."]);
      return Object.entries({ ...directIn(dependencies), ...directIn(optionalDependencies) }).flatMap(
        ([alias, { version }]) => idOf(alias, version) ?? [],
      );
    }),
  );
  const packages = graph.map((locked): LockedPackage =>
    runtime.has(locked.id) ? { ...locked, scope: "runtime" } : locked,
  );
  return {
    graph: { packages: [...own, ...packages] },
    believed: new Map(
      roots.map(({ folder, requirements }) => [
        folder,
        believedOf(importers[folder || "."], requirements, overridden),
      ]),
    ),
    catalogs: new Map(
      Object.entries(lock.catalogs).flatMap(([catalog, members]) =>
        Object.entries(directIn(members)).map(
          ([name, { version }]) => [`${catalog}/${name}`, version.replace(/\(.*$/, "")] as const,
        ),
      ),
    ),
  };
}

function parse(path: string, text: string): Lock {
  const conflict = /^(?:<{7}|>{7}) /m.exec(text);
  if (conflict !== null) {
    throw new ManifestError(path, "has merge conflict markers", {
      at: placeOf(text, conflict.index),
      mend: "Run `pnpm install`, which resolves them, and commit the file",
    });
  }
  const lock = loaded(path, text);
  const version = isTable(lock) ? textOf(lock["lockfileVersion"]) : undefined;
  if (!isTable(lock) || version === undefined)
    throw new ManifestError(path, "is no pnpm lockfile: it has no lockfileVersion");
  if (!/^(?:6\.\d|9\.0)$/.test(version))
    throw new ManifestError(path, `has lockfileVersion ${version}, which is not supported: 6 and 9 are`);
  return {
    importers: isTable(lock["importers"]) ? lock["importers"] : { ".": lock },
    packages: isTable(lock["packages"]) ? lock["packages"] : undefined,
    snapshots: isTable(lock["snapshots"]) ? lock["snapshots"] : undefined,
    overrides: tableOf(lock["overrides"]),
    catalogs: tableOf(lock["catalogs"]),
  };
}

/** From version 11 on a document of pnpm's own, about its configuration and itself, may stand before the project's. */
function loaded(path: string, text: string): unknown {
  try {
    // Versions are text: `9.0` is not a number.
    return loadAll(text, { schema: FAILSAFE_SCHEMA }).at(-1);
  } catch (error) {
    throw new ManifestError(path, `is not valid YAML: ${messageOf(error).split("\n")[0]}`, { cause: error });
  }
}

/** What a manifest asks for itself, by name: as it is written there, and the version in use. */
type Direct = Readonly<Record<string, { readonly specifier: string; readonly version: string }>>;

function directOf(importer: unknown): Direct {
  const { devDependencies, dependencies, optionalDependencies } = tableOf(importer);
  return { ...directIn(devDependencies), ...directIn(dependencies), ...directIn(optionalDependencies) };
}

function directIn(table: unknown): Direct {
  const entries = Object.entries(tableOf(table)).flatMap(([name, found]) => {
    const [specifier, version] = [textOf(tableOf(found)["specifier"]), textOf(tableOf(found)["version"])];
    return specifier === undefined || version === undefined ? [] : [[name, { specifier, version }] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * Peers are not always in the lockfile, and what it does not name it does not believe anything of. Of what is
 * overridden it names only what is decided.
 */
function believedOf(
  importer: unknown,
  requirements: LockRoot["requirements"],
  overridden: ReadonlySet<string>,
): Record<string, string> {
  const written = Object.entries(directOf(importer)).map(([name, { specifier }]) => [name, specifier]);
  const asked = (which: (of: LockRoot["requirements"][number]) => boolean) =>
    requirements.filter(which).map(({ name, requirement }) => [name, requirement]);
  return Object.fromEntries([
    ...asked(({ scope }) => scope === "peer"),
    ...written,
    ...asked(({ name }) => overridden.has(name)),
  ]);
}

/** Version 6 begins its keys with a slash. */
function plainKey(key: string): string {
  return key.replace(/^\//, "");
}

/** `@acme/a@1.0.0(peer@2.0.0)` is @acme/a at 1.0.0. */
function splitKey(key: string): { name: string; version: string } {
  const bare = key.replace(/\(.*$/, "");
  const at = bare.indexOf("@", 1);
  return at === -1 ? { name: bare, version: "" } : { name: bare.slice(0, at), version: bare.slice(at + 1) };
}

/** A dependency is told by its version, or, where it is an alias, by the whole key of the real package. */
function keyOf(name: string, version: string, keys: ReadonlyMap<string, string>): string | undefined {
  return [`${name}@${version}`, plainKey(version)].find((key) => keys.has(key));
}
