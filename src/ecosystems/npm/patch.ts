import { posix } from "node:path";
import { ResolutionError } from "../../domain/errors.ts";
import type { FileReader } from "../../domain/ports.ts";
import type { FileChange, Project, Update } from "../../domain/types.ts";
import { type Edit, replaceSpans } from "../../text/spans.ts";
import type { Io } from "../ecosystem.ts";
import { keptOf } from "./kept.ts";
import { folderOf, relativeTo } from "./locate.ts";
import { assertSameFormat, assertSettingsAreRead } from "./lock-format.ts";
import { managerOf } from "./managers/index.ts";
import { readPackageJson } from "./manifest.ts";
import { settingsOf } from "./project.ts";
import { publicRegistry } from "./registry.ts";

/** What the operator decides, not the repository. */
export interface NpmOptions {
  /** Asked in place of the public registry, such as a mirror. Ends in `/`. */
  readonly registry?: string;
  /** The registries of scopes where a repository names none: `{ "@acme": "https://npm.acme.example/" }`. */
  readonly scopes?: Readonly<Record<string, string>>;
  /** Credentials as npm writes them: `{ "//npm.example/:_authToken": "..." }`. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** A folder in which npm keeps what it downloads, from one lockfile to the next. */
  readonly cache?: string;
}

/** Splices the manifests and has the package manager's own rules bring the lockfile up to date. Throws `ResolutionError`. */
export async function patch(
  project: Project,
  updates: readonly Update[],
  io: Io,
  options: NpmOptions & { registry: string },
): Promise<readonly FileChange[]> {
  return updates.length === 0 ? [] : write(project, updates, io, { ...options, anew: false });
}

/**
 * Has the package manager begin anew with the direct dependencies at the versions that they have. Throws
 * `ResolutionError` where that would fetch what is not from a registry.
 */
export async function refresh(
  project: Project,
  io: Io,
  options: NpmOptions & { registry: string },
): Promise<readonly FileChange[]> {
  const stays = project.manifests.flatMap((manifest) =>
    manifest.dependencies.flatMap((dependency): Update[] => {
      const { held, kind, scope, version, requirement } = dependency;
      if (held !== undefined && elsewhere.has(held.code)) {
        throw new ResolutionError(
          `${dependency.name} in ${manifest.path} is not from a registry, and would be fetched anew: ${held.detail}`,
        );
      }
      const at = held === undefined ? version : keptOf(dependency, manifest.path, project)?.version;
      if (kind !== undefined || scope === "peer" || at === undefined) return [];
      const release = { version: at };
      return [{ project, manifest, dependency, from: at, release, requirement, size: "patch", fixes: [] }];
    }),
  );
  return write(project, stays, io, { ...options, anew: true });
}

const elsewhere = new Set(["git", "tarball"]);

/** Throws `ResolutionError` where the package manager makes no lockfile of the project as it stands. */
export async function assertResolves(
  project: Project,
  io: Io,
  options: NpmOptions & { registry: string },
): Promise<void> {
  await write(project, [], io, { ...options, anew: false });
}

async function write(
  project: Project,
  updates: readonly Update[],
  io: Io,
  options: NpmOptions & { registry: string; anew: boolean },
): Promise<readonly FileChange[]> {
  const [transitive, asked] = parted(updates, ({ dependency }) => dependency.kind === "transitive");
  const keeps = new Map(
    asked.flatMap((update) => {
      const kept = keptOf(update.dependency, update.manifest.path, project);
      return kept === undefined ? [] : [[update, kept] as const];
    }),
  );
  const direct = asked.filter((update) => !keeps.has(update));
  const before = await readAll(
    project.manifests.map(({ path }) => path),
    io.files,
  );
  const ranges = edited(before, direct, ({ requirement }) => requirement);
  const manifests = changesOf(before, ranges);
  if (project.lockfile === undefined) return manifests;

  const { path } = project.lockfile;
  const text = (await io.files.read(path)) ?? "";
  const manager = await managerOf(path, text);
  if (manager === undefined) throw new ResolutionError(`${path} cannot be brought up to date`);
  const settings = await settingsOf(project.root, io.files, manager);
  const inside = (texts: ReadonlyMap<string, string>) =>
    Object.fromEntries([...texts].map(([file, content]) => [within(project, file), content]));
  const others = await readAll(await otherFiles(project, before, io.files), io.files);
  const own = posix.join(project.root, "package.json");
  const root = readPackageJson(own, ranges.get(own) ?? "{}");
  assertSettingsAreRead(root, settings.all.keys(), direct);
  const made = await manager.relock(
    {
      lockfile: within(project, path),
      text,
      anew: options.anew,
      files: { ...inside(others), ...inside(ranges) },
      exact: inside(edited(before, asked, (it) => keeps.get(it)?.pinned ?? it.release.version)),
      folders: project.manifests
        .filter(({ path: manifest }) => manifest.endsWith("package.json"))
        .map((manifest) => within(project, folderOf(manifest.path))),
      moves: direct.map(({ dependency, release, requirement }) => ({
        name: dependency.name,
        version: release.version,
        requirement,
      })),
      fixes: updates.filter(({ fixes }) => fixes.length > 0).map(({ dependency }) => dependency.name),
      keeps: [...keeps.values()],
      refresh: transitive.map(({ dependency, from, release }) => ({
        name: dependency.name,
        version: from,
        to: release.version,
      })),
      ...(root.packageManager === undefined ? {} : { packageManager: root.packageManager }),
      registry: settings.registry ?? options.registry,
      operatorRegistry: options.registry,
      settings: Object.fromEntries(settings.all),
      isMirror: settings.registry === undefined && options.registry !== publicRegistry,
      scopes: { ...options.scopes, ...Object.fromEntries(settings.scopes) },
      credentials: options.credentials ?? {},
      legacyPeerDeps: settings.legacyPeerDeps,
      ...(options.cache === undefined ? {} : { cache: options.cache }),
    },
    io,
  );
  const { lockfile: content, settings: written } = made;
  assertSameFormat(path, text, content, direct);
  if (content === text) return manifests;
  const changed = written === undefined ? [] : [{ ...written, path: posix.join(project.root, written.path) }];
  const replaced = new Set(changed.map((change) => change.path));
  return [...manifests.filter((change) => !replaced.has(change.path)), ...changed, { path, content }];
}

function parted<Item>(items: readonly Item[], fits: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(fits), items.filter((item) => !fits(item))];
}

function within(project: Project, path: string): string {
  return relativeTo(project.root, path) ?? path;
}

/** What manifests point at and package managers look into: the folders of `file:` requirements, and patches. */
async function otherFiles(
  project: Project,
  manifests: ReadonlyMap<string, string>,
  files: FileReader,
): Promise<readonly string[]> {
  const folders = project.manifests.flatMap((manifest) =>
    manifest.dependencies.flatMap(({ requirement }) => {
      const target = /^(?:file|link|portal):(.*)$/.exec(requirement)?.[1];
      return target === undefined ? [] : [posix.join(folderOf(manifest.path), target, "package.json")];
    }),
  );
  const patches = [...manifests].flatMap(([path, text]) =>
    (text.match(/[^\s"'`#:,!]+\.(?:patch|diff)\b/g) ?? []).flatMap((file) =>
      file.startsWith("~/")
        ? [posix.join(project.root, file.slice(2))]
        : [posix.join(project.root, file), posix.join(folderOf(path), file)],
    ),
  );
  const known = new Set((await files.list()).filter(({ kind }) => kind === "file").map(({ path }) => path));
  // What lies above the project's root has no place in the folder that the package manager sees.
  return [...new Set([...folders, ...patches])].filter(
    (path) => known.has(path) && !manifests.has(path) && relativeTo(project.root, path) !== undefined,
  );
}

async function readAll(paths: readonly string[], files: FileReader): Promise<ReadonlyMap<string, string>> {
  const texts = await Promise.all(
    paths.map(async (path): Promise<[string, string | undefined]> => [path, await files.read(path)]),
  );
  return new Map(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function edited(
  texts: ReadonlyMap<string, string>,
  updates: readonly Update[],
  textOf: (update: Update) => string,
): ReadonlyMap<string, string> {
  const edits = Map.groupBy(updates, ({ manifest }) => manifest.path);
  return new Map(
    [...texts].map(([path, text]) => {
      const own = edits.get(path) ?? [];
      return [
        path,
        replaceSpans(
          text,
          own.map((update): Edit => ({ span: update.dependency.span, text: textOf(update) })),
        ),
      ];
    }),
  );
}

function changesOf(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): FileChange[] {
  return [...after]
    .filter(([path, text]) => before.get(path) !== text)
    .map(([path, content]) => ({ path, content }));
}
