// A worker in a process of its own, for the tests that kill it: node worker.ts MILLISECONDS, after which its locks lapse.
import { createAdapters } from "../../src/bin/adapters.ts";
import { createHandle } from "../../src/bin/github.ts";
import { processEnvironment } from "../../src/config/env.ts";
import { bullmqQueue } from "../../src/queue/bullmq.ts";
import { logger } from "../../src/telemetry/logger.ts";

const environment = processEnvironment();
const adapters = createAdapters({
  env: process.env,
  advisories: process.env["ADVISORIES"],
  cacheFolder: undefined,
  trustedHosts: [new URL(environment.github.apiUrl).host],
});
const handle = createHandle(adapters, environment);
const log = logger({ level: "silent", format: "json" });
const { url = "", prefix = "" } = environment.redis ?? {};
bullmqQueue({ url, prefix, lockDuration: Number(process.argv[2]), stalledInterval: 300 }).process(
  (job, run) => handle(job, { ...run, log }),
  { concurrency: 1 },
);
