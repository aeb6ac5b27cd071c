// A server, or with `worker` as argument a worker, in a process of its own, as its environment says.
// Jobs for repositories named `slow` take as long as SLOW milliseconds; it says what it does, line by line.
import { serve, untilSignal, work } from "../../src/bin/serve.ts";
import { processEnvironment } from "../../src/config/env.ts";
import { logger } from "../../src/telemetry/logger.ts";

const options = {
  environment: processEnvironment(),
  log: logger({ level: "silent", format: "json" }),
  isRelevant: () => true,
  handle: async ({ repository }: { repository: { name: string } }, { signal }: { signal: AbortSignal }) => {
    console.log(`begin ${repository.name}`);
    await new Promise<void>((resolve, reject) => {
      const slow = repository.name === "slow" ? Number(process.env["SLOW"]) : 0;
      const timer = setTimeout(resolve, slow);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
    console.log(`end ${repository.name}`);
    return undefined;
  },
};

const running = process.argv[2] === "worker" ? await work(options) : await serve(options);
console.log(`listening ${running.url}`);
process.exit(await untilSignal(running));
