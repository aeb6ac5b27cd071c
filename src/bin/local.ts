import { mkdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type ConfigurationOptions, repositoryPolicies } from "../config/policy.ts";
import { withRegistries } from "../config/registries.ts";
import { branchOf } from "../domain/branch.ts";
import { ConfigurationError } from "../domain/errors.ts";
import { defaultPolicy, everywhere } from "../domain/policy.ts";
import type { Reporter } from "../domain/ports.ts";
import type { FileChange, Problem, UpdateGroup } from "../domain/types.ts";
import { folderConfiguration } from "../files/configuration.ts";
import { localFiles } from "../files/local.ts";
import { titleOf } from "../pipeline/compose/title.ts";
import { policyOfGroup } from "../pipeline/plan/policy.ts";
import { type Scan, scan, type World } from "../pipeline/scan.ts";
import { toReport } from "../reports/json.ts";
import { type Adapters, cacheFolderOf, createAdapters } from "./adapters.ts";
import { type FailOn, isFound, UsageError } from "./usage.ts";

export interface LocalOptions {
  readonly json?: boolean;
  readonly asOf?: Date;
  readonly advisories?: string;
  readonly cache?: boolean;
  readonly failOn?: readonly FailOn[];
  /** A folder with the repositories that configurations build on, as `owner/name`. */
  readonly configFrom?: string;
  readonly all?: boolean;
}

export interface UpdateOptions extends LocalOptions {
  readonly dryRun?: boolean;
  readonly group?: readonly string[];
  readonly securityOnly?: boolean;
  readonly major?: boolean;
}

/** What a command gives back: the exit code. */
export type ExitCode = 0 | 1 | 2 | 3;

export async function scanCommand(directory: string, options: LocalOptions, io: Terminal): Promise<ExitCode> {
  return withWorld(directory, options, io, async (world, early) => {
    const found = withProblems(await scan(world), early);
    io.progress();
    await print(found, directory, options, world, io);
    return exitCode(found, options);
  });
}

export async function updateCommand(
  directory: string,
  options: UpdateOptions,
  io: Terminal,
): Promise<ExitCode> {
  return withWorld(directory, options, io, async (world, early) => {
    const [{ update }, scanned] = await Promise.all([import("../pipeline/update.ts"), scan(world)]);
    const found = withProblems(scanned, early);
    assertKnown(options.group ?? [], found.groups);
    const written = await update(found, world, (group) => isWanted(group, options));
    if (options.dryRun !== true) await write(directory, written.changes);
    io.progress();
    await print(written.scan, directory, options, world, io, written.changes);
    if (options.json !== true) io.print(`${told(written.changes, options)}\n`);
    return exitCode(written.scan, options);
  });
}

export async function explainCommand(
  name: string,
  directory: string,
  options: LocalOptions,
  io: Terminal,
): Promise<ExitCode> {
  return withWorld(directory, options, io, async (world, early) => {
    const found = withProblems(await scan(world), early);
    io.progress();
    const { explanation } = await import("../reports/explain.ts");
    const text = explanation(found, name, {
      colours: io.colours,
      now: world.now,
      policies: world.policies,
      repository: { owner: "", name: basename(resolve(directory)) },
      json: options.json === true,
    });
    if (text === undefined) {
      const known = [...new Set(found.decisions.map(({ dependency }) => dependency.name))].toSorted();
      throw new UsageError(
        `no manifest here requires ${name}. Known are: ${known.slice(0, 20).join(", ")}${known.length > 20 ? ", …" : ""}`,
      );
    }
    io.print(text);
    return exitCode(found, options);
  });
}

/** The terminal, or what stands in for it. */
export interface Terminal {
  readonly colours: boolean;
  readonly env: NodeJS.ProcessEnv;
  print(text: string): void;
  /** Shows what is going on; nothing clears it. */
  progress(text?: string): void;
}

async function withWorld(
  directory: string,
  options: LocalOptions,
  io: Terminal,
  work: (world: World, early: readonly Problem[]) => Promise<ExitCode>,
): Promise<ExitCode> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new UsageError(`${directory} is no folder`);
  const cacheFolder = options.cache === false ? undefined : cacheFolderOf(io.env);
  const adapters = createAdapters({ env: io.env, advisories: options.advisories, cacheFolder });
  try {
    const files = localFiles(directory);
    const early: Problem[] = [];
    const policies = await repositoryPolicies(files, othersIn(directory, options)).catch((error: unknown) => {
      if (!(error instanceof ConfigurationError)) throw error;
      early.push(
        ...error.faults.map((fault): Problem => ({
          stage: "configure",
          subject: error.path,
          message: `${error.path}: ${fault}`,
        })),
      );
      return everywhere(defaultPolicy);
    });
    return await work(
      {
        ...worldOf(adapters, io),
        files: withRegistries(files, policies),
        ...(cacheFolder === undefined ? {} : { cache: adapters.cache }),
        policies,
        ...timeOf(options),
      },
      early,
    );
  } finally {
    await adapters.close();
  }
}

/** For what files build on. An organisation is known on GitHub only. */
export function othersIn(
  directory: string,
  { configFrom }: Pick<LocalOptions, "configFrom">,
): ConfigurationOptions {
  if (configFrom === undefined) return {};
  const repository = { owner: "", name: basename(resolve(directory)) };
  return { others: { repository, source: folderConfiguration(configFrom) } };
}

function worldOf(adapters: Adapters, io: Terminal) {
  const { ecosystems, http, advisories, tools } = adapters;
  return { ecosystems, http, advisories, tools, reporter: progressOf(adapters, io) };
}

/** Tells the stage and the requests so far on the terminal's progress line. */
export function progressOf({ statistics }: Adapters, io: Terminal): Reporter {
  return {
    stage(name) {
      io.progress(`${name} … ${statistics.requests} requests`);
    },
  };
}

function timeOf({ asOf }: LocalOptions): { now: Date; asOf?: Date } {
  return asOf === undefined ? { now: new Date() } : { now: asOf, asOf };
}

function withProblems(found: Scan, early: readonly Problem[]): Scan {
  return { ...found, problems: [...early, ...found.problems] };
}

async function print(
  found: Scan,
  directory: string,
  options: LocalOptions,
  { now, policies }: World,
  io: Terminal,
  files?: readonly FileChange[],
): Promise<void> {
  if (options.json !== true) {
    const { toTable } = await import("../reports/table.ts");
    return io.print(toTable(found, { colours: io.colours, now, all: options.all === true }));
  }
  const policyFor = (group: UpdateGroup) => policyOfGroup(group, policies, now);
  const subject = {
    repository: { directory },
    titleOf: (group: UpdateGroup) => titleOf(group, policyFor(group)),
    branchOf: (group: UpdateGroup) => branchOf(group.key, policyFor(group).branchSeparator),
  };
  return io.print(`${JSON.stringify(toReport(found, subject, files), null, 2)}\n`);
}

function exitCode(found: Scan, { failOn = [] }: LocalOptions): ExitCode {
  if (failOn.some((what) => isFound(what, found))) return 1;
  return found.problems.length > 0 ? 3 : 0;
}

function assertKnown(keys: readonly string[], groups: readonly UpdateGroup[]): void {
  const unknown = keys.find((key) => !groups.some((group) => group.key === key));
  if (unknown === undefined) return;
  const known = groups.map(({ key }) => key).join(", ");
  throw new UsageError(
    `there is no group ${unknown}${known === "" ? ": nothing is outdated" : `. There are: ${known}`}`,
  );
}

function isWanted(group: UpdateGroup, { group: keys = [], securityOnly, major }: UpdateOptions): boolean {
  if (keys.length > 0 && !keys.includes(group.key)) return false;
  if (securityOnly === true && group.kind !== "security") return false;
  return major !== false || !group.updates.every(({ size }) => size === "major");
}

async function write(directory: string, changes: readonly FileChange[]): Promise<void> {
  for (const { path, content } of changes) {
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

function told(changes: readonly FileChange[], { dryRun }: UpdateOptions): string {
  if (changes.length === 0) return "Nothing to write.";
  const verb = dryRun === true ? "Would write" : "Wrote";
  return `${verb} ${changes.map(({ path }) => path).join(", ")}`;
}
