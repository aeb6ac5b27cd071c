import { ConfigurationError, type Fault } from "../domain/errors.ts";
import type { FileReader } from "../domain/ports.ts";
import type { Project } from "../domain/types.ts";
import { readFile } from "./file.ts";
import { type LintContext, lintsOf } from "./lints.ts";
import type { EffectivePolicies } from "./policies.ts";
import { configurationOf, configurationPaths } from "./policy.ts";

/** What is to be said of a repository's configuration. */
export interface Inspection {
  /** The file that counts, or the faulty one, which may be one that it builds on; absent where there is none. */
  readonly path: string | undefined;
  readonly errors: readonly (Fault | { readonly message: string })[];
  readonly warnings: readonly Fault[];
  /** Absent where there is no configuration, and where it cannot be obeyed. */
  readonly policies?: EffectivePolicies;
}

export interface InspectOptions {
  readonly policiesOf: (found: { path: string; text: string }) => Promise<EffectivePolicies>;
  readonly lint: Omit<LintContext, "names">;
  /** The names of all dependencies, where there is any project. */
  readonly namesOf: (policies: EffectivePolicies) => Promise<readonly string[] | undefined>;
}

/** Tells every fault of the file that counts, and where there is none all that may surprise its author. */
export async function inspect(files: FileReader, options: InspectOptions): Promise<Inspection> {
  const found = await configurationOf(files);
  if (found === undefined) return { path: undefined, errors: [], warnings: [] };
  try {
    const read = readFile(found.path, found.text);
    const policies = await options.policiesOf(found);
    const names = await options.namesOf(policies);
    const lints = lintsOf(read, { ...options.lint, ...(names === undefined ? {} : { names }) });
    const warnings = [...(await shadowed(files, found.path)), ...lints];
    return { path: found.path, errors: [], warnings, policies };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const errors = error.located.length > 0 ? error.located : error.faults.map((message) => ({ message }));
    return { path: error.path, errors, warnings: [] };
  }
}

/** The distinct names of all that manifests require. */
export function namesIn(projects: readonly Project[]): readonly string[] {
  const all = projects.flatMap(({ manifests }) => manifests.flatMap(({ dependencies }) => dependencies));
  return [...new Set(all.map(({ name }) => name))];
}

/** Of two files only the first counts. */
async function shadowed(files: FileReader, path: string): Promise<readonly Fault[]> {
  const others = configurationPaths.slice(configurationPaths.indexOf(path) + 1);
  const texts = await Promise.all(
    others.map(async (other) => ((await files.read(other)) === undefined ? [] : [other])),
  );
  return texts
    .flat()
    .map((other) => ({ line: 1, column: 1, message: `${other} is set aside for this file` }));
}
