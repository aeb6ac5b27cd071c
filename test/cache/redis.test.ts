import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisCache } from "../../src/cache/redis.ts";
import { type PrivateRedis, startRedis } from "../redis.ts";
import { describesCache } from "./contract.ts";

let redis: PrivateRedis;
let count = 0;
const caches: { close(): void }[] = [];
const open = (prefix = `test${count++}`) => {
  const cache = redisCache({ url: redis.url, prefix });
  caches.push(cache);
  return cache;
};

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  for (const cache of caches) cache.close();
  await redis.close();
});

describe("redisCache", () => {
  describesCache(() => open());

  it("is one for every process that has the same prefix, and for no other", async () => {
    await open("shared").set("a", "1");
    expect(await open("shared").get("a")).toBe("1");
    expect(await open("another").get("a")).toBeUndefined();
  });

  it("holds long values, packed", async () => {
    const long = `${"é".repeat(5_000)}🎈${"b".repeat(100_000)}`;
    await open("long").set("a", long);
    expect(await open("long").get("a")).toBe(long);
  });

  it("is as if nothing were there while Redis is away, and is there again afterwards", async () => {
    const one = open("away");
    await one.set("a", "1");
    await redis.down();
    expect(await one.get("a")).toBe("1");
    expect(await open("away").get("a")).toBeUndefined();
    await one.set("b", "2");
    expect(await one.get("b")).toBe("2");
    await redis.up();
    await expect
      .poll(async () => {
        await one.set("c", "3");
        return open("away").get("c");
      })
      .toBe("3");
  });

  it("takes what it cannot read for nothing", async () => {
    const { Redis } = await import("ioredis");
    const raw = new Redis(redis.url);
    await raw.set("broken:cache:a", Buffer.from([1, 2, 3]));
    raw.disconnect();
    expect(await open("broken").get("a")).toBeUndefined();
  });
});
