import { ResolutionError } from "../../../domain/errors.ts";
import { readPackageJson } from "../manifest.ts";

/**
 * Throws a `ResolutionError` where a manifest needs an archive that is kept in the repository: files are read as text,
 * so that a package manager which looks into it has nothing to look into.
 */
export function assertNoArchives(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    if (path !== "package.json" && !path.endsWith("/package.json")) continue;
    const found = readPackageJson(path, text).requirements.find(({ requirement }) => isArchive(requirement));
    if (found === undefined) continue;
    throw new ResolutionError(
      `${path} needs ${found.requirement}, an archive that is kept in the repository: archives are not read, and no lockfile can be made without`,
      { isHopeless: true },
    );
  }
}

function isArchive(requirement: string): boolean {
  return /\.(?:tgz|tar\.gz|tar)$/.test(requirement) && !/^(?:[a-z+]+:)?\/\//.test(requirement);
}
