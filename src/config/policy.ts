import { defaultPolicy, everywhere, type Policies } from "../domain/policy.ts";
import type { FileReader } from "../domain/ports.ts";

/** Where a repository says what it wants from Steeplejack. */
export const ownPaths: readonly string[] = [".github/steeplejack.yml", ".github/steeplejack.yaml"];
/** Every file that is read; the first that is there counts. */
export const configurationPaths: readonly string[] = [
  ...ownPaths,
  ".github/dependabot.yml",
  ".github/dependabot.yaml",
];

/** What bears on a repository's configuration besides its files. */
export interface ConfigurationOptions {
  /** Entries of `updates` for other branches are left aside. */
  readonly defaultBranch?: string;
}

/**
 * The policies of a repository: what its file says, defaults for the rest. Throws `ConfigurationError` with every fault.
 * What reads the file is loaded where there is one: most of the time of a small scan is spent on loading code.
 */
export async function repositoryPolicies(
  files: FileReader,
  options: ConfigurationOptions = {},
): Promise<Policies> {
  const found = await configurationOf(files);
  if (found === undefined) return everywhere(defaultPolicy);
  const { readPolicies } = await import("./repository.ts");
  return readPolicies(found.path, found.text, options);
}

/** The configuration file that counts. */
export async function configurationOf(
  files: FileReader,
): Promise<{ readonly path: string; readonly text: string } | undefined> {
  for (const path of configurationPaths) {
    const text = await files.read(path);
    if (text !== undefined) return { path, text };
  }
  return undefined;
}
