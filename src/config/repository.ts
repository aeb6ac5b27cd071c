import { ConfigurationError } from "../domain/errors.ts";
import { gather, referencesOf } from "./extends.ts";
import { readFile } from "./file.ts";
import type { ConfigurationOptions } from "./policy.ts";
import { type EffectivePolicies, policiesOf } from "./policies.ts";

/** Reads what one file says by itself, with defaults for the rest. Throws `ConfigurationError` with every fault. */
export function readPolicies(
  path: string,
  text: string,
  { defaultBranch }: Pick<ConfigurationOptions, "defaultBranch"> = {},
): EffectivePolicies {
  return policiesOf({ extended: [], own: readFile(path, text) }, defaultBranch);
}

/** Reads what a repository's file says and what it builds on. Throws `ConfigurationError` as `gather` does. */
export async function gatherPolicies(
  { path, text }: { readonly path: string; readonly text: string },
  organisation: string | undefined,
  { defaultBranch, others, forgive }: ConfigurationOptions,
): Promise<EffectivePolicies> {
  const own = readFile(path, text);
  if (others !== undefined) {
    const world = { ...others, ...(forgive === undefined ? {} : { forgive }) };
    return policiesOf(await gather(own, organisation, world), defaultBranch);
  }
  if (referencesOf(own).length > 0) {
    const message = `"extends" is not followed here: say with --config-from where the files of other repositories are`;
    throw new ConfigurationError(path, [{ ...own.document.placeOf(["extends"], true), message }]);
  }
  return policiesOf({ extended: [], own }, defaultBranch);
}
