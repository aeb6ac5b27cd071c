import semver from "semver";
import { ResolutionError } from "../../domain/errors.ts";
import type { Update } from "../../domain/types.ts";
import type { PackageJson } from "./manifest.ts";

/** The updates of the package manager itself that a lockfile must live with. */
function managersIn(updates: readonly Update[]): readonly Update[] {
  return updates.filter(({ dependency }) => dependency.kind === "package-manager");
}

/**
 * Throws `ResolutionError` where an update of the package manager gives the lockfile another format: all who work on the
 * project would have to change with it, and nothing in the lockfile can be compared.
 */
export function assertSameFormat(
  path: string,
  before: string,
  after: string,
  updates: readonly Update[],
): void {
  for (const { dependency, from, release } of managersIn(updates)) {
    const { name } = dependency;
    const [old, now] = [formatOf(before), formatAfter(name, from, release.version, after)];
    if (old === now) continue;
    throw new ResolutionError(
      `${name} ${release.version} writes ${path} in another format, ${now} instead of ${old}: ` +
        `raise it by hand, run \`${name === "@yarnpkg/cli-dist" ? "yarn" : name} install\` and commit both`,
      { suspects: [name] },
    );
  }
}

/** Throws `ResolutionError` where an update of pnpm would lose settings: https://pnpm.io/settings */
export function assertSettingsAreRead(
  manifest: PackageJson,
  npmrc: Iterable<string>,
  updates: readonly Update[],
): void {
  const lost = [
    ...(manifest.hasPnpmSettings ? [`the field \`pnpm\` of ${manifest.path}`] : []),
    ...[...npmrc].filter((key) => !isOfRegistry.test(key)).map((key) => `\`${key}\` of .npmrc`),
  ];
  for (const { dependency, from, release } of managersIn(updates)) {
    const isLost = semver.lt(from, "11.0.0") && semver.gte(release.version, "11.0.0");
    if (dependency.name !== "pnpm" || !isLost || lost.length === 0) continue;
    throw new ResolutionError(
      `pnpm ${release.version} no longer reads ${lost.join(", ")}: move what is there to pnpm-workspace.yaml first`,
      { suspects: ["pnpm"] },
    );
  }
}

/** The settings that pnpm reads from `.npmrc` in all its versions. */
const isOfRegistry = /registry$|^\/\/|auth|^(?:strict-ssl|ca|cafile|cert|key|proxy|https-proxy|noproxy)$/i;

/** As the lockfile says itself: of npm, of pnpm, of Yarn from 2 on. */
function formatOf(text: string): string | undefined {
  return /^lockfileVersion: ['"]?([\d.]+)|^\s*"lockfileVersion": (\d+)|^ {2}version: (\d+)/m
    .exec(text)
    ?.slice(1)
    .find((version) => version !== undefined);
}

/** npm from 7 on turns a lockfile of version 1 into one of its own; those of 2 and 3 it leaves as they are. */
function formatAfter(name: string, from: string, to: string, after: string): string | undefined {
  const format = formatOf(after);
  const isTurned = name === "npm" && format === "1" && semver.lt(from, "7.0.0") && semver.gte(to, "7.0.0");
  return isTurned ? "3" : format;
}
