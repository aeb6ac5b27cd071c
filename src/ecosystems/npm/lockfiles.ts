import { posix } from "node:path";

/** npm prefers the first: https://docs.npmjs.com/cli/v11/configuring-npm/npm-shrinkwrap-json */
const npmLockfiles = ["npm-shrinkwrap.json", "package-lock.json"];
const otherLockfiles = ["pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];

/** Every lockfile that has a say in what `package.json` means. */
export const lockfiles: readonly string[] = [...npmLockfiles, ...otherLockfiles];

/** It lists a workspace's members, and can define what its catalogs hold. */
export const pnpmWorkspaceFile = "pnpm-workspace.yaml";

const lockfilesOf: Readonly<Record<string, readonly string[]>> = {
  npm: npmLockfiles,
  pnpm: ["pnpm-lock.yaml"],
  yarn: ["yarn.lock"],
  bun: ["bun.lock", "bun.lockb"],
};

/** The lockfiles in a project's folder, the one in use first. */
export function lockfilesAt(
  root: string,
  paths: ReadonlySet<string>,
  packageManager: string | undefined,
): string[] {
  const preferred = lockfilesOf[packageManager?.split("@")[0] ?? ""] ?? [];
  const found = lockfiles
    .map((name) => (root === "" ? name : `${root}/${name}`))
    .filter((path) => paths.has(path));
  if (found.length < 2) return found;
  const isPreferred = (path: string) => preferred.includes(posix.basename(path));
  return [...found.filter(isPreferred), ...found.filter((path) => !isPreferred(path))];
}
