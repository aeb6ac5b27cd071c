import type { ConfigurationError } from "../domain/errors.ts";
import { defaultPolicy, everywhere, type Policies } from "../domain/policy.ts";
import type { ConfigurationSource, FileReader } from "../domain/ports.ts";
import type { Repository } from "../domain/types.ts";
import type { EffectivePolicies } from "./policies.ts";

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
  /** For the organisation's file and for what is extended; absent: neither is known. */
  readonly others?: { readonly repository: Repository; readonly source: ConfigurationSource };
  /** Told of each file of another repository that is faulty, and the rest is obeyed. Absent: such a fault is thrown. */
  readonly forgive?: (fault: SharedFault) => void;
}

/** A file that others build on, and that cannot be obeyed as it is. */
export interface SharedFault {
  readonly error: ConfigurationError;
  /** The commit whose file is obeyed instead. Absent: none was found, and the file is left out. */
  readonly since?: string;
  readonly isOrganisation: boolean;
}

/**
 * The policies of a repository: what its file says, what that builds on, defaults for the rest. Throws
 * `ConfigurationError` with every fault of the first file that has any.
 * What reads the file is loaded where there is one: most of the time of a small scan is spent on loading code.
 */
export async function repositoryPolicies(
  files: FileReader,
  options: ConfigurationOptions = {},
): Promise<Policies> {
  const [found, organisation] = await Promise.all([configurationOf(files), organisationOf(options)]);
  if (found === undefined && organisation === undefined) return everywhere(defaultPolicy);
  return policiesWith(found ?? { path: ownPaths[0] ?? "", text: "" }, options, organisation);
}

/** As `repositoryPolicies`, for a file that is known already. */
export async function policiesWith(
  found: { readonly path: string; readonly text: string },
  options: ConfigurationOptions,
  organisation?: string,
): Promise<EffectivePolicies> {
  const { gatherPolicies } = await import("./repository.ts");
  return gatherPolicies(found, organisation ?? (await organisationOf(options)), options);
}

/** Whether anybody said anything to us: the repository in a file of its own, or its organisation. */
export async function isOurs(files: FileReader, options: ConfigurationOptions): Promise<boolean> {
  const found = await configurationOf(files);
  const isOwn = found !== undefined && ownPaths.includes(found.path);
  return isOwn || (await organisationOf(options)) !== undefined;
}

async function organisationOf({ others }: ConfigurationOptions): Promise<string | undefined> {
  if (others === undefined || others.repository.name.toLowerCase() === organisationRepository)
    return undefined;
  return others.source.read(
    { owner: others.repository.owner, name: organisationRepository },
    organisationPath,
  );
}

/** Where an organisation says what holds for all its repositories. */
export const organisationRepository = ".github";
export const organisationPath = ".github/steeplejack.yml";

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
