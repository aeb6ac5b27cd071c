import { expect, it, vi } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import { defaultPolicy, everywhere } from "../../src/domain/policy.ts";
import type { FileReader } from "../../src/domain/ports.ts";
import { npm } from "../../src/ecosystems/npm/index.ts";
import { discover } from "../../src/pipeline/discover.ts";
import { memoryFiles } from "../fakes.ts";

const ecosystem = npm();
const sound = { "a/package.json": '{"dependencies": {"x": "^1.0.0"}}' };
const broken = { "b/package.json": '{"dependencies": ' };

function discovering() {
  const cache = memoryCache();
  const read = vi.fn<typeof ecosystem.read>(async (location, files) => ecosystem.read(location, files));
  return {
    read,
    ask: (files: FileReader) => discover([{ ...ecosystem, read }], files, everywhere(defaultPolicy), cache),
  };
}

it("keeps what is wrong with a manifest, as it keeps what is right", async () => {
  const { read, ask } = discovering();
  const first = await ask(memoryFiles({ ...sound, ...broken }));
  expect(first.projects.map(({ root }) => root)).toEqual(["a"]);
  expect(first.problems).toEqual([
    {
      stage: "discover",
      subject: "b/package.json",
      message: expect.stringMatching(/^b\/package\.json \(line 1, column \d+\)/),
    },
  ]);
  expect(await ask(memoryFiles({ ...sound, ...broken }))).toEqual(first);
  expect(read).toHaveBeenCalledTimes(2);

  const mended = await ask(memoryFiles({ ...sound, "b/package.json": "{}" }));
  expect(mended.projects.map(({ root }) => root)).toEqual(["a", "b"]);
  expect(mended.problems).toEqual([]);
  expect(read).toHaveBeenCalledTimes(3);
});

it("asks again for what could not be read at all", async () => {
  const { ask } = discovering();
  const files = memoryFiles(sound);
  const failing: FileReader = { ...files, read: async () => Promise.reject(new Error("no connection")) };
  expect((await ask(failing)).problems).toMatchObject([{ message: "no connection" }]);
  expect((await ask(files)).projects.map(({ root }) => root)).toEqual(["a"]);
});
