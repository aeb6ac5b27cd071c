#!/usr/bin/env node
import { Command, CommanderError, Option } from "commander";
import { messageOf } from "../domain/errors.ts";
import type { Terminal } from "./local.ts";
import { failOnWords, readDate, readFailOn, UsageError } from "./usage.ts";

const program = new Command("steeplejack")
  .description(
    "Keeps dependencies fresh and safe: finds updates and advisories, writes them, and opens pull requests.",
  )
  .version("0.1.0")
  .exitOverride()
  .configureHelp({ sortSubcommands: false })
  .addHelpText(
    "after",
    `
Examples:
  $ steeplejack scan                      what is outdated or vulnerable here
  $ steeplejack scan --fail-on high       fail a build on grave advisories
  $ steeplejack update --no-major         write all small updates, lockfile included
  $ steeplejack explain react             why react moves, stays or waits
  $ steeplejack demo                      the whole App on this machine, without an account

Exit codes: 0 done, 1 found what --fail-on names, 2 wrong use, 3 some part failed.`,
  );

const json = new Option("--json", "print the whole result as JSON");
const asOf = new Option("--as-of <date>", "see the registries as they were at that time").argParser(readDate);
const advisories = new Option(
  "--advisories <source>",
  "a folder or zip of OSV records, an OSV server, or none",
);
const noCache = new Option("--no-cache", "keep nothing from this run for the next");
const configFrom = new Option(
  "--config-from <folder>",
  "where the repositories are that `extends` names, as owner/name",
);
const failOn = new Option("--fail-on <what>", `exit with 1 on any of: ${failOnWords.join(", ")}`).argParser(
  readFailOn,
);

program
  .command("scan")
  .description("show dependencies, updates, advisories and decisions")
  .argument("[dir]", "the repository's folder", ".")
  .addOption(json)
  .addOption(asOf)
  .addOption(advisories)
  .addOption(failOn)
  .addOption(noCache)
  .addOption(configFrom)
  .option("--all", "show what is up to date, too")
  .action(async (directory: string, options) => {
    const { scanCommand } = await import("./local.ts");
    process.exitCode = await scanCommand(directory, options, terminal());
  });

program
  .command("update")
  .description("write the updates into manifests and lockfiles")
  .argument("[dir]", "the repository's folder", ".")
  .option("--dry-run", "write nothing")
  .option("--group <key>", "only this group (repeat for more)", (key: string, before?: string[]) => [
    ...(before ?? []),
    key,
  ])
  .option("--security-only", "only what mends an advisory")
  .option("--no-major", "leave major updates out")
  .addOption(json)
  .addOption(asOf)
  .addOption(advisories)
  .addOption(failOn)
  .addOption(noCache)
  .addOption(configFrom)
  .action(async (directory: string, options) => {
    const { updateCommand } = await import("./local.ts");
    process.exitCode = await updateCommand(directory, options, terminal());
  });

program
  .command("explain")
  .description("tell why a dependency moves, stays or waits")
  .argument("<name>", "the package")
  .argument("[dir]", "the repository's folder", ".")
  .addOption(json)
  .addOption(asOf)
  .addOption(advisories)
  .addOption(noCache)
  .addOption(configFrom)
  .action(async (name: string, directory: string, options) => {
    const { explainCommand } = await import("./local.ts");
    process.exitCode = await explainCommand(name, directory, options, terminal());
  });

program
  .command("run")
  .description("scan one repository on GitHub and open its pull requests, without a server")
  .argument("<owner/repo>", "the repository")
  .option(
    "--token <token>",
    "a token that may write contents and pull requests; else GITHUB_TOKEN or GH_TOKEN",
  )
  .option("--scheduled", "keep to the repository's schedule and limit of open pull requests")
  .addOption(json)
  .addOption(asOf)
  .addOption(advisories)
  .addOption(noCache)
  .action(async (name: string, options) => {
    const { runCommand } = await import("./run.ts");
    process.exitCode = await runCommand(name, options, terminal());
  });

const config = program.command("config").description("check, show and describe the configuration");

config
  .command("validate")
  .description("tell every fault of the configuration, and what may surprise")
  .argument("[dir]", "the repository's folder", ".")
  .addOption(configFrom)
  .addOption(json)
  .action(async (directory: string, options) => {
    const { validateCommand } = await import("./config.ts");
    process.exitCode = await validateCommand(directory, options, terminal());
  });

config
  .command("show")
  .description("show what holds for each project, and where each value comes from")
  .argument("[dir]", "the repository's folder", ".")
  .addOption(configFrom)
  .addOption(json)
  .action(async (directory: string, options) => {
    const { showCommand } = await import("./config.ts");
    process.exitCode = await showCommand(directory, options, terminal());
  });

config
  .command("migrate")
  .description("write .github/steeplejack.yml from the configuration of Renovate or Dependabot")
  .argument("[dir]", "the repository's folder", ".")
  .option("--from <file>", "the file to read, within the folder; else the one that is there")
  .option("--dry-run", "print the file and write nothing")
  .addOption(json)
  .action(async (directory: string, options) => {
    const { migrateCommand } = await import("./config-migrate.ts");
    process.exitCode = await migrateCommand(directory, options, terminal());
  });

config
  .command("schema")
  .description("print the JSON Schema of the configuration, for editors")
  .action(async () => {
    const { schemaCommand } = await import("./config.ts");
    process.exitCode = await schemaCommand(terminal());
  });

program
  .command("serve")
  .description("run the App: receive webhooks, enqueue scans and, without Redis, work on them")
  .option("--work", "with Redis, work on scans here too")
  .addOption(advisories)
  .action(async (options) => {
    const { serveCommand } = await import("./service.ts");
    process.exit(await serveCommand(options, terminal()));
  });

program
  .command("worker")
  .description("work on the scans that servers put into Redis")
  .addOption(advisories)
  .action(async (options) => {
    const { workerCommand } = await import("./service.ts");
    process.exit(await workerCommand(options, terminal()));
  });

program
  .command("demo")
  .description(
    "show the whole App on this machine: an emulated GitHub, real registry look-ups, no account, no Redis",
  )
  .option("--once", "print what it did and exit")
  .option("--port <number>", "of the page that shows the pull requests", "4680")
  .action(async (options) => {
    const { demoCommand } = await import("./demo.ts");
    process.exit(await demoCommand(options, terminal()));
  });

// Who reads only the beginning, as `head` does, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

await main();

async function main(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2; // its message is already written
    } else if (error instanceof UsageError) {
      process.stderr.write(`steeplejack: ${error.message}\n`);
      process.exitCode = 2;
    } else {
      process.stderr.write(
        `steeplejack: ${process.env["DEBUG"] && error instanceof Error ? error.stack : messageOf(error)}\n`,
      );
      process.exitCode = 3;
    }
  }
}

function terminal(): Terminal {
  const { stdout, stderr, env } = process;
  return {
    colours: stdout.isTTY && stdout.hasColors(),
    env,
    print: (text) => stdout.write(text),
    progress(text) {
      if (!stderr.isTTY) return;
      stderr.write(text === undefined ? "\r\u001B[K" : `\r\u001B[K${text}`);
    },
  };
}
