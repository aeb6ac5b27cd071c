import { readFile } from "./file.ts";
import type { ConfigurationOptions } from "./policy.ts";
import { type EffectivePolicies, policiesOf } from "./policies.ts";

/** Reads what a repository's file says, with defaults for the rest. Throws `ConfigurationError` with every fault. */
export function readPolicies(
  path: string,
  text: string,
  { defaultBranch }: ConfigurationOptions = {},
): EffectivePolicies {
  return policiesOf({ extended: [], own: readFile(path, text) }, defaultBranch);
}
