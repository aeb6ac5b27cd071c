import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Queue as Bull } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bullmqQueue } from "../../src/queue/bullmq.ts";
import type { Queue } from "../../src/queue/queue.ts";
import type { PrivateRedis } from "../redis.ts";
import { said, startRedis } from "../redis.ts";
import { byHand, scan } from "./builders.ts";
import { queueContract, quick } from "./contract.ts";

let redis: PrivateRedis;
beforeAll(async () => {
  redis = await startRedis({ durable: true });
});
afterAll(() => redis.close());

describe("the queue in Redis", () => {
  queueContract(async (policy) => bullmqQueue({ url: redis.url, prefix: `t-${randomUUID()}`, policy }));
});

describe("the queue in Redis, when things break", () => {
  const children: ChildProcess[] = [];
  const queues: Queue[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) await ended(child, "SIGKILL");
    for (const queue of queues.splice(0)) await queue.close();
  });
  const open = (prefix: string, options = {}) => {
    const queue = bullmqQueue({ url: redis.url, prefix, policy: quick, ...options });
    queues.push(queue);
    return queue;
  };
  const worker = (prefix: string, hangsFor = "600000") => {
    const child = spawn(process.execPath, ["test/queue/worker.ts", redis.url, prefix, hangsFor], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    return child;
  };

  it("loses nothing when a worker is killed in the middle of a job: another takes it over", async () => {
    const prefix = `t-${randomUUID()}`;
    const queue = open(prefix);
    const first = worker(prefix);
    await queue.enqueue(scan("hangs"));
    await queue.enqueue(scan("hangs-too"));
    await said(first, /^begin hangs-too/);
    await queue.enqueue(scan("hangs"));
    await ended(first, "SIGKILL");

    const lines = linesOf(worker(prefix, "5"));
    await expect
      .poll(() => queue.counts(), { timeout: 15_000 })
      .toEqual({ waiting: 0, delayed: 0, running: 0, failed: 0 });
    expect(lines.toSorted()).toEqual([
      "begin hangs attempt 1",
      "begin hangs attempt 1",
      "begin hangs-too attempt 1",
      "end hangs",
      "end hangs",
      "end hangs-too",
      "ready",
    ]);
  });

  it("gives a job back when its worker is asked to end", async () => {
    const prefix = `t-${randomUUID()}`;
    const queue = open(prefix);
    const first = worker(prefix);
    await queue.enqueue(scan("hangs"));
    await said(first, /^begin hangs/);

    expect(await ended(first, "SIGTERM")).toBe(0);
    expect(await queue.counts()).toEqual({ waiting: 1, delayed: 0, running: 0, failed: 0 });
  });

  it("never runs one repository in two processes at once", async () => {
    const prefix = `t-${randomUUID()}`;
    const queue = open(prefix);
    const workers = [worker(prefix), worker(prefix)];
    const lines = workers.map(linesOf);
    await Promise.all(workers.map((child) => said(child, /^ready/)));

    // For as long as it takes until both have had their share.
    const names = ["a", "b", "c", "d", "e", "f"];
    for (let round = 0; round < 30 || lines.some((each) => each.length < 10); round++)
      await Promise.all(names.map((name) => queue.enqueue(scan(name))));

    await expect
      .poll(() => queue.counts(), { timeout: 15_000 })
      .toEqual({ waiting: 0, delayed: 0, running: 0, failed: 0 });
    expect(lines.flat().filter((line) => line.includes("beside another"))).toEqual([]);
  });

  it("goes on when Redis was away for a moment, and says so meanwhile", async () => {
    const own = await startRedis({ durable: true });
    const trouble: Error[] = [];
    const queue = bullmqQueue({ url: own.url, policy: quick, trouble: (error) => trouble.push(error) });
    const hand = byHand();
    const processing = queue.process(hand.handler, { concurrency: 1 });
    try {
      await queue.enqueue(scan("web"));
      const running = await hand.next();

      await own.down();
      await expect(queue.check()).rejects.toThrow("Redis does not answer");
      const meanwhile = queue.enqueue(scan("api"));
      running.finish();
      await own.up();

      expect(await meanwhile).toBe("added");
      const next = await hand.next();
      expect(next.job).toEqual(scan("api"));
      next.finish();
      await expect
        .poll(() => queue.counts(), { timeout: 10_000 })
        .toEqual({ waiting: 0, delayed: 0, running: 0, failed: 0 });
      expect(hand.begun).toBe(2);
      expect(trouble).not.toEqual([]);
    } finally {
      await processing.stop(0);
      await queue.close();
      await own.close();
    }
  });

  it("stops an idle worker at once even while Redis is away", async () => {
    const own = await startRedis();
    const queue = bullmqQueue({ url: own.url, policy: quick });
    const hand = byHand();
    const processing = queue.process(hand.handler, { concurrency: 1 });
    await queue.enqueue(scan("web"));
    (await hand.next()).finish();
    await expect.poll(() => queue.counts()).toMatchObject({ running: 0 });
    await own.close();

    await processing.stop(3_600_000);
    await queue.close();
  });

  it("refuses a job within ten seconds while Redis cannot be reached", { timeout: 20_000 }, async () => {
    const own = await startRedis();
    await own.close();
    const queue = bullmqQueue({ url: own.url });
    await expect(queue.enqueue(scan("web"))).rejects.toThrow("Redis does not answer");
    await queue.close();
  });

  it("fails what another version stored, and takes the next", async () => {
    const prefix = `t-${randomUUID()}`;
    const bull = new Bull("scan", { connection: { url: redis.url }, prefix });
    await bull.add("scan", { job: { kind: "scan", repository: "acme/web" } }, { attempts: 5 });
    await bull.close();
    const queue = open(prefix);
    const hand = byHand();
    const processing = queue.process(hand.handler, { concurrency: 1 });
    await queue.enqueue(scan("api"));

    (await hand.next()).finish();
    await expect.poll(() => queue.counts()).toMatchObject({ running: 0, failed: 1 });
    const [failed] = await queue.failed();
    expect(failed?.job).toBeUndefined();
    expect(failed?.reason).toContain("what is stored is no job of this version");
    expect(await queue.retry(failed?.id ?? "")).toBe(false);
    expect(await queue.discard(failed?.id ?? "")).toBe(true);
    await processing.stop(0);
  });

  it("keeps nothing of a job but its small data", async () => {
    const prefix = `t-${randomUUID()}`;
    await open(prefix).enqueue({ ...scan("web"), delivery: "one" });
    const client = new Redis(redis.url);
    const keys = await client.keys(`${prefix}:scan:scan-*`);
    const data = await client.hget(keys[0] ?? "", "data");
    client.disconnect();
    expect(JSON.parse(data ?? "")).toEqual({ job: { ...scan("web"), delivery: "one" } });
  });
});

function linesOf(child: ChildProcess): string[] {
  const lines: string[] = [];
  if (child.stdout !== null) createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  return lines;
}

/** Ends a process and gives its exit code. */
async function ended(child: ChildProcess, signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }
  return child.exitCode;
}
