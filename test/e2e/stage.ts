import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Octokit } from "@octokit/rest";
import { startGithub, type GithubEmulator, type RepositorySeed } from "../../demo/github/index.ts";
import { type Adapters, createAdapters } from "../../src/bin/adapters.ts";
import { createHandle, isRelevantTo } from "../../src/bin/github.ts";
import { type Handle, type Running, serve, work } from "../../src/bin/serve.ts";
import { memoryCache } from "../../src/cache/memory.ts";
import { readEnvironment } from "../../src/config/env.ts";
import { publicRegistry } from "../../src/ecosystems/npm/registry.ts";
import { createHttpClient } from "../../src/http/client.ts";
import type { Queue } from "../../src/queue/queue.ts";
import type { Patience } from "../../src/shepherd/checks.ts";
import { logger } from "../../src/telemetry/logger.ts";
import { createTools } from "../../src/tools/tools.ts";
import { cannedHttp } from "../fakes.ts";
import { type Packages, type RegistryOptions, startRegistry, type TestRegistry } from "../registry.ts";

export interface Cast {
  /** Files by repository, such as `acme/web`. */
  readonly repositories: Readonly<Record<string, RepositorySeed["files"]>>;
  readonly packages: Packages;
  /** OSV records. */
  readonly advisories?: readonly object[];
  readonly registry?: RegistryOptions;
  /** When the story plays; now if absent. */
  readonly at?: string;
  /** Repositories of packages, with what their maintainers released. */
  readonly sources?: readonly RepositorySeed[];
  /** Hosts whose addresses may be private, besides the registry's. */
  readonly trusted?: readonly string[];
  /** A cache on disk, which a new worker finds as the last one left it; in memory, if absent. */
  readonly cache?: "kept";
  /** Whether GitHub may be told to merge by itself. */
  readonly allowAutoMerge?: boolean;
  /** How long checks are waited for; minutes and hours, if absent. */
  readonly patience?: Patience;
  /** What the App is registered as; `steeplejack`, if absent. */
  readonly slug?: string;
  /** Repositories without a configuration are offered one first. */
  readonly onboarding?: boolean;
  /** A worker that waits for answers a quarter of a second and no longer. */
  readonly impatient?: boolean;
}

/** The whole App with its world: only GitHub, the registry and the advisories are stand-ins. */
export interface Stage {
  readonly github: GithubEmulator;
  readonly registry: TestRegistry;
  readonly queue: Queue;
  /** Where GitHub sends its webhooks. */
  readonly webhooks: string;
  /** The environment of another process that takes part. */
  readonly variables: Readonly<Record<string, string>>;
  readonly log: Log;
  /** Installs the App for `acme`, and waits until what follows is over. */
  readonly install: () => Promise<void>;
  /** Commits to `acme/web` as a person, and waits until what follows is over. */
  readonly push: (files: Parameters<GithubEmulator["push"]>[1]["files"], branch?: string) => Promise<void>;
  /** Has the repository scanned as its schedule does, and waits until that is over. */
  readonly rescan: () => Promise<void>;
  /** Waits until no webhook is under way and no job is waiting or running. */
  readonly idle: () => Promise<void>;
  /** Waits as `idle`, but lets jobs that are delayed be. */
  readonly resting: () => Promise<void>;
  /** A worker that has forgotten everything takes the place of this one. */
  readonly newWorker: () => Promise<void>;
  /** GitHub as a person sees it. */
  readonly octocat: Octokit;
  /** The pull requests of a repository, as `open #1 steeplejack/npm/runtime: Bump ...`. */
  readonly pulls: (repository?: string) => Promise<readonly string[]>;
  readonly pull: (
    number: number,
  ) => Promise<{ title: string; body: string; labels: string[]; commits: string[] }>;
  /** The dependencies in a manifest of a branch. */
  readonly requires: (branch: string, path?: string) => Record<string, string>;
  /** What a lockfile of a branch has installed: versions by place. */
  readonly locks: (branch: string, path?: string) => Record<string, string>;
  /** A text without what is another each time: ports, and what is made from them. */
  readonly stable: (text: string) => string;
  readonly close: () => Promise<void>;
}

export interface Log {
  /** Each line as it was written. */
  readonly lines: readonly string[];
  /** The problems that scans told. */
  readonly problems: () => readonly { stage: string; subject: string; message: string }[];
  /** The fields of the lines with this message. */
  readonly told: (message: string) => readonly Record<string, unknown>[];
}

/** Where jobs wait: in memory, or in a Redis from which a worker of its own takes them, unless there is none yet. */
export interface Where {
  readonly redis?: string;
  readonly workers?: 0 | 1;
}

const open = new Set<Stage>();

/** Ends what was started, however its story ended. */
export async function closeStages(): Promise<void> {
  const stages = [...open];
  open.clear();
  await Promise.all(stages.map((stage) => stage.close()));
  // Whatever the story was about.
  for (const line of stages.flatMap(({ log }) => log.lines))
    if (secrets.some((secret) => secret.test(line))) throw new Error(`a secret in the log: ${line}`);
}

/** The shapes of installation tokens, of signed requests for them, and of what signs. */
export const secrets = [/gh[a-z]_\w/, /eyJ\w/, /PRIVATE KEY/, /a webhook secret/];

const tools = createTools({ http: cannedHttp({}), trustedHosts: ["127.0.0.1"] });

/** Starts the App that nobody has installed yet. */
export async function start(cast: Cast, where: Where): Promise<Stage> {
  const { repositories, packages, sources = [] } = cast;
  const registry = await startRegistry(packages, cast.registry);
  const github = await startGithub({
    repositories: [
      ...Object.entries(repositories).map(([name, files = {}]) => ({
        name,
        files,
        write: ["octocat"],
        allowAutoMerge: cast.allowAutoMerge ?? false,
      })),
      ...sources,
    ],
    users: ["octocat", "mallory"],
    installed: false,
    ...(cast.slug === undefined ? {} : { app: { slug: cast.slug } }),
  });
  const folder = await mkdtemp(join(tmpdir(), "steeplejack-e2e-"));
  const advisories = join(folder, "osv.json");
  await writeFile(advisories, JSON.stringify(cast.advisories?.[0] ?? nothingKnown));
  for (const [at, record] of (cast.advisories ?? []).entries())
    await writeFile(join(folder, `${at}.json`), JSON.stringify(record));

  const npm = { npm_config_registry: registry.url, npm_config_userconfig: join(folder, "none") };
  const variables = { ...variablesOf(github, where, cast), ...npm, ADVISORIES: folder };
  const environment = readEnvironment(variables);
  const lines: string[] = [];
  const log = logger({ level: "debug", format: "json", to: { write: (line: string) => lines.push(line) } });
  const trustedHosts = [new URL(github.url).host, ...(cast.trusted ?? [])];
  const makeAdapters = (): Adapters => ({
    ...createAdapters({
      env: npm,
      advisories: folder,
      cacheFolder: cast.cache === "kept" ? join(folder, "cache") : undefined,
      trustedHosts,
    }),
    ...(cast.cache !== "kept" && { tools }),
    ...(cast.impatient === true && { http: impatientHttp([...trustedHosts, new URL(registry.url).host]) }),
  });
  const options = {
    ...(cast.at === undefined ? {} : { asOf: new Date(cast.at) }),
    ...(cast.patience === undefined ? {} : { checksPatience: cast.patience }),
  };
  let adapters = makeAdapters();
  let handle = createHandle(adapters, environment, options);
  const current: Handle = (job, run) => handle(job, run);

  const isRelevant = isRelevantTo(adapters.ecosystems);
  const server = await serve({ environment, isRelevant, handle: current, log });
  const running: Running[] = [server];
  if (where.redis !== undefined && where.workers !== 0)
    running.push(await work({ environment, handle: current, log }));
  const { queue } = server;
  if (queue === undefined) throw new Error("the App is not registered");
  const webhooks = `${server.url}/api/github/webhooks`;
  github.setWebhook(webhooks);
  const fields = () => lines.map((line) => readFields(line));
  await until(() => fields().some(({ msg }) => msg === "scheduled"));

  const octocat = new Octokit({ baseUrl: github.url, auth: github.token("octocat"), log: silent });
  const settled = async (isOver: () => Promise<boolean>) => {
    for (let seen = -1; seen !== github.deliveries.length;) {
      seen = github.deliveries.length;
      await github.settled();
      await until(isOver);
    }
  };
  const stage: Stage = {
    github,
    registry,
    queue,
    webhooks,
    variables,
    octocat,
    log: {
      lines,
      told: (message) => fields().filter(({ msg }) => msg === message),
      problems: () => fields().flatMap(({ problem }) => (isProblem(problem) ? [problem] : [])),
    },
    install: async () => {
      await github.install("acme");
      await stage.idle();
    },
    push: async (files, branch) => {
      await github.push("acme/web", { files, by: "octocat", ...(branch === undefined ? {} : { branch }) });
      await stage.idle();
    },
    rescan: async () => {
      const repository = { owner: "acme", name: "web" };
      const installationId = github.installationOf("acme");
      await queue.enqueue({ kind: "scan", repository, installationId, reason: "schedule" });
      await stage.idle();
    },
    idle: () =>
      settled(async () => {
        const { waiting, delayed, running: busy } = await queue.counts();
        return waiting + delayed + busy === 0;
      }),
    resting: () =>
      settled(async () => {
        const { waiting, running: busy } = await queue.counts();
        return waiting + busy === 0;
      }),
    newWorker: async () => {
      await adapters.close();
      adapters = makeAdapters();
      handle = createHandle(adapters, environment, options);
    },
    pulls: async (repository = "acme/web") => {
      const [owner = "", repo = ""] = repository.split("/");
      const { data } = await octocat.pulls.list({ owner, repo, state: "all", direction: "asc" });
      return data.map(
        ({ state, merged_at: merged, number, head, title }) =>
          `${merged === null ? state : "merged"} #${number} ${head.ref}: ${title}`,
      );
    },
    stable: (text) =>
      text
        .replaceAll(registry.url, "https://registry.test/")
        .replaceAll(publicRegistry, "https://registry.test/")
        .replaceAll(github.url, "https://github.test")
        .replaceAll(/"sha512-[^"]+"/g, '"sha512-..."'),
    pull: async (number) => {
      const of = { owner: "acme", repo: "web", pull_number: number };
      const { data } = await octocat.pulls.get(of);
      const { data: commits } = await octocat.pulls.listCommits(of);
      return {
        title: data.title,
        body: stage.stable(data.body ?? ""),
        labels: data.labels.map(({ name }) => name),
        commits: commits.map(({ commit }) => commit.message),
      };
    },
    requires: (branch, path = "package.json") =>
      dependenciesIn(github.files("acme/web", branch)[path] ?? "{}"),
    locks: (branch, path = "package-lock.json") =>
      installedIn(github.files("acme/web", branch)[path] ?? "{}"),
    close: async () => {
      for (const one of running.toReversed()) await one.stop();
      await adapters.close();
      await github.close();
      await registry.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  open.add(stage);
  return stage;
}

function impatientHttp(trustedHosts: readonly string[]): Adapters["http"] {
  const timeouts = { headers: 250, body: 250, whole: 500 };
  return createHttpClient({ cache: memoryCache(), userAgent: "test", trustedHosts, timeouts });
}

/** What the App is told by its environment, as an operator would. */
function variablesOf(github: GithubEmulator, { redis }: Where, cast: Cast): Record<string, string> {
  return {
    APP_ID: String(github.appId),
    PRIVATE_KEY: github.privateKey,
    WEBHOOK_SECRET: github.webhookSecret,
    GITHUB_API_URL: github.url,
    PORT: "0",
    GRACE_SECONDS: "1",
    STEEPLEJACK_DASHBOARDS: "off",
    STEEPLEJACK_ONBOARDING: cast.onboarding === true ? "on" : "off",
    ...(redis === undefined ? {} : { REDIS_URL: redis, REDIS_PREFIX: `t-${crypto.randomUUID()}` }),
  };
}

/** Asks again and again until it is so; Vitest's own limit ends what never is. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A folder without a record about npm would be told as a problem. */
const nothingKnown = osv("GHSA-none", "nobody-uses-this", "1.0.0");

/** Touches everything below `fixed`. */
export function osv(id: string, name: string, fixed: string): object {
  return {
    schema_version: "1.6.0",
    id,
    modified: "2026-01-01T00:00:00Z",
    summary: `A flaw in ${name}`,
    database_specific: { severity: "HIGH" },
    affected: [
      {
        package: { ecosystem: "npm", name },
        ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed }] }],
      },
    ],
  };
}

function readFields(line: string): Record<string, unknown> {
  return JSON.parse(line);
}

function isProblem(value: unknown): value is { stage: string; subject: string; message: string } {
  return typeof value === "object" && value !== null && "stage" in value;
}

function dependenciesIn(text: string): Record<string, string> {
  const { dependencies, devDependencies } = JSON.parse(text);
  return { ...dependencies, ...devDependencies };
}

function installedIn(text: string): Record<string, string> {
  const { packages = {} }: { packages?: Record<string, { version?: string; link?: boolean }> } =
    JSON.parse(text);
  return Object.fromEntries(
    Object.entries(packages).flatMap(([place, { version }]) =>
      place.includes("node_modules/") && version !== undefined
        ? [[place.replace(/^node_modules\//, ""), version]]
        : [],
    ),
  );
}

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
