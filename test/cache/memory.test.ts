import { describe, expect, it } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import { describesCache } from "./contract.ts";

describe("memoryCache", () => {
  describesCache(() => memoryCache());

  it("forgets what was used least when it is full, and takes in nothing larger than itself", async () => {
    const cache = memoryCache(1);
    await cache.set("old", "x".repeat(400_000));
    await cache.set("used", "x".repeat(400_000));
    await cache.get("old");
    await cache.set("new", "x".repeat(400_000));
    await cache.set("huge", "x".repeat(2_000_000));
    const kept = await Promise.all(["old", "used", "new", "huge"].map((key) => cache.get(key)));
    expect(kept.map((value) => value?.length)).toEqual([400_000, undefined, 400_000, undefined]);
  });
});
