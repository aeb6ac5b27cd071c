import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { inspect, type Inspection, namesIn } from "../config/inspect.ts";
import { configurationOf } from "../config/policy.ts";
import { operatorSecrets } from "../config/secrets.ts";
import type { Setting } from "../config/show.ts";
import { defaultPolicy, everywhere, type Policies } from "../domain/policy.ts";
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
  return withRepository(directory, options, io, async ({ files, ecosystems, projectsOf }) => {
    const { gatherPolicies } = await import("../config/repository.ts");
    const { path, errors, warnings } = await inspect(files, {
      policiesOf: (found) => gatherPolicies(found, undefined, othersIn(directory, options)),
      namesOf: async (policies) => {
        const projects = await projectsOf(policies);
        return projects.length === 0 ? undefined : namesIn(projects);
      },
      lint: {
        ecosystems,
        repository: { owner: "", name: basename(resolve(directory)) },
        now: new Date(),
        secrets: operatorSecrets(io.env),
      },
    });
    const told = { path, errors, warnings };
    io.print(options.json === true ? toJson(told) : toText(told, io));
    return errors.length > 0 ? 1 : 0;
  });
}

/** Shows what holds for each project, and where each value comes from. */
export async function showCommand(
  directory: string,
  options: ConfigOptions,
  io: Terminal,
): Promise<ExitCode> {
  return withRepository(directory, options, io, async ({ projectsOf, policies }) => {
    const { shownProjects } = await import("../config/show.ts");
    const effective = await policies();
    const projects = shownProjects(effective, await projectsOf(effective));
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
  return {
    files,
    ecosystems: ecosystems.map(({ id }) => id),
    policies,
    projectsOf: async (effective: Policies | undefined) =>
      (await discover(ecosystems, files, effective ?? everywhere(defaultPolicy))).projects,
  };
}

function toText({ path, errors, warnings }: Inspection, { colours }: Terminal): string {
  const paint = painter(colours);
  if (path === undefined) return "There is no configuration: the defaults hold.\n";
  const line = (kind: string, colour: "red" | "yellow") => (fault: Inspection["errors"][number]) => {
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
