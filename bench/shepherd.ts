import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { type GithubEmulator, startGithub } from "../demo/github/index.ts";
import { createAdapters } from "../src/bin/adapters.ts";
import { createHandle, isRelevantTo } from "../src/bin/github.ts";
import { serve } from "../src/bin/serve.ts";
import { readEnvironment } from "../src/config/env.ts";
import { logger } from "../src/telemetry/logger.ts";
import { startRegistry } from "../test/registry.ts";

/*
 * `npm run bench:shepherd`: how many requests to GitHub each event costs while hundreds of pull requests are open, and
 * whether that grows with their number. The App as a whole (webhooks, queue in memory, workers) against the emulated
 * GitHub, both in one process; each size in a process of its own. GitHub's pace is not kept: it is what would take longest.
 */
const { values } = parseArgs({ options: { repositories: { type: "string" } } });

interface Row {
  readonly event: string;
  readonly count: number;
  readonly seconds: number;
  /** All, and those that count against the rate limit: an answer of 304 does not. */
  readonly requests: number;
  readonly counted: number;
}

if (values.repositories === undefined) await compare([8, 40, 200]);
else console.log(JSON.stringify(await measure(Number(values.repositories))));

async function compare(sizes: readonly number[]): Promise<void> {
  for (const size of sizes) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [import.meta.filename, "--repositories", String(size)],
      { maxBuffer: 64_000_000, timeout: 1_200_000 },
    );
    const lines = stdout.trim().split("\n");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the last line is what `measure` gave
    const { rows, pulls, megabytes } = JSON.parse(lines.at(-1) ?? "{}") as Awaited<
      ReturnType<typeof measure>
    >;
    console.log(`\n${size} repositories, ${pulls} open pull requests, ${megabytes} MB with the emulator`);
    console.log("event                                     events   seconds   requests each   counted each");
    for (const { event, count, seconds, requests, counted } of rows) {
      const each = (total: number) => (total / count).toFixed(2).padStart(14);
      console.log(
        `${event.padEnd(40)} ${String(count).padStart(7)} ${seconds.toFixed(1).padStart(9)} ${each(requests)} ${each(counted)}`,
      );
    }
  }
}

async function measure(size: number) {
  const words = ["alpha", "bravo", "charlie", "delta"];
  const registry = await startRegistry(
    Object.fromEntries(words.map((name) => [name, { "1.0.0": {}, "1.1.0": {}, "2.0.0": {} }])),
  );
  // Two in four repositories have two pull requests, the others three: 2.5 each.
  const names = Array.from({ length: size }, (_, nth) => `org-${nth % 20}/repo-${nth}`);
  const github = await startGithub({
    repositories: names.map((name, nth) => ({ name, files: filesOf(nth), write: ["octocat"] })),
    users: ["octocat"],
    installed: false,
  });
  const folder = await mkdtemp(join(tmpdir(), "steeplejack-bench-"));
  await writeFile(
    join(folder, "osv.json"),
    JSON.stringify({ id: "OSV-1", modified: "2026-01-01T00:00:00Z" }),
  );
  const environment = readEnvironment({
    APP_ID: String(github.appId),
    PRIVATE_KEY: github.privateKey,
    WEBHOOK_SECRET: github.webhookSecret,
    GITHUB_API_URL: github.url,
    PORT: "0",
    STEEPLEJACK_ONBOARDING: "off",
    CONCURRENCY: "8",
  });
  const adapters = createAdapters({
    env: { npm_config_registry: registry.url, npm_config_userconfig: join(folder, "none") },
    advisories: "none",
    cacheFolder: undefined,
    trustedHosts: [new URL(github.url).host],
  });
  const running = await serve({
    environment,
    isRelevant: isRelevantTo(adapters.ecosystems),
    handle: createHandle(adapters, environment),
    log: logger({ level: "error", format: "json", to: process.stderr }),
  });
  const { queue } = running;
  if (queue === undefined) throw new Error("the App is not registered");
  github.setWebhook(`${running.url}/api/github/webhooks`);
  const idle = async () => {
    for (let seen = -1; seen !== github.deliveries.length;) {
      seen = github.deliveries.length;
      await github.settled();
      for (;;) {
        const { waiting, running: busy } = await queue.counts();
        if (waiting + busy === 0) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const rows: Row[] = [];
  const during = async (event: string, count: number, work: () => Promise<unknown>) => {
    github.forgetRequests();
    const begin = performance.now();
    await work();
    await idle();
    const seconds = (performance.now() - begin) / 1_000;
    const counted = github.counted();
    rows.push({ event, count, seconds, requests: github.requests.length, counted: counted.length });
  };
  try {
    const owners = [...new Set(names.map((name) => name.split("/")[0] ?? ""))];
    await during("installed: per repository", size, async () => {
      for (const owner of owners) await github.install(owner);
    });
    const open = names.flatMap((name) =>
      Object.entries(github.branches(name))
        .filter(([branch]) => branch.startsWith("steeplejack/"))
        .map(([branch, sha]) => ({ name, branch, sha })),
    );
    const installation = (name: string) => github.installationOf(name.split("/")[0] ?? "");
    await during("scheduled scan, nothing new: per repository", size, async () => {
      for (const name of names) {
        const [owner = "", repository = ""] = name.split("/");
        await queue.enqueue({
          kind: "scan",
          repository: { owner, name: repository },
          installationId: installation(name),
          reason: "schedule",
        });
      }
    });
    await during("checks passed: per pull request", open.length, () => checked(github, open, "success"));
    await during("checks passed again: per pull request", open.length, () =>
      checked(github, open, "success"),
    );
    await during("pushed to the base: per repository", size, async () => {
      for (const name of names) await github.push(name, { files: { "README.md": "new" }, by: "octocat" });
    });
    return { rows, pulls: open.length, megabytes: Math.round(process.memoryUsage().rss / 1_048_576) };
  } finally {
    await running.stop();
    await adapters.close();
    await github.close();
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A group of small updates and one major, or two. */
function filesOf(nth: number): Readonly<Record<string, string>> {
  const dependencies = { alpha: "^1.0.0", bravo: "1.0.0", charlie: "1.0.0" };
  const ignored = nth % 2 === 0 ? ["bravo", "charlie"] : ["charlie"];
  const rules = ignored.map(
    (name) => `  - dependency-name: ${name}\n    update-types: ["version-update:semver-major"]\n`,
  );
  return {
    "package.json": `${JSON.stringify({ private: true, dependencies }, null, 2)}\n`,
    "README.md": "old",
    ".github/steeplejack.yml": `ignore:\n${rules.join("")}dashboard: false\n`,
  };
}

async function checked(
  github: GithubEmulator,
  open: readonly { readonly name: string; readonly sha: string }[],
  conclusion: "success" | "failure",
): Promise<void> {
  for (const { name, sha } of open) await github.check(name, sha, "test", conclusion);
}
