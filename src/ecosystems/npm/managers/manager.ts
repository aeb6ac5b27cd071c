import type { FileChange, LockGraph, Scope } from "../../../domain/types.ts";
import type { Io } from "../../ecosystem.ts";
import type { Override } from "../overrides.ts";

/** One of the package managers that share `package.json`: how its lockfile is read and brought up to date. */
export interface Manager {
  /** As `packageManager` names it. */
  readonly id: "npm" | "pnpm" | "yarn" | "bun";
  /** Where a repository writes its settings for it. */
  readonly settingsFile: ".npmrc" | ".yarnrc.yml" | "bunfig.toml";
  /** The file of the root in which it has catalogs defined; absent where there are none, or a workspace file tells. */
  readonly catalogs?: "package.json" | ".yarnrc.yml";
  /** Whether this is the manager of a lockfile with this name and text: two kinds of `yarn.lock` exist. */
  reads(name: string, text: string): boolean;
  /** Reads a lockfile; `catalogs` has the requirements of catalogs by `catalog/name`. Throws `ManifestError`. */
  read(
    path: string,
    text: string,
    roots: readonly LockRoot[],
    catalogs: ReadonlyMap<string, string>,
  ): ReadLock;
  /**
   * Makes the lockfile. Nothing of the repository is run. Throws `ResolutionError` when there is no consistent
   * lockfile, and any other error when the manager could not be asked.
   */
  relock(task: RelockTask, io: Io): Promise<Relocked>;
}

export interface Relocked {
  /** The lockfile's new text. */
  readonly lockfile: string;
  /** A file of settings without whose new text the manager would not accept it. */
  readonly settings?: FileChange;
}

/** One of the project's own manifests, seen from the lockfile. */
export interface LockRoot {
  /** Its folder relative to the lockfile's; empty for the lockfile's own. */
  readonly folder: string;
  /** The manifest's path in the repository. */
  readonly manifest: string;
  readonly name?: string;
  readonly version?: string;
  readonly requirements: readonly RootRequirement[];
  /** What its `overrides` or `resolutions` say; they count at the lockfile's own folder only. */
  readonly overrides?: readonly Override[];
}

export interface RootRequirement {
  readonly name: string;
  /** As written. */
  readonly requirement: string;
  readonly scope: Scope;
}

export interface ReadLock {
  readonly graph: LockGraph;
  /** What the lock believes each manifest to require, by the manifest's folder; empty where it does not say. */
  readonly believed: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** The versions in use of catalog entries: by `catalog/name`. */
  readonly catalogs?: ReadonlyMap<string, string>;
}

/** Everything a package manager needs to bring a lockfile up to date. All paths are relative to the project's root. */
export interface RelockTask {
  /** The lockfile's path, and its text as it is. */
  readonly lockfile: string;
  readonly text: string;
  /** Whether to begin without what it holds: everything that no move is about is resolved anew. */
  readonly anew: boolean;
  /** Every manifest, and every other file that bears on the resolution, as it will be. */
  readonly files: Readonly<Record<string, string>>;
  /** The manifests once more, with each updated requirement replaced by the exact version that was chosen. */
  readonly exact: Readonly<Record<string, string>>;
  /** The folders of the project's manifests; empty for the root. */
  readonly folders: readonly string[];
  /** What moves, and to which version. */
  readonly moves: readonly {
    readonly name: string;
    readonly version: string;
    readonly requirement: string;
  }[];
  /** The names of what moves, in manifests or in the lockfile only, to mend an advisory: it does not wait to be older. */
  readonly fixes: readonly string[];
  /** What stays though its requirement, a tag or an alias, could lead elsewhere; `exact` has it as `pinned`. */
  readonly keeps: readonly Kept[];
  /** Locked packages that no manifest names, to be resolved anew within what asks for them; `to` would do. */
  readonly refresh: readonly { readonly name: string; readonly version: string; readonly to: string }[];
  /** The `packageManager` of the root's manifest, such as `pnpm@9.1.0`. */
  readonly packageManager?: string;
  /** Asked for what no scope says otherwise. Ends in `/`. */
  readonly registry: string;
  /** What the operator uses in place of the public one: package managers themselves are fetched from there. */
  readonly operatorRegistry: string;
  /** Every setting of the repository's own, as written (of YAML, as JSON), without secrets: a stranger's. */
  readonly settings: Readonly<Record<string, string>>;
  /** Whether `registry` stands in for the public one, so that the lockfile must not name it. */
  readonly isMirror: boolean;
  /** By scope: `@acme`. */
  readonly scopes: Readonly<Record<string, string>>;
  /** As npm writes them: `{ "//npm.example/:_authToken": "..." }`. */
  readonly credentials: Readonly<Record<string, string>>;
  readonly legacyPeerDeps: boolean;
  /** A folder in which the manager may keep what it downloads. */
  readonly cache?: string;
}

export interface Kept {
  readonly name: string;
  /** What is installed under that name. */
  readonly package: string;
  readonly version: string;
  readonly requirement: string;
  /** The requirement of that very release: `1.2.0`, `npm:real@1.2.0`. */
  readonly pinned: string;
}
