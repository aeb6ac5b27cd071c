import { posix } from "node:path";
import { ManifestError, messageOf } from "../../domain/errors.ts";
import type { FileReader } from "../../domain/ports.ts";
import type { Project, Reason, Scope } from "../../domain/types.ts";
import type { ProjectLocation } from "../ecosystem.ts";
import type { Catalogs } from "./catalogs.ts";
import { addressReason, addressWarning, catalogManifest, installedIn, toManifest } from "./dependencies.ts";
import { folderOf, idleGlobs, isPnpmWorkspace, relativeTo } from "./locate.ts";
import { pnpmWorkspaceFile } from "./lockfiles.ts";
import { managerOf } from "./managers/index.ts";
import type { Manager, ReadLock } from "./managers/manager.ts";
import { type PackageJson, readPackageJson } from "./manifest.ts";
import { heeded } from "./overrides.ts";
import type { PnpmWorkspace } from "./pnpm-workspace.ts";
import { type NpmSettings, readNpmrc, readYarnrc, registryFor } from "./npmrc.ts";

/** Reads the manifests and the lockfile of one project. Throws `ManifestError`. */
export async function readProject(location: ProjectLocation, files: FileReader): Promise<Project> {
  const { root, lockfile } = location;
  const found = lockfile === undefined ? undefined : await findManager(lockfile, files);
  const settings = await settingsOf(root, files, found?.manager);
  // A file of catalogs is found again by its package manager, wherever the location comes from.
  const packages = location.manifests.filter((path) => /(?:^|\/)package\.json$/.test(path));
  const [workspace, ...manifests] = await Promise.all([
    readWorkspace(location, files),
    ...packages.map((path) => readManifest(path, files)),
  ]);
  const own = manifests.find(({ path }) => folderOf(path) === root) ?? nothing;
  const catalogs = await readCatalogs(root, found?.manager, workspace, files);
  const foreign = await whyForeign(location, workspace, found?.manager, files);
  const lock =
    found?.manager === undefined || foreign !== undefined
      ? undefined
      : readLock(found, manifests, root, catalogs);
  const globs = workspace?.packages ?? own.workspaces ?? [];
  const local = new Set(manifests.flatMap(({ name }) => (name === undefined ? [] : [name])));
  const manager = found?.manager?.id ?? managerNamed(own.packageManager);
  const installedAt = lock === undefined ? undefined : installedIn(lock.graph);
  const decided = [...own.overrides, ...(workspace?.overrides ?? [])];
  const overrides = heeded(decided, manager, own.packageManager);
  const shared = { settings, own: { ...own, overrides }, manager, local, foreign, lock, installedAt };
  const [first, ...others] = manifests.map((manifest) =>
    toManifest(manifest, shared, manifest.path === catalogs?.path ? catalogs.catalog : []),
  );
  const apart = catalogs === undefined || packages.includes(catalogs.path) ? undefined : catalogs;
  return {
    ecosystem: "npm",
    root,
    manifests: [first, apart && catalogManifest(apart, shared), ...others].filter((it) => it !== undefined),
    ...(lock === undefined || lockfile === undefined
      ? {}
      : { lockfile: { path: lockfile, graph: lock.graph } }),
    files: [
      ...location.manifests,
      ...(lockfile === undefined ? [] : [lockfile]),
      posix.join(root, found?.manager?.settingsFile ?? ".npmrc"),
    ],
    ...publicationOf(own, settings),
    warnings: [
      ...(foreign === undefined ? [] : [foreign.detail]),
      ...(location.unused ?? []).map((path) => unusedWarning(path, lockfile)),
      ...idleGlobs(location.manifests[0] ?? "", globs, packages).map(
        (glob) =>
          `the workspace glob ${JSON.stringify(glob)} in ${workspace?.path ?? own.path} matches no package`,
      ),
      ...(lock === undefined ? [] : outOfStep(lock, manifests, root, found?.manager?.id ?? "npm")),
      ...[settings.registry, ...settings.scopes.values()].flatMap((address) => addressWarning(address)),
    ],
  };
}

/** At the registry of its name, where that can be asked. */
function publicationOf({ publication }: PackageJson, settings: NpmSettings): Pick<Project, "publication"> {
  if (publication === undefined) return {};
  const registry = registryFor(publication.name, settings);
  if (addressReason(registry) !== undefined) return {};
  return { publication: { ...publication, ...(registry === undefined ? {} : { registry }) } };
}

/** The root of a workspace that has no `package.json` of its own. */
const nothing: PackageJson = {
  path: "package.json",
  hasPnpmSettings: false,
  engines: {},
  requirements: [],
  tools: [],
  overrides: [],
};

async function readWorkspace(
  { manifests }: ProjectLocation,
  files: FileReader,
): Promise<PnpmWorkspace | undefined> {
  const path = manifests.find(isPnpmWorkspace);
  const text = path === undefined ? undefined : await files.read(path);
  if (path === undefined || text === undefined) return undefined;
  const { readPnpmWorkspaceFile } = await import("./pnpm-workspace-file.ts");
  return readPnpmWorkspaceFile(path, text);
}

/** The catalogs of a project, where its package manager has them defined. */
async function readCatalogs(
  root: string,
  manager: Manager | undefined,
  workspace: PnpmWorkspace | undefined,
  files: FileReader,
): Promise<Catalogs | undefined> {
  if (workspace !== undefined) return workspace;
  if (manager?.catalogs === undefined) return undefined;
  const path = posix.join(root, manager.catalogs);
  const text = await files.read(path);
  if (text === undefined || !text.includes("catalog")) return undefined;
  const { readBunCatalogs, readYarnCatalogs } = await import("./catalogs.ts");
  const found = manager.id === "bun" ? readBunCatalogs(path, text) : readYarnCatalogs(path, text);
  return found.catalog.length === 0 ? undefined : found;
}

async function readManifest(path: string, files: FileReader): Promise<PackageJson> {
  const text = await files.read(path);
  if (text === undefined) throw new ManifestError(path, "is listed, but cannot be read");
  return readPackageJson(path, text);
}

/** The settings beside a project's root manifest, in the file that its package manager reads. */
export async function settingsOf(
  root: string,
  files: FileReader,
  manager: Manager | undefined,
): Promise<NpmSettings> {
  const path = posix.join(root, manager?.settingsFile ?? ".npmrc");
  const text = (await files.read(path)) ?? "";
  try {
    if (path.endsWith(".yml")) return await readYarnrc(text);
    if (manager?.id === "pnpm") {
      const workspace = posix.join(root, pnpmWorkspaceFile);
      const written = await files.read(workspace);
      if (written === undefined || !/^registr(?:y|ies):/m.test(written)) return readNpmrc(text);
      const { withPnpmRegistries } = await import("./pnpm-workspace.ts");
      return withPnpmRegistries(workspace, written, readNpmrc(text));
    }
    if (!path.endsWith(".toml")) return readNpmrc(text);
    const { readBunfig } = await import("./bunfig.ts");
    return readBunfig(text, readNpmrc((await files.read(posix.join(root, ".npmrc"))) ?? ""));
  } catch (error) {
    throw new ManifestError(path, `cannot be read: ${messageOf(error).split("\n")[0]}`, { cause: error });
  }
}

interface FoundLock {
  readonly path: string;
  readonly text: string;
  readonly manager: Manager | undefined;
}

function unusedWarning(path: string, lockfile: string | undefined): string {
  return `${path} is not used: ${lockfile} is the lockfile of this project's package manager. Remove ${path}, or name its manager in "packageManager"`;
}

async function findManager(path: string, files: FileReader): Promise<FoundLock> {
  if (isBinary(path)) return { path, text: "", manager: undefined };
  const text = await files.read(path);
  if (text === undefined) throw new ManifestError(path, "is listed, but cannot be read");
  return { path, text, manager: await managerOf(path, text) };
}

/** Why this project's lockfile could not be brought up to date, so that nothing may be proposed for it. */
async function whyForeign(
  { lockfile, root }: ProjectLocation,
  workspace: PnpmWorkspace | undefined,
  manager: Manager | undefined,
  files: FileReader,
): Promise<Reason | undefined> {
  if (lockfile === undefined) return undefined;
  if (isBinary(lockfile)) {
    return unsupported(
      `${lockfile} is binary, which nothing but bun can read: run \`bun install --save-text-lockfile --lockfile-only\`, commit bun.lock and remove bun.lockb`,
    );
  }
  if (manager === undefined) return unsupported(`${lockfile} cannot be brought up to date yet`);
  for (const name of hooks[manager.id]) {
    const path = posix.join(root, name);
    if ((await files.read(path)) === undefined) continue;
    const detail = `${path} changes what ${manager.id} installs, and no code of a repository is run`;
    return { code: "runs-code", detail };
  }
  const [setting] = workspace?.runs ?? [];
  if (setting === undefined) return undefined;
  const detail = `\`${setting}\` in ${workspace?.path} has pnpm run code, and no code of a repository is run`;
  return { code: "runs-code", detail };
}

/** What bun wrote before 1.2. */
function isBinary(lockfile: string): boolean {
  return lockfile.endsWith("bun.lockb");
}

/** The package manager that `pnpm@9.1.0` and the like name; npm where nothing is named. */
function managerNamed(packageManager: string | undefined): Manager["id"] {
  const name = packageManager?.split("@")[0];
  return name === "pnpm" || name === "yarn" || name === "bun" ? name : "npm";
}

/** Files that a package manager would run, so that its lockfile depends on them. */
const hooks: Readonly<Record<Manager["id"], readonly string[]>> = {
  npm: [".npm-extension.mjs", ".npm-extension.cjs"],
  pnpm: [".pnpmfile.cjs", ".pnpmfile.mjs", "pnpmfile.js"],
  yarn: [],
  bun: [],
};

function unsupported(detail: string): Reason {
  return { code: "unsupported-lockfile", detail };
}

function readLock(
  { path, text, manager }: FoundLock,
  manifests: readonly PackageJson[],
  root: string,
  catalogs: Catalogs | undefined,
): ReadLock | undefined {
  const entries = (catalogs?.catalog ?? []).map(
    ({ catalog, name, requirement }) => [`${catalog}/${name}`, requirement] as const,
  );
  return manager?.read(
    path,
    text,
    manifests.map(({ path: manifest, name, version, requirements, overrides }) => ({
      folder: relativeTo(root, folderOf(manifest)) ?? "",
      manifest,
      ...(name === undefined ? {} : { name }),
      ...(version === undefined ? {} : { version }),
      requirements: inOrder(requirements).map(({ name: of, requirement, scope }) => ({
        name: of,
        requirement,
        scope,
      })),
      overrides,
    })),
    new Map(entries),
  );
}

/** Of a name in several tables the later one counts: peers, then development, then runtime, as npm has it. */
function inOrder<T extends { readonly scope: Scope }>(requirements: readonly T[]): T[] {
  const ranks: readonly Scope[] = ["peer", "development", "runtime", "optional"];
  return requirements.toSorted((a, b) => ranks.indexOf(a.scope) - ranks.indexOf(b.scope));
}

/** What the lockfile was made for, where the manifests now say something else. */
function outOfStep(
  lock: ReadLock,
  manifests: readonly PackageJson[],
  root: string,
  manager: string,
): string[] {
  if (lock.believed.size === 0) return [];
  return manifests.flatMap(({ path, requirements }) => {
    const believed = lock.believed.get(relativeTo(root, folderOf(path)) ?? "");
    if (believed === undefined)
      return [`the lockfile does not know ${path}: run \`${manager} install\` and commit what it writes`];
    const written = Object.fromEntries(
      inOrder(requirements).map(({ name, requirement }) => [name, requirement]),
    );
    const different = requirements.filter(({ name }) => believed[name] !== written[name]);
    const [first] = different;
    if (first === undefined) return [];
    const more = different.length > 1 ? ` and ${different.length - 1} more` : "";
    const was = believed[first.name];
    return [
      `the lockfile is out of step with ${path}: ${first.name} is ${JSON.stringify(written[first.name])} there and ` +
        `${was === undefined ? "missing" : JSON.stringify(was)} in the lockfile${more}. Run \`${manager} install\` and commit what it writes`,
    ];
  });
}
