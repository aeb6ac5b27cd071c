import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Running } from "../../src/bin/serve.ts";
import { serve, work } from "../../src/bin/serve.ts";
import type { Environment } from "../../src/config/env.ts";
import { ConfigurationError } from "../../src/domain/errors.ts";
import type { Job } from "../../src/queue/jobs.ts";
import { logger } from "../../src/telemetry/logger.ts";
import type { PrivateRedis } from "../redis.ts";
import { startRedis } from "../redis.ts";
import type { TinyGithub } from "./github.ts";
import { credentials, deliver, push, startGithub } from "./github.ts";

const isRelevant = (path: string) => path.endsWith("package.json");
const silent = logger({ level: "silent", format: "json" });

let github: TinyGithub;
let redis: PrivateRedis;
const running: Running[] = [];
beforeAll(async () => {
  redis = await startRedis();
  github = await startGithub({});
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});
afterAll(async () => {
  await redis.close();
  await github.close();
});

function environment(more: Partial<Environment> = {}): Environment {
  return {
    app: credentials,
    github: { apiUrl: github.url },
    server: { host: "127.0.0.1", port: 0, webhookPath: "/api/github/webhooks" },
    worker: { concurrency: 1, attempts: 5, timeoutMinutes: 1, graceSeconds: 1 },
    onboarding: false,
    dashboards: false,
    schedule: { everyMinutes: 360 },
    log: { level: "info", format: "json" },
    ...more,
  };
}
const overRedis = () => environment({ redis: { url: redis.url, prefix: `t-${crypto.randomUUID()}` } });

/** A server whose jobs wait in the list that is given back. */
async function start(
  env = environment(),
  log = silent,
  wait?: number,
): Promise<{ url: string; app: Running; jobs: Job[] }> {
  const jobs: Job[] = [];
  const handle = async (job: Job) => {
    jobs.push(job);
    return wait === undefined ? undefined : { after: wait, job: { ...job, reason: "schedule" as const } };
  };
  const app = await serve({ environment: env, isRelevant, handle, log });
  running.push(app);
  return { url: app.url, app, jobs };
}

const ready = async (url: string) => {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, body: await response.json() };
};

describe("the server", () => {
  it("makes a job of a signed webhook, and its log follows it", async () => {
    const lines: string[] = [];
    const log = logger({ level: "info", format: "json", to: { write: (line) => lines.push(line) } });
    const { url, jobs } = await start(environment(), log);

    expect(await deliver(url, "push", push(), { id: "72d3162e-cc78" })).toBe(200);

    await expect
      .poll(() => jobs)
      .toEqual([
        {
          kind: "scan",
          repository: { owner: "acme", name: "web" },
          installationId: 9001,
          reason: "push",
          delivery: "72d3162e-cc78",
        },
      ]);
    const told = lines.map((line): unknown => JSON.parse(line));
    expect(told).toContainEqual(
      expect.objectContaining({ msg: "scan asked for", delivery: "72d3162e-cc78", enqueued: "added" }),
    );
    await expect
      .poll(() => lines.map((line): unknown => JSON.parse(line)))
      .toContainEqual(
        expect.objectContaining({
          msg: "job done",
          repository: "acme/web",
          installation: 9001,
          delivery: "72d3162e-cc78",
          job: expect.any(String),
        }),
      );
  });

  it("looks again when the schedule comes that something waits for", async () => {
    const { url, app, jobs } = await start(environment(), silent, 3_600_000);
    await deliver(url, "push", push());
    await expect.poll(() => jobs).toHaveLength(1);
    await expect.poll(async () => (await app.queue?.counts())?.delayed, { timeout: 5_000 }).toBe(1);
    expect(jobs).toHaveLength(1);
  });

  it("takes webhooks at its top too, where the registration page sends them", async () => {
    const { url, jobs } = await start();
    expect(await deliver(url, "push", push(), { path: "/" })).toBe(200);
    expect(await deliver(url, "push", push(), { path: "/", secret: "guessed" })).toBe(400);
    await expect.poll(() => jobs).toHaveLength(1);
  });

  it("refuses a forged signature, and makes no job", async () => {
    const { url, app, jobs } = await start();

    expect(await deliver(url, "push", push(), { secret: "guessed" })).toBe(400);
    const unsigned = await fetch(`${url}/api/github/webhooks`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-github-event": "push", "x-github-delivery": "1" },
      body: JSON.stringify(push()),
    });
    expect(unsigned.status).toBe(400);

    expect(jobs).toEqual([]);
    expect(await app.queue?.counts()).toEqual({ waiting: 0, delayed: 0, running: 0, failed: 0 });
  });

  it.each([
    ["memory", () => environment()],
    ["Redis", overRedis],
  ])("ignores a delivery that it has seen before (%s)", async (_where, env) => {
    const given = env();
    const { url } = await start(given);
    const worker = given.redis && (await startWorker(given));
    const jobs = worker?.jobs ?? (await start(given)).jobs;
    const server = worker === undefined ? (running.at(-1)?.url ?? url) : url;

    expect(await deliver(server, "push", push(), { id: "same" })).toBe(200);
    await expect.poll(() => jobs).toHaveLength(1);
    expect(await deliver(server, "push", push(), { id: "same" })).toBe(200);
    expect(await deliver(server, "push", push(), { id: "other" })).toBe(200);
    await expect.poll(() => jobs).toHaveLength(2);

    expect(jobs.map(({ delivery }) => delivery)).toEqual(["same", "other"]);
  });

  it(
    "answers 500 when the queue cannot take the job, and takes the same delivery when it can again",
    { timeout: 40_000 },
    async () => {
      const own = await startRedis({ durable: true });
      const { url, app } = await start(environment({ redis: { url: own.url, prefix: "steeplejack" } }));
      expect((await ready(url)).status).toBe(200);

      await own.down();
      expect(await deliver(url, "push", push(), { id: "kept" })).toBe(500);
      const away = await ready(url);
      expect(away).toEqual({
        status: 503,
        body: { status: "not ready", problems: [expect.stringMatching(/^queue: /)] },
      });
      expect((await fetch(`${url}/healthz`)).status).toBe(200);

      await own.up();
      await expect
        .poll(() => ready(url), { timeout: 10_000 })
        .toEqual({ status: 200, body: { status: "ready" } });
      expect(await deliver(url, "push", push(), { id: "kept" })).toBe(200);
      expect(await app.queue?.counts()).toMatchObject({ waiting: 1 });
      for (const one of running.splice(0)) await one.stop();
      await own.close();
    },
  );

  it("is not ready while GitHub does not know the App", async () => {
    const nowhere = await startGithub({});
    await nowhere.close();
    const { url } = await start(environment({ github: { apiUrl: nowhere.url } }));
    const { status, body } = await ready(url);
    expect(status).toBe(503);
    expect(body).toMatchObject({ problems: [expect.stringMatching(/^github: /)] });
  });

  it("serves nothing else, and no payload larger than GitHub's", async () => {
    const { url } = await start();
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/api/github/webhooks`)).status).toBe(404);

    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    const announced = 100 * 1024 * 1024;
    socket.write(
      `POST /api/github/webhooks HTTP/1.1\r\nhost: steeplejack.test\r\ncontent-length: ${announced}\r\n\r\n`,
    );
    const [head] = await once(socket, "data");
    socket.destroy();
    expect(String(head)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("hangs up on a payload that does not say how large it is, and is", async () => {
    const { url } = await start();
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.on("error", () => {}); // it is reset while it still writes
    const closed = new Promise<void>((resolve) => {
      socket.on("close", () => resolve());
    });
    const chunk = `${(1024 * 1024).toString(16)}\r\n${"x".repeat(1024 * 1024)}\r\n`;
    socket.write(
      "POST /api/github/webhooks HTTP/1.1\r\nhost: steeplejack.test\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    for (let sent = 0; sent < 30; sent++) socket.write(chunk);
    await closed;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it("scans what it is installed on when it starts", async () => {
    const other = await startGithub({ 9001: ["acme/web", "acme/archived-site"], 9002: ["octocat/hello"] });
    const { jobs } = await start(environment({ github: { apiUrl: other.url } }));
    await expect
      .poll(() =>
        jobs.map(({ repository, reason }) => `${repository.owner}/${repository.name} ${reason}`).toSorted(),
      )
      .toEqual(["acme/web schedule", "octocat/hello schedule"]);
    await other.close();
  });
});

describe("a worker", () => {
  it("takes its jobs from the server's Redis", async () => {
    const env = overRedis();
    const { url, app, jobs } = await start(env);
    const worker = await startWorker(env);

    expect(await deliver(url, "push", push())).toBe(200);
    await expect.poll(() => worker.jobs).toHaveLength(1);
    expect(jobs).toEqual([]);
    expect(app.queue).toBeDefined();
    expect((await ready(worker.url)).status).toBe(200);
  });

  it("says what it lacks", async () => {
    const worker = work({ environment: environment(), handle: async () => {}, log: silent });
    await expect(worker).rejects.toThrow(ConfigurationError);
    await expect(worker).rejects.toThrow("REDIS_URL is missing");
  });
});

async function startWorker(env: Environment): Promise<{ url: string; jobs: Job[] }> {
  const jobs: Job[] = [];
  const worker = await work({
    environment: env,
    log: silent,
    handle: async (job) => {
      jobs.push(job);
    },
  });
  running.push(worker);
  return { url: worker.url, jobs };
}
