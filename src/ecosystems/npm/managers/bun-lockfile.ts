import { ManifestError } from "../../../domain/errors.ts";
import type { LockedPackage } from "../../../domain/types.ts";
import { isTable, tableOf, textOf, textsOf } from "../../../text/data.ts";
import { parseJsonc } from "../../../text/json.ts";
import { reachable, rootId, rootPackage } from "./graph.ts";
import type { LockRoot, ReadLock } from "./manager.ts";

/** A `bun.lock`, as far as it is read here. https://bun.com/docs/pm/lockfile */
export interface BunLock {
  readonly version: number;
  /** Which defaults of bun's the lockfile was made with; absent before bun 1.3. */
  readonly configVersion?: number;
  /** What each manifest asks for, by its folder; empty for the root's. */
  readonly workspaces: ReadonlyMap<string, Asked>;
  /** By place: the names of the packages that it is nested in, and its own. */
  readonly packages: ReadonlyMap<string, BunPackage>;
}

interface BunPackage extends Asked {
  readonly name: string;
  /** A version, or where it comes from: `workspace:packages/a`, `github:owner/name#abc`. */
  readonly reference: string;
  readonly integrity?: string;
}

/** What a manifest or a package asks for, by name. */
interface Asked {
  readonly runtime: Readonly<Record<string, string>>;
  readonly development: Readonly<Record<string, string>>;
  readonly peer: Readonly<Record<string, string>>;
}

const known = [0, 1, 2];

/** Reads the text of a lockfile. Throws `ManifestError`. */
export function parseBunLock(path: string, text: string): BunLock {
  const data = parseJsonc(path, text);
  if (!isTable(data)) throw notALock(path, "it is no JSON object");
  const { lockfileVersion: version, configVersion, workspaces, packages } = data;
  if (typeof version !== "number") throw notALock(path, "it has no lockfileVersion");
  if (!known.includes(version)) {
    throw new ManifestError(path, `has lockfileVersion ${version}, which is not known: 0, 1 and 2 are`, {
      mend: "Make it with a release of bun that writes one of these, until this one is supported",
    });
  }
  return {
    version,
    ...(typeof configVersion === "number" ? { configVersion } : {}),
    workspaces: new Map(
      Object.entries(tableOf(workspaces)).map(([folder, of]) => [folder, askedBy(tableOf(of))]),
    ),
    packages: new Map(
      Object.entries(tableOf(packages)).map(([place, entry]) => [place, packageOf(path, place, entry)]),
    ),
  };
}

function notALock(path: string, why: string): ManifestError {
  return new ManifestError(path, `is no lockfile of bun's: ${why}`, {
    mend: "Run `bun install --lockfile-only` to make it anew",
  });
}

/** `["name@1.0.0", "registry", { ... }, "sha512-..."]`; other kinds of packages leave some of these out. */
function packageOf(path: string, place: string, entry: unknown): BunPackage {
  const [resolution, ...rest]: readonly unknown[] = Array.isArray(entry) ? entry : [];
  const at = textOf(resolution)?.indexOf("@", 1) ?? -1;
  if (typeof resolution !== "string" || at === -1)
    throw notALock(path, `the entry of ${JSON.stringify(place)} is none`);
  const integrity = textOf(rest.at(-1));
  return {
    name: resolution.slice(0, at),
    reference: resolution.slice(at + 1),
    ...askedBy(tableOf(rest.find(isTable))),
    ...(integrity?.includes("-") === true ? { integrity } : {}),
  };
}

function askedBy(of: Readonly<Record<string, unknown>>): Asked {
  return {
    runtime: { ...textsOf(of["dependencies"]), ...textsOf(of["optionalDependencies"]) },
    development: textsOf(of["devDependencies"]),
    peer: textsOf(of["peerDependencies"]),
  };
}

/** Reads a lockfile as a graph. Throws `ManifestError`. */
export function readBunLock(path: string, text: string, roots: readonly LockRoot[]): ReadLock {
  const { workspaces, packages } = parseBunLock(path, text);
  const folders = new Set(roots.map(({ folder }) => folder));
  const idOf = (place: string): string => {
    const member = /^workspace:(.*)$/.exec(packages.get(place)?.reference ?? "")?.[1];
    return member !== undefined && folders.has(member) ? rootId(member) : place;
  };
  const find = (names: Iterable<string>, from: readonly string[]) =>
    [...names].flatMap((name) => {
      const place = placeOf(name, from, packages);
      return place === undefined ? [] : [idOf(place)];
    });
  const placesOf = new Map(roots.map((root) => [root, root.folder === "" ? [] : [root.name ?? ""]]));

  const own = roots.map((root) => {
    const asked = workspaces.get(root.folder);
    return rootPackage(root, find(asked === undefined ? [] : namesIn(asked), placesOf.get(root) ?? []));
  });
  const installed = [...packages]
    .filter(([place]) => idOf(place) === place)
    .map(([place, found]): LockedPackage => {
      const { name, reference, integrity } = found;
      return {
        id: place,
        name,
        version: reference,
        scope: "development",
        dependencies: find(namesIn(found), namesOf(place)).toSorted(),
        ...(integrity === undefined ? {} : { integrity }),
      };
    });
  const runtime = reachable(
    installed,
    roots.flatMap((root) =>
      find(Object.keys(workspaces.get(root.folder)?.runtime ?? {}), placesOf.get(root) ?? []),
    ),
  );
  return {
    graph: {
      packages: [
        ...own,
        ...installed.map((locked): LockedPackage =>
          runtime.has(locked.id) ? { ...locked, scope: "runtime" } : locked,
        ),
      ],
    },
    believed: new Map(
      [...workspaces].map(([folder, { runtime: main, development, peer }]) => [
        folder,
        { ...peer, ...development, ...main },
      ]),
    ),
    catalogs: new Map(
      roots.flatMap((root) =>
        root.requirements.flatMap(({ name, requirement }): [string, string][] => {
          const catalog = /^catalog:(.*)$/.exec(requirement)?.[1];
          const place = placeOf(name, placesOf.get(root) ?? [], packages);
          const version = packages.get(place ?? "")?.reference;
          return catalog === undefined || version === undefined
            ? []
            : [[`${catalog.trim() || "default"}/${name}`, version]];
        }),
      ),
    ),
  };
}

function namesIn({ runtime, development, peer }: Asked): ReadonlySet<string> {
  return new Set([runtime, development, peer].flatMap((table) => Object.keys(table)));
}

/** The nearest package of a name, seen from below `from`: in its own folder first, at the top last. */
export function placeOf(
  name: string,
  from: readonly string[],
  packages: ReadonlyMap<string, unknown>,
): string | undefined {
  for (let length = from.length; length >= 0; length--) {
    const place = [...from.slice(0, length), name].join("/");
    if (packages.has(place)) return place;
  }
  return undefined; // an optional or a peer dependency that was not installed
}

/** `@acme/a/b` is b in `@acme/a`. */
function namesOf(place: string): string[] {
  return place.match(/@[^/]+\/[^/]+|[^/]+/g) ?? [];
}

/** The places outside of registries from which packages of a lockfile come. */
export function outsideReferences({ packages }: BunLock): readonly string[] {
  return [...packages.values()].map(({ reference }) => reference).filter((it) => !/^\d/.test(it));
}
