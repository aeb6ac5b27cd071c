import { execFile } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { diskCache, type DiskCacheOptions } from "../../src/cache/disk.ts";
import { describesCache } from "./contract.ts";

let folder = "";
const caches: { close(): void }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "steeplejack-cache-"));
});
afterEach(() => {
  for (const cache of caches.splice(0)) cache.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(options: DiskCacheOptions = {}, at = folder) {
  const faults: string[] = [];
  const cache = diskCache(at, { onFault: (message) => faults.push(message), ...options });
  caches.push(cache);
  return Object.assign(cache, { faults });
}
/** When what was set has been written. */
const written = () => new Promise((resolve) => setImmediate(resolve));
const fileOf = () => join(folder, readdirSync(folder).find((name) => name.endsWith(".sqlite")) ?? "");

describe("diskCache", () => {
  describesCache(() => open());

  it("keeps from one run to the next, also what was set just before the end", async () => {
    const first = open({}, join(folder, "deep", "er"));
    await first.set("a", "1");
    first.close();
    expect(await open({}, join(folder, "deep", "er")).get("a")).toBe("1");
  });

  it("may be closed twice, and knows nothing afterwards", async () => {
    const cache = open();
    cache.close();
    cache.close();
    expect(await cache.get("a")).toBeUndefined();
  });

  it("shows each process what the others wrote", async () => {
    const [one, other] = [open(), open()];
    await one.set("a", "1");
    await written();
    expect(await other.get("a")).toBe("1");
  });

  it("is written by several processes at once", async () => {
    const run = (name: string) =>
      promisify(execFile)(process.execPath, [join(import.meta.dirname, "writer.ts"), folder, name]);
    const told = await Promise.all(["x", "y", "z"].map(run));
    expect(told.map(({ stdout }) => stdout)).toEqual(["", "", ""]);
    const cache = open();
    const last = await Promise.all(["x", "y", "z"].map((name) => cache.get(`${name} 99`)));
    expect(last).toEqual(["x", "y", "z"].map((name) => `${name} 99 `.repeat(1_000)));
  });

  it.each([
    ["no database", (path: string) => writeFileSync(path, "nonsense ".repeat(1_000))],
    ["cut short", (path: string) => truncateSync(path, 5_000)],
    [
      "overwritten in the middle",
      (path: string) => {
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.fill(0xff, 100, Math.min(bytes.length, 60_000)));
      },
    ],
    [
      "of another shape",
      (path: string) => {
        const database = new DatabaseSync(path);
        database.exec("DROP TABLE entry; CREATE TABLE entry (something TEXT)");
        database.close();
      },
    ],
  ])("is begun anew when its file is %s", async (_, damage) => {
    const before = open();
    for (let index = 0; index < 100; index++) await before.set(`${index}`, "x".repeat(1_000));
    before.close();
    damage(fileOf());

    const damaged = open();
    await damaged.get("7"); // what is lost is lost, without an error
    await damaged.set("a", "1");
    await written();
    expect(await damaged.get("a")).toBe("1");
    damaged.close();

    const after = open();
    await after.set("b", "2");
    after.close();
    const last = open();
    expect([await last.get("b"), last.faults]).toEqual(["2", []]);
  });

  it("keeps in memory what it cannot keep on disk, and says why", async () => {
    writeFileSync(join(folder, "file"), "");
    const cache = open({}, join(folder, "file", "inside"));
    await cache.set("a", "1");
    expect(await cache.get("a")).toBe("1");
    expect(cache.faults).toEqual([expect.stringContaining("cannot be used: ENOTDIR")]);
  });

  it("does without while another process holds the file for long", async () => {
    const cache = open();
    await cache.set("a", "1");
    await written();
    const other = new DatabaseSync(fileOf());
    other.exec("BEGIN IMMEDIATE");
    await cache.set("b", "2");
    await written();
    expect([await cache.get("a"), await cache.get("b")]).toEqual(["1", undefined]);
    other.exec("ROLLBACK");
    other.close();
    await cache.set("c", "3");
    await written();
    expect([await cache.get("c"), cache.faults]).toEqual(["3", []]);
  });

  it("forgets what was written longest ago when it is full, and never grows past its limit", async () => {
    const limit = 1_000_000;
    const cache = open({ limit });
    for (let index = 0; index < 300; index++) {
      await cache.set(`${index}`, "x".repeat(10_000));
      await written();
    }
    await cache.set("huge", "x".repeat(2 * limit));
    await written();
    expect([await cache.get("0"), await cache.get("huge")]).toEqual([undefined, undefined]);
    await cache.set("last", "1");
    cache.close();
    expect(statSync(fileOf()).size).toBeLessThanOrEqual(limit);
    const next = open({ limit });
    expect([await next.get("last"), next.faults]).toEqual(["1", []]);
  });
});
