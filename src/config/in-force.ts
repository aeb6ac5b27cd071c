import { ConfigurationError } from "../domain/errors.ts";
import type { Policies } from "../domain/policy.ts";
import type { FileHistory, FileReader } from "../domain/ports.ts";
import {
  type ConfigurationOptions,
  type SharedFault,
  configurationOf,
  configurationPaths,
  policiesWith,
  repositoryPolicies,
} from "./policy.ts";

export interface InForce {
  readonly policies: Policies;
  /** Where the file is faulty: why, and the commit whose file is obeyed instead. */
  readonly broken?: { readonly error: ConfigurationError; readonly since: string };
  /** The files of other repositories that are faulty. */
  readonly shared: readonly SharedFault[];
}

/**
 * As `repositoryPolicies`; where the repository's own file is faulty, the newest one that was not is obeyed. Throws
 * `ConfigurationError` where none is found. What is faulty in other repositories stops nothing: see `readShared`.
 */
export async function policiesInForce(
  files: FileReader,
  options: ConfigurationOptions,
  history: FileHistory,
): Promise<InForce> {
  let shared: SharedFault[] = [];
  const forgiving = (): ConfigurationOptions => {
    const told: SharedFault[] = [];
    shared = told;
    return { ...options, forgive: (fault) => told.push(fault) };
  };
  try {
    const policies = await repositoryPolicies(files, forgiving());
    return { policies, shared };
  } catch (error) {
    const found = error instanceof ConfigurationError ? await configurationOf(files) : undefined;
    if (!(error instanceof ConfigurationError) || found?.path !== error.path) throw error;
    // A file may have been broken when it was renamed.
    for (const path of [found.path, ...configurationPaths.filter((other) => other !== found.path)]) {
      for (const sha of await history.versions(path)) {
        const text = await history.read(path, sha);
        const policies =
          text === undefined ? undefined : await unlessFaulty(policiesWith({ path, text }, forgiving()));
        if (policies !== undefined) return { policies, broken: { error, since: sha }, shared };
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
