import { describe, expect, it, vi } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import type { Cache, FileReader } from "../../src/domain/ports.ts";
import { recall } from "../../src/pipeline/recall.ts";
import { memoryFiles } from "../fakes.ts";

const before = { a: "1", b: "2", c: "3" };

/** Reads a file that is there and one that is not. */
async function read(files: FileReader): Promise<unknown> {
  return { a: await files.read("a"), none: (await files.read("none")) ?? "absent" };
}

async function list(files: FileReader): Promise<unknown> {
  return (await files.list()).map(({ path }) => path);
}

describe("recall", () => {
  it.each([
    ["nothing has changed", read, before, 1],
    ["a file has changed that was not read", read, { ...before, b: "x" }, 1],
    ["there is a file more that nobody asked for", read, { ...before, d: "4" }, 1],
    ["a file that was read has changed", read, { ...before, a: "x" }, 2],
    ["a file that was read is gone", read, { b: "2" }, 2],
    ["a file has come that was not there", read, { ...before, none: "x" }, 2],
    ["the files that were listed are the same", list, { ...before, a: "x" }, 1],
    ["there is a file more in the list", list, { ...before, d: "4" }, 2],
  ])("when %s", async (_, work, after, times) => {
    const cache = memoryCache();
    const counted = vi.fn<typeof work>(work);
    await recall(["x"], memoryFiles(before), cache, counted);
    const again = await recall(["x"], memoryFiles(after), cache, counted);
    expect(counted).toHaveBeenCalledTimes(times);
    expect(again).toEqual(await work(memoryFiles(after)));
  });

  it("does not read again what has the same stamp, and takes note of a new one", async () => {
    const cache = memoryCache();
    const reads: string[] = [];
    const stamped = (texts: Readonly<Record<string, string>>, stamp: string | undefined): FileReader => {
      const files = memoryFiles(texts);
      return {
        ...files,
        read: (path) => {
          reads.push(path);
          return files.read(path);
        },
        stamp: () => stamp,
      };
    };
    const counted = vi.fn<typeof read>(read);
    const readFor = async (texts: Readonly<Record<string, string>>, stamp: string | undefined) => {
      reads.length = 0;
      await recall(["x"], stamped(texts, stamp), cache, counted);
      return reads.length;
    };
    const changed = { ...before, a: "x" };
    expect(await readFor(before, undefined)).toBeGreaterThan(0);
    expect(await readFor(before, "first")).toBe(2);
    expect(await readFor(before, "first")).toBe(0);
    expect(await readFor(before, "second")).toBe(2);
    expect(await readFor(before, "second")).toBe(0);
    expect(counted).toHaveBeenCalledTimes(1);
    await readFor(changed, "third");
    expect(counted).toHaveBeenCalledTimes(2);
    expect(await readFor(changed, undefined)).toBe(2);
    expect(counted).toHaveBeenCalledTimes(2);
  });

  it("keeps nothing of files that cannot be read any longer", async () => {
    const cache = memoryCache();
    let isBroken = false;
    const files: FileReader = {
      ...memoryFiles(before),
      read: async () => (isBroken ? Promise.reject(new Error("gone")) : "1"),
    };
    const breaking = async (seen: FileReader) => {
      await seen.read("a");
      isBroken = true;
      return "made";
    };
    expect(await recall(["x"], files, cache, breaking)).toBe("made");
    expect(await recall(["x"], memoryFiles(before), cache, read)).toEqual({ a: "1", none: "absent" });
  });

  it("keeps apart what has another name", async () => {
    const cache = memoryCache();
    const counted = vi.fn<typeof read>(read);
    for (const name of [
      ["npm-1", "a"],
      ["npm-2", "a"],
      ["npm-1", "b"],
      ["npm-1", "a"],
    ])
      await recall(name, memoryFiles(before), cache, counted);
    expect(counted).toHaveBeenCalledTimes(3);
  });

  it("does not keep what failed", async () => {
    const cache = memoryCache();
    const failing = async () => Promise.reject(new Error("no manifest"));
    await expect(recall(["x"], memoryFiles(before), cache, failing)).rejects.toThrow("no manifest");
    expect(await recall(["x"], memoryFiles(before), cache, read)).toEqual({ a: "1", none: "absent" });
  });

  it.each([
    ["is broken", { get: () => Promise.reject(new Error("x")), set: () => Promise.reject(new Error("x")) }],
    ["holds no JSON", { get: async () => "[]\n{", set: async () => undefined }],
    ["holds no line of what was read", { get: async () => "x", set: async () => undefined }],
    ["holds another shape", { get: async () => '{"a": 1}\n{}', set: async () => undefined }],
  ] satisfies [string, Cache][])("does without a cache that %s", async (_, cache) => {
    expect(await recall(["x"], memoryFiles(before), cache, read)).toEqual({ a: "1", none: "absent" });
  });
});
