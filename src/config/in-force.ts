import { ConfigurationError } from "../domain/errors.ts";
import type { Policies } from "../domain/policy.ts";
import type { FileHistory, FileReader } from "../domain/ports.ts";
import {
  type ConfigurationOptions,
  configurationOf,
  configurationPaths,
  policiesWith,
  repositoryPolicies,
} from "./policy.ts";

export interface InForce {
  readonly policies: Policies;
  /** Where the file is faulty: why, and the commit whose file is obeyed instead. */
  readonly broken?: { readonly error: ConfigurationError; readonly since: string };
}

/**
 * As `repositoryPolicies`; where the repository's own file is faulty, the newest one that was not is obeyed. Throws
 * `ConfigurationError` where none is found, and for a fault of what the file builds on.
 */
export async function policiesInForce(
  files: FileReader,
  options: ConfigurationOptions,
  history: FileHistory,
): Promise<InForce> {
  try {
    return { policies: await repositoryPolicies(files, options) };
  } catch (error) {
    const found = error instanceof ConfigurationError ? await configurationOf(files) : undefined;
    if (!(error instanceof ConfigurationError) || found?.path !== error.path) throw error;
    // A file may have been broken when it was renamed.
    for (const path of [found.path, ...configurationPaths.filter((other) => other !== found.path)]) {
      for (const sha of await history.versions(path)) {
        const text = await history.read(path, sha);
        const policies =
          text === undefined ? undefined : await unlessFaulty(policiesWith({ path, text }, options));
        if (policies !== undefined) return { policies, broken: { error, since: sha } };
      }
    }
    throw error;
  }
}

async function unlessFaulty<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}
