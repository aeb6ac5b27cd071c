import { defaultPolicy, type Policy } from "../domain/policy.ts";
import type { FileReader } from "../domain/ports.ts";

/** Where a repository says what it wants. */
export const configurationPaths: readonly string[] = [".github/steeplejack.yml", ".github/steeplejack.yaml"];

/**
 * The policy of a repository: what its file says, defaults for the rest. Throws `ConfigurationError` with every fault.
 * What reads the file is loaded where there is one: most of the time of a small scan is spent on loading code.
 */
export async function repositoryPolicy(files: FileReader): Promise<Policy> {
  for (const path of configurationPaths) {
    const text = await files.read(path);
    if (text === undefined) continue;
    const { readPolicy } = await import("./repository.ts");
    return readPolicy(path, text);
  }
  return defaultPolicy;
}
