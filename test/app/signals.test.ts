import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bullmqQueue } from "../../src/queue/bullmq.ts";
import type { PrivateRedis } from "../redis.ts";
import { said, startRedis } from "../redis.ts";
import type { TinyGithub } from "./github.ts";
import { credentials, deliver, push, startGithub } from "./github.ts";

let github: TinyGithub;
let redis: PrivateRedis;
const children: ChildProcess[] = [];
beforeAll(async () => {
  redis = await startRedis();
  github = await startGithub({});
});
afterEach(async () => {
  for (const child of children.splice(0)) await end(child, "SIGKILL");
});
afterAll(async () => {
  await redis.close();
  await github.close();
});

describe("SIGTERM in the middle of a job", () => {
  it("finishes the job, then exits 0 (memory)", async () => {
    const { child, url } = await begin({ SLOW: "400" });
    const began = said(child, /^begin slow/);
    const finished = said(child, /^end slow/);
    await deliver(url, "push", push({}, "slow"));
    await began;

    expect(await end(child, "SIGTERM")).toBe(0);
    await expect(finished).resolves.toBe("end slow");
  });

  it("does not wait for a job longer than the grace time (memory)", async () => {
    const { child, url } = await begin({ SLOW: "600000", GRACE_SECONDS: "0" });
    const began = said(child, /^begin slow/);
    await deliver(url, "push", push({}, "slow"));
    await began;

    expect(await end(child, "SIGINT")).toBe(0);
  });

  it("gives the job back, and another worker does it (Redis)", async () => {
    const prefix = `t-${crypto.randomUUID()}`;
    const env = { REDIS_URL: redis.url, REDIS_PREFIX: prefix, GRACE_SECONDS: "0" };
    const { url } = await begin(env);
    const first = await begin({ ...env, SLOW: "600000" }, "worker");
    const began = said(first.child, /^begin slow/);
    await deliver(url, "push", push({}, "slow"));
    await began;

    expect(await end(first.child, "SIGTERM")).toBe(0);
    const queue = bullmqQueue({ url: redis.url, prefix });
    expect(await queue.counts()).toEqual({ waiting: 1, delayed: 0, running: 0, failed: 0 });

    const second = await begin({ ...env, SLOW: "0" }, "worker");
    await said(second.child, /^end slow/);
    await expect.poll(() => queue.counts()).toEqual({ waiting: 0, delayed: 0, running: 0, failed: 0 });
    await queue.close();
  });

  it("finishes the job where there is time (Redis)", async () => {
    const env = { REDIS_URL: redis.url, REDIS_PREFIX: `t-${crypto.randomUUID()}` };
    const { url } = await begin(env);
    const worker = await begin({ ...env, SLOW: "400" }, "worker");
    const began = said(worker.child, /^begin slow/);
    const finished = said(worker.child, /^end slow/);
    await deliver(url, "push", push({}, "slow"));
    await began;

    expect(await end(worker.child, "SIGTERM")).toBe(0);
    await expect(finished).resolves.toBe("end slow");
    const queue = bullmqQueue({ url: redis.url, prefix: env.REDIS_PREFIX });
    expect(await queue.counts()).toEqual({ waiting: 0, delayed: 0, running: 0, failed: 0 });
    await queue.close();
  });
});

/** Starts a server or a worker on a port of its own. */
async function begin(
  env: Record<string, string>,
  role = "server",
): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ["test/app/process.ts", role], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env["PATH"],
      APP_ID: String(credentials.id),
      PRIVATE_KEY: credentials.privateKey,
      WEBHOOK_SECRET: credentials.webhookSecret,
      GITHUB_API_URL: github.url,
      PORT: "0",
      ...env,
    },
  });
  children.push(child);
  const line = await said(child, /^listening /);
  return { child, url: line.slice("listening ".length) };
}

/** Ends a process and gives its exit code. */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }
  return child.exitCode;
}
