// A worker in a process of its own, for the tests that kill it: node worker.ts URL PREFIX MILLISECONDS, which jobs named `hangs` take. It says what it does, line by line.
import { Redis } from "ioredis";
import { bullmqQueue } from "../../src/queue/bullmq.ts";

const [url = "", prefix = "", hangsFor = ""] = process.argv.slice(2);
const redis = new Redis(url, { maxRetriesPerRequest: null });
redis.on("error", () => {});
const queue = bullmqQueue({ url, prefix, lockDuration: 1_000, stalledInterval: 300 });

const worker = queue.process(
  async (job, { attempt, signal }) => {
    const { name } = job.repository;
    const inside = await redis.incr(`${prefix}-inside-${name}`);
    console.log(
      `begin ${name} attempt ${attempt}${inside > 1 && !name.startsWith("hangs") ? " beside another" : ""}`,
    );
    await pause(job.repository.name.startsWith("hangs") ? Number(hangsFor) : 5, signal);
    await redis.decr(`${prefix}-inside-${name}`);
    console.log(`end ${name}`);
  },
  { concurrency: 2 },
);
console.log("ready");
process.once("SIGTERM", () => {
  void worker.stop(1_000).then(() => process.exit(0));
});

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
