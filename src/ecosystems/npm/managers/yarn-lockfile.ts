import { FAILSAFE_SCHEMA, load } from "js-yaml";
import semver from "semver";
import { ManifestError, messageOf } from "../../../domain/errors.ts";
import type { LockedPackage } from "../../../domain/types.ts";
import { tableOf, textOf, textsOf } from "../../../text/data.ts";
import { placeOf } from "../../../text/place.ts";
import { heeded } from "../overrides.ts";
import { reachable } from "./graph.ts";
import type { LockRoot, ReadLock } from "./manager.ts";

interface Entry {
  readonly version: string;
  readonly resolution: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly checksum: string | undefined;
}

/** Reads a lockfile. https://yarnpkg.com/advanced/lexicon#lockfile */
export function readYarnLock(
  path: string,
  text: string,
  roots: readonly LockRoot[],
  catalogs: ReadonlyMap<string, string>,
): ReadLock {
  const entries = parse(path, text);
  const descriptors = entries.flatMap(({ descriptors: keys, found }) =>
    keys.map((key) => [key, found.resolution] as const),
  );
  // What lies in the repository stands there with the one that asks for it: `a@patch:a@1.0.0#./a.patch::locator=...`.
  const ids = new Map([
    ...descriptors.map(([key, id]) => [key.replace(/::locator=.*$/, ""), id] as const),
    ...descriptors,
  ]);
  const find = (name: string, asked: string) => {
    const catalog = /^catalog:(.*)$/.exec(asked)?.[1];
    const range = catalog === undefined ? asked : catalogs.get(`${catalog || "default"}/${name}`);
    return [`${name}@${range}`, `${name}@npm:${range}`, `${name}@workspace:${range}`]
      .map((key) => ids.get(key))
      .find((id) => id !== undefined);
  };
  const resolutions = resolutionsOf(roots);
  // The lockfile knows what `resolutions` decide by what is written there, and no longer by who asks.
  const idOf = (name: string, range: string) =>
    find(name, range) ??
    resolutions
      .get(name)
      ?.map((decided) => find(name, decided))
      .find((id) => id !== undefined);
  const dependenciesOf = ({ dependencies }: Entry) =>
    Object.entries(dependencies)
      .flatMap(([name, range]) => idOf(name, range) ?? [])
      .toSorted();

  const manifests = new Map(roots.map((root) => [root.folder === "" ? "." : root.folder, root]));
  const packages = entries.map(({ found }): LockedPackage => {
    const { name, reference } = splitResolution(found.resolution);
    const root = manifests.get(/^workspace:(.*)$/.exec(reference)?.[1] ?? "//");
    return {
      id: found.resolution,
      name: root?.name ?? name,
      version: root === undefined ? found.version : (root.version ?? ""),
      scope: "development",
      dependencies: dependenciesOf(found),
      ...(root === undefined ? {} : { manifest: root.manifest }),
      ...(found.checksum === undefined ? {} : { integrity: found.checksum }),
    };
  });
  const runtime = reachable(
    packages,
    roots.flatMap(({ requirements }) =>
      requirements
        .filter(({ scope }) => scope === "runtime" || scope === "optional")
        .flatMap(({ name, requirement }) => idOf(name, requirement) ?? []),
    ),
  );
  return {
    graph: {
      packages: packages.map((locked): LockedPackage =>
        runtime.has(locked.id) || locked.manifest !== undefined ? { ...locked, scope: "runtime" } : locked,
      ),
    },
    believed: new Map(
      roots.map(({ folder, requirements }) => [
        folder,
        Object.fromEntries(
          requirements
            .filter(
              ({ name, requirement, scope }) =>
                scope === "peer" ||
                semver.validRange(requirement) === null ||
                idOf(name, requirement) !== undefined,
            )
            .map(({ name, requirement }) => [name, requirement]),
        ),
      ]),
    ),
    catalogs: new Map(
      [...catalogs].flatMap(([key, range]): [string, string][] => {
        const id = idOf(key.slice(key.indexOf("/") + 1), range);
        const version = entries.find(({ found }) => found.resolution === id)?.found.version;
        return version === undefined ? [] : [[key, version]];
      }),
    ),
  };
}

/** By name: `a`, `a@npm:^1.0.0` and `b/a` all decide a. */
function resolutionsOf(roots: readonly LockRoot[]): ReadonlyMap<string, string[]> {
  const own = roots.find(({ folder }) => folder === "")?.overrides ?? [];
  const found = new Map<string, string[]>();
  for (const { name, value } of heeded(own, "yarn")) found.set(name, [...(found.get(name) ?? []), value]);
  return found;
}

function parse(path: string, text: string): { descriptors: string[]; found: Entry }[] {
  const conflict = /^(?:<{7}|>{7}) /m.exec(text);
  if (conflict !== null) {
    throw new ManifestError(path, "has merge conflict markers", {
      at: placeOf(text, conflict.index),
      mend: "Run `yarn install`, which resolves them, and commit the file",
    });
  }
  const { __metadata: about, ...rest } = tableOf(loaded(path, text));
  const version = textOf(tableOf(about)["version"]);
  if (version === undefined || !/^(?:[4-9]|10)$/.test(version)) {
    throw new ManifestError(
      path,
      `is a Yarn lockfile of version ${version ?? "unknown"}, which is not supported: 1 and 4 to 10 are`,
    );
  }
  return Object.entries(rest).map(([key, value]) => {
    const found = entryOf(value);
    if (found === undefined) throw new ManifestError(path, `has an entry that cannot be read: ${key}`);
    return { descriptors: key.split(", "), found };
  });
}

function entryOf(value: unknown): Entry | undefined {
  const found = tableOf(value);
  const [version, resolution] = [textOf(found["version"]), textOf(found["resolution"])];
  if (version === undefined || resolution === undefined) return undefined;
  const { dependencies, optionalDependencies, checksum } = found;
  return {
    version,
    resolution,
    dependencies: { ...textsOf(dependencies), ...textsOf(optionalDependencies) },
    checksum: textOf(checksum),
  };
}

function loaded(path: string, text: string): unknown {
  try {
    // Versions and ranges are text: `1.10` is not a number.
    return load(text, { schema: FAILSAFE_SCHEMA });
  } catch (error) {
    throw new ManifestError(path, `is not valid YAML: ${messageOf(error).split("\n")[0]}`, { cause: error });
  }
}

/** `@acme/a@npm:1.0.0` is @acme/a by `npm:1.0.0`. */
function splitResolution(resolution: string): { name: string; reference: string } {
  const at = resolution.indexOf("@", 1);
  return { name: resolution.slice(0, at), reference: resolution.slice(at + 1) };
}
