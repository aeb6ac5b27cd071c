import { branchOf } from "../domain/branch.ts";
import type { UpdateGroup } from "../domain/types.ts";
import { titleOf } from "../pipeline/compose/title.ts";
import type { GroupOutcome, Proposed } from "../pipeline/propose.ts";
import { toReport } from "../reports/json.ts";
import { painter } from "../reports/table.ts";
import { cacheFolderOf, createAdapters } from "./adapters.ts";
import { readRepository, runWithToken } from "./github.ts";
import { type ExitCode, type LocalOptions, progressOf, type Terminal } from "./local.ts";
import { UsageError } from "./usage.ts";

export interface RunCommandOptions extends LocalOptions {
  readonly token?: string;
  readonly scheduled?: boolean;
}

/** Scans one repository on GitHub and opens its pull requests; gives the exit code. */
export async function runCommand(name: string, options: RunCommandOptions, io: Terminal): Promise<ExitCode> {
  const { env } = io;
  const repository = readRepository(name);
  if (repository === undefined) throw new UsageError(`"${name}" is no repository: write it as owner/name`);
  const token = options.token ?? env["GITHUB_TOKEN"] ?? env["GH_TOKEN"];
  if (token === undefined) {
    throw new UsageError("a token is needed to open pull requests: set GITHUB_TOKEN, or use --token");
  }
  const apiUrl = env["GITHUB_API_URL"] ?? "https://api.github.com";
  const adapters = createAdapters({
    env,
    advisories: options.advisories,
    cacheFolder: options.cache === false ? undefined : cacheFolderOf(env),
    trustedHosts: [new URL(apiUrl).host],
  });
  try {
    const outcome = await runWithToken(adapters, repository, {
      token,
      apiUrl,
      patient: options.scheduled === true,
      reporter: progressOf(adapters, io),
      ...(options.asOf === undefined ? {} : { asOf: options.asOf }),
    });
    io.progress();
    if (outcome.kind === "skipped") {
      io.print(`${name}: nothing done, ${outcome.reason}\n`);
      return 0;
    }
    const { proposed, sha } = outcome;
    if (options.json === true) {
      const outcomes = new Map(proposed.outcomes.map((one) => [one.key, one]));
      const subject = {
        repository: { ...repository, sha },
        titleOf: (group: UpdateGroup) => outcomes.get(group.key)?.title ?? titleOf(group, {}),
        branchOf: ({ key }: UpdateGroup) => outcomes.get(key)?.branch ?? branchOf(key),
      };
      io.print(
        `${JSON.stringify({ ...toReport(proposed.scan, subject), pullRequests: proposed.outcomes }, null, 2)}\n`,
      );
    } else {
      io.print(toText(proposed, io.colours));
    }
    return proposed.scan.problems.length > 0 ? 3 : 0;
  } finally {
    await adapters.close();
  }
}

/** What became of each group, a line each. */
function toText({ outcomes, closed, scan }: Proposed, colours: boolean): string {
  const paint = painter(colours);
  const line = ({ outcome, title, url, reason }: GroupOutcome) =>
    `${paint(outcome === "failed" ? "red" : outcome === "opened" ? "green" : "dim", outcome.padEnd(9))} ${title}` +
    `${url === undefined ? "" : `  ${paint("cyan", url)}`}${reason === undefined ? "" : `  ${paint("dim", reason)}`}`;
  const lines = [
    ...outcomes.map(line),
    ...closed.map(
      ({ pullRequest }) =>
        `${paint("yellow", "closed".padEnd(9))} ${pullRequest.title}  ${paint("cyan", pullRequest.url)}`,
    ),
    ...scan.problems.map(({ stage, message }) => `${paint("red", "problem".padEnd(9))} ${stage}: ${message}`),
  ];
  return lines.length === 0 ? "Everything is up to date.\n" : `${lines.join("\n")}\n`;
}
