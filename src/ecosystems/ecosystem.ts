import type { Impact } from "../domain/impact.ts";
import type { FileReader, HttpClient, Tools } from "../domain/ports.ts";
import type {
  FileChange,
  Package,
  PackageReleases,
  Project,
  Publication,
  Update,
  ReleaseDetails,
} from "../domain/types.ts";
import type { VersionScheme } from "../versions/scheme.ts";

/**
 * Everything the pipeline knows about a package manager.
 *
 * An ecosystem is one folder under `src/ecosystems/` that exports one value of this type, and one line in `index.ts`.
 * It keeps no state: data goes in, data comes out, and the world is reached only through what it is handed.
 */
export interface Ecosystem {
  /** In configuration, group keys, branch names and logs, such as `npm`. */
  readonly id: string;
  /** The ecosystem's name in OSV, such as `PyPI`. Absent where OSV has none. */
  readonly osv?: string;
  /** The language, as GitHub's users label pull requests: `javascript`. */
  readonly label: string;
  readonly versions: VersionScheme;

  /**
   * Names what `locate` and `read` make of files, such as `npm-1`, and is changed with it: what was made before under
   * the same name is used again while the files stay. Absent where nothing may be kept.
   */
  readonly revision?: string;

  /** Whether `path` is one of this ecosystem's manifests. Called on every path of the tree: keep it cheap. */
  claims(path: string): boolean;

  /** Whether a change of `path` can change what is read of a project: its manifests, lockfiles and settings. */
  concerns(path: string): boolean;

  /** Tells which of the claimed manifests belong together. Never throws: what cannot be read is a location of its own. */
  locate(claimed: readonly string[], files: FileReader): Promise<readonly ProjectLocation[]>;

  /** Reads one project. Throws `ManifestError` on text that it cannot understand: that project fails, the others go on. */
  read(location: ProjectLocation, files: FileReader): Promise<Project>;

  /**
   * Lists the releases of a package; `undefined` when the registry does not know it. With `dated`, times of
   * publication are fetched too, even where that takes a larger document.
   */
  releases(of: Package, http: HttpClient, options: { dated: boolean }): Promise<PackageReleases | undefined>;

  /** Whether a project is published as it describes itself, so that it is a library. Absent where `auto` does not ask. */
  isPublished?(publication: Publication, http: HttpClient): Promise<boolean>;

  /** What the registry says of one release; `undefined` when it does not know it. */
  details?(of: Package, version: string, http: HttpClient): Promise<ReleaseDetails | undefined>;

  /** The address of a release's archive, for the changelog in it. */
  archiveOf?(of: Package, version: string): string;

  /** Reads what the repository's own code takes from packages. Absent where code is not read. */
  readonly usage?: UsageReader;

  /**
   * Writes `updates` into the project's manifests and its lockfile; gives only the files that changed. Throws
   * `ResolutionError` when no consistent lockfile can hold them all.
   */
  patch(project: Project, updates: readonly Update[], io: Io): Promise<readonly FileChange[]>;

  /**
   * Makes the project's lockfile anew: direct dependencies stay at their versions, the others take the newest that is
   * asked for, and as few copies as will do. Gives only the files that changed. Throws as `patch`.
   */
  refresh?(project: Project, io: Io): Promise<readonly FileChange[]>;

  /** Resolves the project as it stands, and writes nothing. Throws as `patch`: then no update is to blame. */
  assertResolves?(project: Project, io: Io): Promise<void>;
}

/** Tells what of a package the repository's code uses, and what of that another release breaks. */
export interface UsageReader {
  /** Whether a file may use packages, by its path. */
  claims(path: string): boolean;
  /** One answer for each step, in their order, from texts by path. What cannot be read is told, not thrown. */
  compare(
    steps: readonly ReleaseStep[],
    sources: Readonly<Record<string, string>>,
    io: Pick<Io, "http" | "tools">,
  ): Promise<readonly Impact[]>;
}

/** A package goes from one release to another: by the addresses of their archives. */
export interface ReleaseStep {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** Where a project is: enough to read it. */
export interface ProjectLocation {
  readonly root: string;
  readonly manifests: readonly string[];
  readonly lockfile?: string;
  /** Other lockfiles in its folder, which its package manager does not use. */
  readonly unused?: readonly string[];
}

/** The outside world, as an ecosystem sees it while it writes. */
export interface Io {
  readonly files: FileReader;
  readonly http: HttpClient;
  readonly tools: Tools;
  /** Releases published later are not to be chosen; the present moment unless a result is being repeated. */
  readonly asOf?: Date;
}
