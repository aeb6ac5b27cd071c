import { expect, it } from "vitest";
import type { Cache } from "../../src/domain/ports.ts";

/** What every cache promises. */
export function describesCache(open: () => Cache): void {
  it("gives back what was put in, the newest of one key", async () => {
    const cache = open();
    expect(await cache.get("a")).toBeUndefined();
    await cache.set("a", "1");
    await cache.set("b", "");
    await cache.set("c", 'é "\u0000" 🎈\n');
    await cache.set("a", "2");
    expect(await Promise.all(["a", "b", "c", "d"].map((key) => cache.get(key)))).toEqual([
      "2",
      "",
      'é "\u0000" 🎈\n',
      undefined,
    ]);
  });
}
