import { posix } from "node:path";
import picomatch from "picomatch";
import type { FileReader } from "../../domain/ports.ts";
import { tableOf } from "../../text/data.ts";
import { parseJson } from "../../text/json.ts";
import type { ProjectLocation } from "../ecosystem.ts";
import { lockfilesAt, pnpmWorkspaceFile } from "./lockfiles.ts";
import { workspacesIn } from "./manifest.ts";
import { packageManagerOf } from "./pinned.ts";

/**
 * Tells which manifests belong together: the members of a workspace with its root, every other alone. pnpm's workspace
 * file is a manifest too, since it can define a catalog; it goes with the `package.json` beside it.
 */
export async function locate(
  claimed: readonly string[],
  files: FileReader,
): Promise<readonly ProjectLocation[]> {
  const paths = new Set((await files.list()).filter(({ kind }) => kind === "file").map(({ path }) => path));
  const packages = claimed.filter((path) => !isPnpmWorkspace(path));
  const workspaces = new Map(claimed.filter(isPnpmWorkspace).map((path) => [folderOf(path), path]));
  const roots = [
    ...packages.map((path) => ({ path, workspace: workspaces.get(folderOf(path)) })),
    ...[...workspaces]
      .filter(([folder]) => !packages.includes(posix.join(folder, "package.json")))
      .map(([, path]) => ({ path, workspace: path })),
  ];
  const found = await Promise.all(
    roots.map(async (root) => ({
      ...root,
      globs: await workspacesOf(root, files),
      beside: await lockfilesBeside(root, paths, files),
    })),
  );
  const owner = new Map<string, string>();
  // Outer roots first: a workspace inside a workspace is npm's member of the outer one.
  for (const { path, globs } of found.toSorted((a, b) => a.path.length - b.path.length)) {
    if (globs === undefined || owner.has(path)) continue;
    for (const member of membersOf(path, globs, packages)) if (!owner.has(member)) owner.set(member, path);
  }
  return found
    .filter(({ path }) => !owner.has(path))
    .map(({ path, workspace, beside }): ProjectLocation => {
      const root = folderOf(path);
      const members = packages.filter((other) => owner.get(other) === path);
      const [lockfile, ...unused] = beside;
      const manifests = [
        path,
        ...(workspace === undefined || workspace === path ? [] : [workspace]),
        ...members,
      ];
      return {
        root,
        manifests,
        ...(lockfile === undefined ? {} : { lockfile }),
        ...(unused.length === 0 ? {} : { unused }),
      };
    });
}

export function isPnpmWorkspace(path: string): boolean {
  return path === pnpmWorkspaceFile || path.endsWith(`/${pnpmWorkspaceFile}`);
}

/** The members' manifests, sorted. A later `!glob` takes out what an earlier one let in, as npm has it. */
function membersOf(root: string, globs: readonly string[], claimed: readonly string[]): string[] {
  const places = placesFrom(root, claimed);
  const members = new Set<string>();
  for (const glob of globs) {
    const matches = matcherOf(glob);
    for (const { path, folder } of places) {
      if (!matches(folder)) continue;
      if (glob.startsWith("!")) members.delete(path);
      else members.add(path);
    }
  }
  return [...members].toSorted();
}

/** The globs of a workspace that no manifest but its root's is found by. */
export function idleGlobs(root: string, globs: readonly string[], manifests: readonly string[]): string[] {
  const folders = placesFrom(root, manifests).map(({ folder }) => folder);
  return globs.filter((glob) => !/^(?:!|\.?\/?$)/.test(glob) && !folders.some(matcherOf(glob)));
}

/** The manifests below a root manifest, with their folders as seen from there. */
function placesFrom(root: string, paths: readonly string[]): { path: string; folder: string }[] {
  const top = folderOf(root);
  return paths.flatMap((path) => {
    const folder = relativeTo(top, folderOf(path));
    return path === root || folder === undefined || folder === "" ? [] : [{ path, folder }];
  });
}

/** Whether a glob of a workspace finds a folder. */
function matcherOf(glob: string): (folder: string) => boolean {
  const pattern = posix.normalize(glob.replace(/^!+/, "").replace(/^\.?\//, "")).replace(/\/$/, "");
  const matches = picomatch(pattern, { dot: false, ignore: "**/node_modules/**" });
  // Nearly every manifest of a large workspace is elsewhere, which is told at sight.
  const start = /^[\w@./-]*\//.exec(pattern)?.[0] ?? "";
  return (folder) => `${folder}/`.startsWith(start) && matches(folder);
}

export function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

/** `path` as seen from `folder`; `undefined` when it is not in it. */
export function relativeTo(folder: string, path: string): string | undefined {
  if (folder === "") return path;
  if (path === folder) return "";
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
}

/** What is at the head of a project: a `package.json`, a workspace file, or both. */
interface Root {
  readonly path: string;
  readonly workspace: string | undefined;
}

/** The lockfiles in a root's folder, the one in use first; only where there are several does it matter who is asked for. */
async function lockfilesBeside(
  { path, workspace }: Root,
  paths: ReadonlySet<string>,
  files: FileReader,
): Promise<readonly string[]> {
  const found = lockfilesAt(folderOf(path), paths, workspace === undefined ? undefined : "pnpm");
  if (found.length < 2 || path === workspace) return found;
  try {
    const manifest = tableOf(parseJson(path, (await files.read(path)) ?? "{}"));
    const asked = packageManagerOf(manifest);
    return asked === undefined ? found : lockfilesAt(folderOf(path), paths, asked);
  } catch {
    return found; // told when the project is read
  }
}

async function workspacesOf(
  { path, workspace }: Root,
  files: FileReader,
): Promise<readonly string[] | undefined> {
  try {
    const text = await files.read(workspace ?? path);
    if (text === undefined) return undefined;
    if (workspace === undefined) return workspacesIn(path, text);
    const { readPnpmWorkspaceFile } = await import("./pnpm-workspace-file.ts");
    return (await readPnpmWorkspaceFile(workspace, text)).packages;
  } catch {
    return undefined; // told when the project is read, where it is the error of one project and not of all
  }
}
