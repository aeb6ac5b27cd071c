import { setTimeout as wait } from "node:timers/promises";
import { dotEnv, type Environment, processEnvironment } from "../config/env.ts";
import type { Cache } from "../domain/ports.ts";
import { logger } from "../telemetry/logger.ts";
import type { Pace } from "../github/pace.ts";
import { cacheFolderOf, createAdapters } from "./adapters.ts";
import { createHandle, isRelevantTo } from "./github.ts";
import type { Terminal } from "./local.ts";
import { type Running, serve, untilSignal, work } from "./serve.ts";

export interface ServiceOptions {
  readonly advisories?: string;
  readonly work?: boolean;
}

/** Runs the server until it is told to stop; gives the exit code. */
export function serveCommand(options: ServiceOptions, { env }: Terminal): Promise<number> {
  return run(options, env, (environment, adapters, pace) =>
    serve({
      environment,
      handle: createHandle(adapters, environment, { pace }),
      isRelevant: isRelevantTo(adapters.ecosystems),
      ...(options.work === undefined ? {} : { work: options.work }),
    }),
  );
}

/** Runs a worker until it is told to stop; gives the exit code. */
export function workerCommand(options: ServiceOptions, { env }: Terminal): Promise<number> {
  return run(options, env, (environment, adapters, pace) =>
    work({ environment, handle: createHandle(adapters, environment, { pace }) }),
  );
}

async function run(
  { advisories }: ServiceOptions,
  env: NodeJS.ProcessEnv,
  start: (
    environment: ReturnType<typeof processEnvironment>,
    adapters: ReturnType<typeof createAdapters>,
    pace: Pace,
  ) => Promise<Running>,
): Promise<number> {
  const environment = processEnvironment();
  const variables = { ...dotEnv(), ...env };
  const shared = await sharedCache(environment);
  const adapters = createAdapters({
    env: variables,
    advisories: advisories ?? variables["ADVISORIES"],
    cacheFolder: cacheFolderOf(variables),
    ...(shared === undefined ? {} : { cache: shared }),
    trustedHosts: [new URL(environment.github.apiUrl).host],
  });
  const { createPace } = await import("../github/pace.ts");
  const { redis, log } = environment;
  const told = logger(log);
  const pace = createPace({
    ...(redis === undefined ? {} : { redis }),
    trouble: (error) => told.warn({ err: error }, "the pace of changes in Redis"),
    sleep: (milliseconds) => wait(milliseconds),
  });
  try {
    return await untilSignal(await start(environment, adapters, pace));
  } finally {
    await pace.close();
    await adapters.close();
    shared?.close();
  }
}

/** Where there is a Redis, what one worker has looked up no other looks up again. */
async function sharedCache({ redis, log }: Environment): Promise<(Cache & { close(): void }) | undefined> {
  if (redis === undefined) return undefined;
  const { redisCache } = await import("../cache/redis.ts");
  const told = logger(log);
  return redisCache({ ...redis, trouble: (error) => told.warn({ err: error }, "the cache in Redis") });
}
