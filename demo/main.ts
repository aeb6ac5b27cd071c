import type { ExitCode, Terminal } from "../src/bin/local.ts";
import type { DemoOptions } from "../src/bin/demo.ts";
import { cacheFolderOf } from "../src/bin/adapters.ts";
import { createHandle, isRelevantTo } from "../src/bin/github.ts";
import { type Running, serve, untilSignal } from "../src/bin/serve.ts";
import { UsageError } from "../src/bin/usage.ts";
import { memoryCache } from "../src/cache/memory.ts";
import type { Environment } from "../src/config/env.ts";
import { operatorNpm } from "../src/config/npm.ts";
import { publicRegistry } from "../src/ecosystems/npm/registry.ts";
import type { HttpStatistics } from "../src/http/client.ts";
import { logger } from "../src/telemetry/logger.ts";
import { adaptersWithAdvisories } from "./advisories.ts";
import { type GithubEmulator, type RepositorySeed, startGithub } from "./github/index.ts";
import { type Hub, hubOf } from "./page/hub.ts";
import { type Page, startPage } from "./page/server.ts";
import { demoRepositories, organisation, person } from "./repositories.ts";
import { type State, watchApp } from "./state.ts";
import { footText, headText, progressText, repositoryText } from "./text.ts";

/** What the demo works on, for tests. */
export interface DemoInputs {
  readonly repositories?: readonly RepositorySeed[];
}

/** Everything runs in this process, on loopback ports: GitHub, the App with its queue in memory, and the page. */
export interface Demo {
  readonly github: GithubEmulator;
  /** The App, as `serve` gives it. */
  readonly app: Running;
  readonly state: State;
  readonly hub: Hub;
  /** Where advisories come from, in words. */
  readonly advisories: string;
  readonly registry: string;
  readonly statistics: HttpStatistics;
  /** Installs the App for the organisation: from here on, webhooks do the rest. */
  install(): Promise<void>;
  /** Whether a delivery is under way or a job is left. */
  isBusy(): Promise<boolean>;
  /** Resolves when it is not busy any more, or is stopped. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The whole App on this machine. With `once` it prints what the App did and ends; else a page shows it until the person
 * interrupts, and whatever is merged or pushed meanwhile is handled as it comes.
 */
export async function demo(options: DemoOptions, io: Terminal, inputs: DemoInputs = {}): Promise<ExitCode> {
  const port = portOf(options.port);
  const began = Date.now();
  io.progress("starting …");
  const running = await startDemo(io.env, inputs);
  let page: Page | undefined;
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= halt());
  const halt = async () => {
    io.progress();
    await page?.close();
    await running.stop();
  };
  const interrupted = untilSignal({ url: running.app.url, stop }).then((code) => (code === 0 ? 0 : 3));
  try {
    if (options.once !== true) page = await startPage(running, port);
    io.progress();
    io.print(headText(running, page?.url, io.colours));

    running.state.onChange = () => io.progress(progressText(running.state, running.statistics));
    await running.install();
    await running.idle();
    running.state.onChange = undefined;
    io.progress();
    if (stopping !== undefined) return await interrupted;

    for (const [name, state] of running.state.repositories)
      io.print(repositoryText(name, state, await running.hub.pullRequests(name), page?.url, io.colours));
    io.print(footText(running, Date.now() - began, page?.url, io.colours));
  } catch (error) {
    if (stopping !== undefined) return interrupted; // what fails in a stop was interrupted
    await stop();
    throw error;
  }
  if (options.once !== true) return interrupted;
  await stop();
  return [...running.state.repositories.values()].some(({ doing }) => doing !== "done") ? 3 : 0;
}

export async function startDemo(env: NodeJS.ProcessEnv, inputs: DemoInputs = {}): Promise<Demo> {
  const repositories = inputs.repositories ?? (await demoRepositories());
  const github = await startGithub({ repositories, users: [person], installed: false });
  const { adapters, source } = await adaptersWithAdvisories({
    env,
    advisories: env["ADVISORIES"],
    cacheFolder: cacheFolderOf(env),
    trustedHosts: [new URL(github.url).host],
  });
  const state = watchApp(repositories.map(({ name }) => name));
  const environment = environmentFor(github);
  const app = await serve({
    environment,
    // What GitHub answers is not worth keeping: the next demo is another GitHub.
    handle: createHandle({ ...adapters, cache: memoryCache() }, environment, { told: state.told }),
    isRelevant: isRelevantTo(adapters.ecosystems),
    log: logger({ ...environment.log, to: { write: state.heed } }),
  });
  github.setWebhook(`${app.url}${environment.server.webhookPath}`);
  const stopped = new AbortController();
  const stop = async () => {
    stopped.abort();
    await app.stop();
    await adapters.close();
    await github.close();
  };
  return {
    github,
    app,
    state,
    hub: hubOf(github),
    advisories: source,
    registry: operatorNpm(env).registry ?? publicRegistry,
    statistics: adapters.statistics,
    install: async () => {
      await state.looked; // or what is found then is scanned twice
      await github.install(organisation);
    },
    isBusy: () => isBusy(github, app),
    idle: async () => {
      // Jobs that a stop gives back would wait for ever.
      while (!stopped.signal.aborted && (await isBusy(github, app)))
        await new Promise((resolve) => setTimeout(resolve, 50));
    },
    stop,
  };
}

function environmentFor({ appId, privateKey, webhookSecret, url }: GithubEmulator): Environment {
  return {
    app: { id: appId, privateKey, webhookSecret },
    github: { apiUrl: url },
    server: { host: "127.0.0.1", port: 0, webhookPath: "/api/github/webhooks" },
    // What fails is told at once and not tried again half a minute later.
    worker: { concurrency: 2, attempts: 1, timeoutMinutes: 5, graceSeconds: 1 },
    onboarding: false,
    dashboards: false,
    schedule: { everyMinutes: 360 },
    log: { level: "debug", format: "json" },
  };
}

async function isBusy(github: GithubEmulator, { queue }: Running): Promise<boolean> {
  await github.settled(); // a delivery is answered when its jobs are in the queue
  const { waiting = 0, delayed = 0, running = 0 } = (await queue?.counts()) ?? {};
  return waiting + delayed + running > 0;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new UsageError(`--port takes a number, not "${text}"`);
  return port;
}
