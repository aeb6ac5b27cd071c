import { dirname } from "node:path";
import { type CatalogEntry, catalogIn, readBunCatalogs } from "../catalogs.ts";
import { readPackageJson, type Section } from "../manifest.ts";
import { readPnpmWorkspace } from "../pnpm-workspace.ts";
import { readYaml } from "../yaml.ts";
import type { RelockTask } from "./manager.ts";

/** A requirement that a lockfile was made for, and what the manifests say in its place. */
export interface Pin {
  /** The table that it is written in, and the folder of that manifest, empty for the root's; or the name of a catalog. */
  readonly of: { readonly folder: string; readonly section: Section } | { readonly catalog: string };
  readonly name: string;
  /** The exact version that was chosen. */
  readonly pinned: string;
  readonly requirement: string;
}

export interface Pins {
  readonly pins: readonly Pin[];
  /**
   * Whether these are all that the lockfile was made for: the manifests differ in nothing else, no override has a say, and
   * no package was moved that none of them names.
   */
  readonly isAll: boolean;
}

/** A lockfile for exact versions with the ranges written over them. */
export interface Ranged {
  readonly text: string;
  /**
   * Whether every one was found where it belongs and nothing else can depend on it, so that the package manager would
   * leave it as it is; otherwise it has to be asked.
   */
  readonly isSettled: boolean;
}

/** What `exact` has pinned of `files`. Throws `ManifestError`. */
export function pinsOf({ files, exact, refresh }: RelockTask): Pins {
  const found = Object.entries(exact)
    .filter(([path, text]) => files[path] !== text)
    .map(([path, text]) => differences(path, text, files[path] ?? ""));
  const pins = found.flatMap((each) => each.pins);
  const decided = overriddenIn(files);
  const isDecided = pins.some(({ name }) => decided.has(name));
  return { pins, isAll: refresh.length === 0 && !isDecided && found.every(({ isAll }) => isAll) };
}

/** The names of what is decided for all who need it, whatever manifests say. */
function overriddenIn(files: RelockTask["files"]): ReadonlySet<string> {
  const own = readPackageJson("package.json", files["package.json"] ?? "{}").overrides;
  const shared = readPnpmWorkspace("pnpm-workspace.yaml", files["pnpm-workspace.yaml"] ?? "").overrides;
  return new Set([...own, ...shared].map(({ name }) => name));
}

function differences(path: string, exact: string, asked: string): Pins {
  const [before, after] = [read(path, exact), read(path, asked)];
  const pins = before.entries.flatMap(({ of, name, requirement: pinned }, index): Pin[] => {
    const requirement = after.entries[index]?.requirement ?? pinned;
    return requirement === pinned ? [] : [{ of, name, pinned, requirement }];
  });
  return { pins, isAll: before.rest === after.rest };
}

interface Requirements {
  /** In the order in which they are written. */
  readonly entries: readonly Omit<Pin, "pinned">[];
  /** All that is written besides. */
  readonly rest: string;
}

function read(path: string, text: string): Requirements {
  const isManifest = path.endsWith("package.json");
  const folder = dirname(path) === "." ? "" : dirname(path);
  const yaml = isManifest ? undefined : readYaml(path, text);
  const catalogs = isManifest
    ? readBunCatalogs(path, text).catalog
    : yaml?.top === undefined
      ? []
      : catalogIn(text, yaml.top);
  const own = isManifest ? readPackageJson(path, text).requirements : [];
  const spans = [...own, ...catalogs].map(({ span }) => span).toSorted((a, b) => a.start - b.start);
  return {
    entries: [
      ...own.map(({ name, requirement, section }) => ({
        of: { folder, section },
        name,
        requirement,
      })),
      ...catalogs.map(({ catalog, name, requirement }: CatalogEntry) => ({
        of: { catalog },
        name,
        requirement,
      })),
    ],
    rest: [...spans, { start: text.length, end: text.length }]
      .map(({ start }, index) => text.slice(spans[index - 1]?.end ?? 0, start))
      .join("\0"),
  };
}
