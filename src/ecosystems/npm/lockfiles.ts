import { posix } from "node:path";

/** npm prefers the first: https://docs.npmjs.com/cli/v11/configuring-npm/npm-shrinkwrap-json */
const npmLockfiles = ["npm-shrinkwrap.json", "package-lock.json"];
const otherLockfiles = ["pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];

/** Every lockfile that has a say in what `package.json` means. */
export const lockfiles: readonly string[] = [...npmLockfiles, ...otherLockfiles];

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

/** The nearest lockfile further up that is not npm's: it may cover the folder, though its workspace does not name it. */
export function lockfileAbove(root: string, paths: ReadonlySet<string>): string | undefined {
  for (let folder = root; folder !== "";) {
    folder = folder.includes("/") ? posix.dirname(folder) : "";
    const covering = otherLockfiles
      .map((name) => (folder === "" ? name : `${folder}/${name}`))
      .find((path) => paths.has(path));
    if (covering !== undefined) return covering;
  }
  return undefined;
}
