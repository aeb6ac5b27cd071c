import { Probot } from "probot";
import { listen } from "../app/app.ts";
import type { Deliveries } from "../app/deliveries.ts";
import { memoryDeliveries, redisDeliveries } from "../app/deliveries.ts";
import type { Clients } from "../app/inventory.ts";
import { githubInventory } from "../app/inventory.ts";
import { memoryCache } from "../cache/memory.ts";
import { register } from "../app/registration.ts";
import { startScheduler } from "../app/scheduler.ts";
import { startServer } from "../app/server.ts";
import type { AppCredentials, Environment } from "../config/env.ts";
import { ConfigurationError, messageOf } from "../domain/errors.ts";
import { createGithub } from "../github/client.ts";
import { bullmqQueue } from "../queue/bullmq.ts";
import type { Job } from "../queue/jobs.ts";
import { memoryQueue } from "../queue/memory.ts";
import type { Again, Observer, Processing, Queue, Run } from "../queue/queue.ts";
import { endsWithin } from "../queue/queue.ts";
import type { Logger } from "../telemetry/logger.ts";
import { logger } from "../telemetry/logger.ts";

/**
 * Does one job. Resolves when it is done, with the job that is to follow where something waits for its time; what it
 * throws is tried again later, a `RateLimitError` when the limit is over. Its log carries the repository, the
 * installation, the job and the delivery on every line.
 */
export type Handle = (job: Job, run: Run & { readonly log: Logger }) => Promise<Again | undefined>;

export interface WorkOptions {
  readonly environment: Environment;
  readonly handle: Handle;
  /** Standard error, as the environment says, when absent. */
  readonly log?: Logger;
  /** For listing what the App is installed on and for asking whether GitHub is there; made from the environment when absent. */
  readonly github?: Clients;
}

export interface ServeOptions extends WorkOptions {
  /** Whether a change of this path can change what a scan finds. */
  readonly isRelevant: (path: string) => boolean;
  /** Works here too although the queue is in Redis. With the queue in memory it always does. */
  readonly work?: boolean;
}

export interface Running {
  /** Such as `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Absent while the App is being registered. */
  readonly queue?: Queue;
  /** Takes no more, finishes the running jobs or gives them back within the environment's `graceSeconds`, closes all. */
  stop(): Promise<void>;
}

/** Receives webhooks, schedules scans, and works on them unless workers of their own do. */
export async function serve(options: ServeOptions): Promise<Running> {
  const { environment, isRelevant, log = logger(environment.log) } = options;
  const { app, redis } = environment;
  if (app === undefined) return register(environment, log);

  const trouble = troubleTo(log);
  const queue = openQueue(environment, trouble);
  const deliveries: Deliveries =
    redis === undefined ? memoryDeliveries() : redisDeliveries(redis.url, redis.prefix, trouble);
  const probot = await openProbot(app, environment, log);
  const github = options.github ?? connectGithub(app, environment);
  const inventory = githubInventory(github);
  const { repositories: repositoriesOf } = inventory;
  listen(probot, { queue, deliveries, repositoriesOf, isRelevant, slug: slugOf(github), log });

  const { host, port, webhookPath: path } = environment.server;
  const server = await startServer({
    host,
    port,
    needs: { queue: () => queue.check(), github: cached(() => checkGithub(github)) },
    webhooks: { path, listener: await probot.getNodeMiddleware({ path }) },
  });
  const works = redis === undefined || options.work === true;
  const worker = works ? startWorker(queue, options, log) : undefined;
  const every = environment.schedule.everyMinutes * 60_000;
  const scheduler = startScheduler({ queue, inventory, every, log });
  log.info({ url: server.url, queue: redis === undefined ? "memory" : "redis", works }, "serving");

  return {
    url: server.url,
    queue,
    stop: async () => {
      log.info("stopping");
      server.drain();
      scheduler.stop();
      await Promise.all([server.close(), worker?.stop(environment.worker.graceSeconds * 1_000)]);
      await Promise.all([queue.close(), deliveries.close()]);
      log.info("stopped");
    },
  };
}

/** Works on the jobs that servers put into Redis. Its `/healthz` and `/readyz` are those of a server. */
export async function work(options: WorkOptions): Promise<Running> {
  const { environment, log = logger(environment.log) } = options;
  if (environment.redis === undefined)
    throw new ConfigurationError("the environment", [
      "REDIS_URL is missing: a worker takes its jobs from the Redis of the server. Without Redis, `serve` works by itself",
    ]);
  const { app } = environment;
  if (app === undefined)
    throw new ConfigurationError("the environment", [
      "APP_ID, PRIVATE_KEY and WEBHOOK_SECRET are missing: start `serve` without them to register the App",
    ]);

  const queue = openQueue(environment, troubleTo(log));
  const github = options.github ?? connectGithub(app, environment);
  const { host, port } = environment.server;
  const needs = { queue: () => queue.check(), github: cached(() => checkGithub(github)) };
  const server = await startServer({ host, port, needs });
  const worker = startWorker(queue, options, log);
  log.info({ url: server.url, concurrency: environment.worker.concurrency }, "working");

  return {
    url: server.url,
    queue,
    stop: async () => {
      log.info("stopping");
      server.drain();
      await worker.stop(environment.worker.graceSeconds * 1_000);
      await server.close();
      await queue.close();
      log.info("stopped");
    },
  };
}

/**
 * Waits for SIGTERM or SIGINT, stops, and gives the exit code: 0, or 1 when a second signal did not want to wait. The
 * caller is to end the process with it, since a job that does not heed its signal keeps it alive.
 */
export async function untilSignal(running: Running): Promise<number> {
  await signal();
  const stopped = running.stop().then(() => 0);
  return Promise.race([stopped, signal().then(() => 1)]);
}

function signal(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
}

function openQueue({ redis, worker }: Environment, trouble: (error: Error) => void): Queue {
  const policy = { attempts: worker.attempts, timeout: worker.timeoutMinutes * 60_000 };
  if (redis === undefined) return memoryQueue(policy);
  return bullmqQueue({ url: redis.url, prefix: redis.prefix, policy, trouble });
}

async function openProbot(app: AppCredentials, { github }: Environment, log: Logger): Promise<Probot> {
  const { id: appId, privateKey, webhookSecret: secret } = app;
  return new Probot({ appId, privateKey, secret, baseUrl: github.apiUrl, log }).ready();
}

function startWorker(queue: Queue, { environment, handle }: WorkOptions, log: Logger): Processing {
  const logOf = (job: Job, run: Run) =>
    log.child({
      repository: `${job.repository.owner}/${job.repository.name}`,
      installation: job.installationId,
      job: run.id,
      ...(job.delivery === undefined ? {} : { delivery: job.delivery }),
    });
  const every = environment.schedule.everyMinutes * 60_000;
  const observer: Observer = {
    ended: (job, run, outcome) => {
      const jobLog = logOf(job, run);
      const { attempt } = run;
      switch (outcome.kind) {
        case "done":
        case "given back":
          return jobLog.info({ attempt }, `job ${outcome.kind}`);
        case "delayed":
          return jobLog.info({ attempt, until: outcome.until }, "job delayed by a rate limit");
        case "retried":
          return jobLog.warn({ attempt, err: outcome.error }, "attempt failed, trying again later");
        case "failed":
          return jobLog.error({ attempt, err: outcome.error }, "job failed for good");
      }
    },
  };
  return queue.process(
    async (job, run) => {
      const jobLog = logOf(job, run);
      jobLog.info({ reason: job.reason, attempt: run.attempt }, "job started");
      const again = await handle(job, { ...run, log: jobLog });
      // What comes after the next scan of the scheduler's is that one's to ask for.
      return again === undefined || again.after > every ? undefined : again;
    },
    { concurrency: environment.worker.concurrency, observer },
  );
}

function connectGithub({ id: appId, privateKey }: AppCredentials, { github }: Environment): Clients {
  return createGithub({ appId, privateKey, baseUrl: github.apiUrl, cache: memoryCache() });
}

/** Throws unless GitHub answers and knows the App. */
async function checkGithub({ app }: Clients): Promise<void> {
  const asked = app.request("GET /app", { request: { signal: AbortSignal.timeout(3_000) } });
  if (!(await endsWithin(asked, 3_000))) throw new Error("no answer within three seconds");
}

/** Asked once; again where GitHub did not answer. */
function slugOf({ app }: Clients): () => Promise<string | undefined> {
  let slug: Promise<string | undefined> | undefined;
  return () => {
    slug ??= app.rest.apps.getAuthenticated().then(({ data }) => data?.slug);
    return slug.catch(() => (slug = undefined));
  };
}

/** Asks again only after half a minute, or after five seconds when the answer was no: probes come often. */
function cached(check: () => Promise<void>): () => Promise<void> {
  let last: { readonly until: number; readonly answer: Promise<void> } | undefined;
  return () => {
    if (last !== undefined && last.until > Date.now()) return last.answer;
    const answer = check();
    last = { until: Date.now() + 30_000, answer };
    answer.catch(() => {
      last = { until: Date.now() + 5_000, answer };
    });
    return answer;
  };
}

/** Logs the same trouble at most twice a minute: a lost connection is reported with every try. */
function troubleTo(log: Logger): (error: Error) => void {
  const told = new Map<string, number>();
  return (error) => {
    const message = messageOf(error) || error.name;
    if ((told.get(message) ?? 0) > Date.now() - 30_000) return;
    if (told.size > 100) told.clear();
    told.set(message, Date.now());
    log.warn({ err: error }, "trouble with the queue, which goes on by itself");
  };
}
