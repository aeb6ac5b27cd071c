import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { migratable, migrate, type Migration } from "../config/migrate/migrate.ts";
import { ownPaths } from "../config/policy.ts";
import { ConfigurationError } from "../domain/errors.ts";
import { ecosystems } from "../ecosystems/index.ts";
import { localFiles } from "../files/local.ts";
import type { ExitCode, Terminal } from "./local.ts";
import { UsageError } from "./usage.ts";

export interface MigrateOptions {
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Writes `.github/steeplejack.yml` from another tool's configuration, and tells what has no equal. */
export async function migrateCommand(
  directory: string,
  { from, dryRun, json }: MigrateOptions,
  io: Terminal,
): Promise<ExitCode> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new UsageError(`${directory} is no folder`);
  const files = localFiles(directory);
  const source = from ?? onlyOne(await migratable(files));
  const text = await files.read(source);
  if (text === undefined) throw new UsageError(`there is no ${source} in ${directory}`);
  const [target = ""] = ownPaths;
  const writes = dryRun !== true && json !== true;
  for (const own of writes ? ownPaths : [])
    if ((await files.read(own)) !== undefined)
      throw new UsageError(`${own} is there already: remove it, or look at the result with --dry-run`);
  try {
    const migration = await migrate(
      source,
      text,
      ecosystems().map(({ id }) => id),
    );
    if (json === true) io.print(`${JSON.stringify(migration, null, 2)}\n`);
    else if (!writes) io.print(migration.text);
    else {
      await mkdir(dirname(join(directory, target)), { recursive: true });
      await writeFile(join(directory, target), migration.text);
      io.print(told(migration, target));
    }
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const fault of error.faults) io.print(`${error.path}: ${fault}\n`);
    return 1;
  }
}

function onlyOne(sources: readonly string[]): string {
  const [source, ...others] = sources;
  if (source === undefined)
    throw new UsageError("there is no configuration of Renovate or Dependabot here; name one with --from");
  if (others.length > 0) throw new UsageError(`there are ${sources.join(" and ")}: choose one with --from`);
  return source;
}

function told({ from, unmatched }: Migration, target: string): string {
  const lost = unmatched.map(({ place, why }) => `  ${place}: ${why}\n`).join("");
  const summary = unmatched.length === 0 ? "" : `Not taken over:\n${lost}`;
  return `Wrote ${target} from ${from}.\n${summary}See what it means with \`steeplejack config show\`.\n`;
}
