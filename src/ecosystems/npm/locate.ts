import { posix } from "node:path";
import picomatch from "picomatch";
import type { FileReader } from "../../domain/ports.ts";
import type { ProjectLocation } from "../ecosystem.ts";
import { workspacesIn } from "./manifest.ts";

/** npm prefers the first: https://docs.npmjs.com/cli/v11/configuring-npm/npm-shrinkwrap-json */
const npmLockfiles = ["npm-shrinkwrap.json", "package-lock.json"];
const otherLockfiles = ["pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];

/** Every lockfile that has a say in what `package.json` means. */
export const lockfiles: readonly string[] = [...npmLockfiles, ...otherLockfiles];

export const pnpmWorkspaceFile = "pnpm-workspace.yaml";

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
    roots.map(async (root) => ({ ...root, globs: await workspacesOf(root, files) })),
  );
  const owner = new Map<string, string>();
  // Outer roots first: a workspace inside a workspace is npm's member of the outer one.
  for (const { path, globs } of found.toSorted((a, b) => a.path.length - b.path.length)) {
    if (globs === undefined || owner.has(path)) continue;
    for (const member of membersOf(path, globs, packages)) if (!owner.has(member)) owner.set(member, path);
  }
  return found
    .filter(({ path }) => !owner.has(path))
    .map(({ path, workspace }): ProjectLocation => {
      const root = folderOf(path);
      const members = packages.filter((other) => owner.get(other) === path);
      const lockfile = lockfileAt(root, paths);
      const manifests = [
        path,
        ...(workspace === undefined || workspace === path ? [] : [workspace]),
        ...members,
      ];
      return { root, manifests, ...(lockfile === undefined ? {} : { lockfile }) };
    });
}

export function isPnpmWorkspace(path: string): boolean {
  return path === pnpmWorkspaceFile || path.endsWith(`/${pnpmWorkspaceFile}`);
}

/** The members' manifests, sorted. A later `!glob` takes out what an earlier one let in, as npm has it. */
function membersOf(root: string, globs: readonly string[], claimed: readonly string[]): string[] {
  const folder = folderOf(root);
  const members = new Set<string>();
  for (const glob of globs) {
    const exclude = glob.startsWith("!");
    const pattern = posix.normalize(glob.replace(/^!+/, "").replace(/^\.?\//, "")).replace(/\/$/, "");
    const matches = picomatch(pattern, { dot: false, ignore: "**/node_modules/**" });
    for (const path of claimed) {
      const inner = folder === "" ? folderOf(path) : relativeTo(folder, folderOf(path));
      if (path === root || inner === undefined || inner === "" || !matches(inner)) continue;
      if (exclude) members.delete(path);
      else members.add(path);
    }
  }
  return [...members].toSorted();
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

async function workspacesOf(
  { path, workspace }: { readonly path: string; readonly workspace: string | undefined },
  files: FileReader,
): Promise<readonly string[] | undefined> {
  try {
    const text = await files.read(workspace ?? path);
    if (text === undefined) return undefined;
    if (workspace === undefined) return workspacesIn(path, text);
    const { readPnpmWorkspace } = await import("./pnpm-workspace.ts");
    return readPnpmWorkspace(workspace, text).packages;
  } catch {
    return undefined; // told when the project is read, where it is the error of one project and not of all
  }
}

/** The lockfile beside the manifest, else one of another package manager here or further up that may cover it. */
function lockfileAt(root: string, paths: ReadonlySet<string>): string | undefined {
  const own = lockfiles.map((name) => posix.join(root, name)).find((path) => paths.has(path));
  if (own !== undefined || root === "") return own;
  for (let folder = folderOf(root); ; folder = folderOf(folder)) {
    const covering = otherLockfiles.map((name) => posix.join(folder, name)).find((path) => paths.has(path));
    if (covering !== undefined) return covering;
    if (folder === "") return undefined;
  }
}
