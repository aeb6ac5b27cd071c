import { dotEnv, processEnvironment } from "../config/env.ts";
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
  return run(options, env, (environment, adapters) =>
    serve({
      environment,
      handle: createHandle(adapters, environment),
      isRelevant: isRelevantTo(adapters.ecosystems),
      ...(options.work === undefined ? {} : { work: options.work }),
    }),
  );
}

/** Runs a worker until it is told to stop; gives the exit code. */
export function workerCommand(options: ServiceOptions, { env }: Terminal): Promise<number> {
  return run(options, env, (environment, adapters) =>
    work({ environment, handle: createHandle(adapters, environment) }),
  );
}

async function run(
  { advisories }: ServiceOptions,
  env: NodeJS.ProcessEnv,
  start: (
    environment: ReturnType<typeof processEnvironment>,
    adapters: ReturnType<typeof createAdapters>,
  ) => Promise<Running>,
): Promise<number> {
  const environment = processEnvironment();
  const variables = { ...dotEnv(), ...env };
  const adapters = createAdapters({
    env: variables,
    advisories: advisories ?? variables["ADVISORIES"],
    cacheFolder: cacheFolderOf(variables),
    trustedHosts: [new URL(environment.github.apiUrl).host],
  });
  try {
    return await untilSignal(await start(environment, adapters));
  } finally {
    await adapters.close();
  }
}
