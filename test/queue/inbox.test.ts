import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Inbox, openInbox } from "../../src/queue/inbox.ts";
import type { PrivateRedis } from "../redis.ts";
import { startRedis } from "../redis.ts";
import { scan, shepherd } from "./builders.ts";

let redis: PrivateRedis;
let client: Redis;
let prefix = "";
let inbox: Inbox;
beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.url);
});
beforeEach(() => {
  prefix = `t-${randomUUID()}`;
  inbox = openInbox(client, prefix);
});
afterAll(async () => {
  client.disconnect();
  await redis.close();
});

it("keeps what is asked of each repository until it is done", async () => {
  await inbox.put(shepherd("web", ["#1"]));
  await inbox.put(scan("api"));
  await inbox.put({ ...shepherd("web", ["#2"]), repository: { owner: "Acme", name: "WEB" } });
  const asked = await inbox.read(scan("web"));
  expect(asked.jobs.map(({ subjects }) => subjects)).toEqual([["#1"], ["#2"]]);

  await inbox.put(shepherd("web", ["#3"]));
  await asked.done();
  expect((await inbox.read(scan("web"))).jobs).toEqual([shepherd("web", ["#3"])]);
  expect((await inbox.read(scan("api"))).jobs).toEqual([scan("api")]);
});

it("makes one of very many, and loses none of them", async () => {
  const subjects = Array.from({ length: 2_000 }, (_, number) => `#${number % 90}`);
  const other = openInbox(client, prefix);
  await Promise.all(
    subjects.map((subject, at) => (at % 2 === 0 ? inbox : other).put(shepherd("web", [subject]))),
  );
  const { jobs } = await inbox.read(scan("web"));
  expect(jobs.length).toBeLessThan(700);
  expect(new Set(jobs.flatMap((job) => job.subjects ?? []))).toEqual(new Set(subjects));
});

it("leaves out what another version has put in, and forgets it with the rest", async () => {
  await inbox.put(scan("web"));
  await client.hset(`${prefix}:asked:acme/web`, { a: "{", b: '{"kind": "else"}' });
  const { jobs, done } = await inbox.read(scan("web"));
  expect(jobs).toEqual([scan("web")]);
  await done();
  expect(await client.exists(`${prefix}:asked:acme/web`)).toBe(0);
});

it("keeps nothing for ever", async () => {
  await inbox.put(scan("web"));
  expect(await client.ttl(`${prefix}:asked:acme/web`)).toBeGreaterThan(29 * 86_400);
});
