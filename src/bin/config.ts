import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { configurationOf, configurationPaths } from "../config/policy.ts";
import { operatorSecrets } from "../config/secrets.ts";
import type { Setting } from "../config/show.ts";
import { ConfigurationError, type Fault } from "../domain/errors.ts";
import { localFiles } from "../files/local.ts";
import { discover } from "../pipeline/discover.ts";
import { painter } from "../reports/table.ts";
import { createAdapters } from "./adapters.ts";
import { type ExitCode, othersIn, type Terminal } from "./local.ts";
import { UsageError } from "./usage.ts";

export interface ConfigOptions {
  readonly json?: boolean;
  readonly configFrom?: string;
}

/** Tells every fault of the configuration and what may surprise its author; gives 1 where it cannot be obeyed. */
export async function validateCommand(
  directory: string,
  options: ConfigOptions,
  io: Terminal,
): Promise<ExitCode> {
  return withRepository(directory, options, io, async ({ files, ecosystems, places, names, policies }) => {
    const { readFile } = await import("../config/file.ts");
    const { lintsOf } = await import("../config/lints.ts");
    const found = await configurationOf(files);
    const path = found?.path;
    const told = await diagnose(async () => {
      if (found === undefined) return [];
      const read = readFile(found.path, found.text);
      await policies();
      const repository = { owner: "", name: basename(resolve(directory)) };
      const known = (await places()).length === 0 ? {} : { names: await names() };
      return [
        ...(await shadowed(files, found.path)),
        ...lintsOf(read, {
          ecosystems,
          repository,
          now: new Date(),
          secrets: operatorSecrets(io.env),
          ...known,
        }),
      ];
    });
    io.print(options.json === true ? toJson({ path, ...told }) : toText({ path, ...told }, io));
    return told.errors.length > 0 ? 1 : 0;
  });
}

/** Shows what holds for each project, and where each value comes from. */
export async function showCommand(
  directory: string,
  options: ConfigOptions,
  io: Terminal,
): Promise<ExitCode> {
  return withRepository(directory, options, io, async ({ places, policies }) => {
    const { shownProjects } = await import("../config/show.ts");
    const effective = await policies();
    const projects = shownProjects(effective, await places());
    const general = {
      mode: effective?.mode ?? "propose",
      ...(effective?.openPullRequestsLimit === undefined
        ? {}
        : { openPullRequestsLimit: effective.openPullRequestsLimit }),
    };
    if (options.json === true) io.print(toJson({ ...general, projects }));
    else for (const project of projects) io.print(projectText(project, io));
    return 0;
  });
}

/** Prints the JSON Schema of the configuration. */
export async function schemaCommand(io: Terminal): Promise<ExitCode> {
  const { configurationSchema } = await import("../config/schema/json.ts");
  io.print(toJson(configurationSchema()));
  return 0;
}

async function withRepository(
  directory: string,
  options: ConfigOptions,
  io: Terminal,
  work: (repository: Awaited<ReturnType<typeof open>>) => Promise<ExitCode>,
): Promise<ExitCode> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new UsageError(`${directory} is no folder`);
  const adapters = createAdapters({ env: io.env, advisories: "none", cacheFolder: undefined });
  try {
    return await work(await open(directory, options, adapters.ecosystems));
  } finally {
    await adapters.close();
  }
}

async function open(
  directory: string,
  options: ConfigOptions,
  ecosystems: ReturnType<typeof createAdapters>["ecosystems"],
) {
  const files = localFiles(directory);
  const policies = async () => {
    const found = await configurationOf(files);
    if (found === undefined) return undefined;
    const { gatherPolicies } = await import("../config/repository.ts");
    return gatherPolicies(found, undefined, othersIn(directory, options));
  };
  const projects = async () => {
    const { everywhere, defaultPolicy } = await import("../domain/policy.ts");
    return (await discover(ecosystems, files, (await policies()) ?? everywhere(defaultPolicy))).projects;
  };
  return {
    files,
    ecosystems: ecosystems.map(({ id }) => id),
    policies,
    places: projects,
    names: async () => [
      ...new Set(
        (await projects()).flatMap(({ manifests }) =>
          manifests.flatMap(({ dependencies }) => dependencies.map(({ name }) => name)),
        ),
      ),
    ],
  };
}

interface Diagnosis {
  /** The file that counts; absent where there is none. */
  readonly path: string | undefined;
  readonly errors: readonly (Fault | { readonly message: string })[];
  readonly warnings: readonly Fault[];
}

/** With the path of the faulty file, which may be one that is built on. */
async function diagnose(
  look: () => Promise<readonly Fault[]>,
): Promise<Omit<Diagnosis, "path"> & { readonly path?: string }> {
  try {
    return { errors: [], warnings: await look() };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const errors = error.located.length > 0 ? error.located : error.faults.map((message) => ({ message }));
    return { path: error.path, errors, warnings: [] };
  }
}

/** Of two files only the first counts. */
async function shadowed(files: ReturnType<typeof localFiles>, path: string): Promise<readonly Fault[]> {
  const others = configurationPaths.slice(configurationPaths.indexOf(path) + 1);
  const texts = await Promise.all(
    others.map(async (other) => ((await files.read(other)) === undefined ? [] : [other])),
  );
  return texts
    .flat()
    .map((other) => ({ line: 1, column: 1, message: `${other} is set aside for this file` }));
}

function toText({ path, errors, warnings }: Diagnosis, { colours }: Terminal): string {
  const paint = painter(colours);
  if (path === undefined) return "There is no configuration: the defaults hold.\n";
  const line = (kind: string, colour: "red" | "yellow") => (fault: Diagnosis["errors"][number]) => {
    const place = "line" in fault ? `:${fault.line}:${fault.column}` : "";
    return `${path}${place}: ${paint(colour, kind)}: ${fault.message}`;
  };
  const lines = [...errors.map(line("error", "red")), ...warnings.map(line("warning", "yellow"))];
  return `${[...lines, errors.length > 0 ? `${path} cannot be obeyed.` : `${path} is valid.`].join("\n")}\n`;
}

function projectText(
  { ecosystem, root, settings }: { ecosystem: string; root: string; settings: readonly Setting[] },
  { colours }: Terminal,
): string {
  const paint = painter(colours);
  const shown = settings.map((it) => ({ ...it, text: JSON.stringify(it.value) ?? "" }));
  const nameWidth = width(
    shown.map(({ name }) => name),
    40,
  );
  const valueWidth = width(
    shown.map(({ text }) => text),
    60,
  );
  const lines = shown.map(
    ({ name, text, origin }) =>
      `  ${name.padEnd(nameWidth)}  ${text.padEnd(valueWidth)}  ${paint("dim", origin)}`,
  );
  return `${paint("bold", `${ecosystem} in /${root}`)}\n${lines.join("\n")}\n\n`;
}

function width(texts: readonly string[], most: number): number {
  return Math.min(most, Math.max(...texts.map((text) => text.length)));
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
