import { afterEach, expect, it } from "vitest";
import { githubConfiguration, type Remembered, remembered } from "../../src/github/configuration.ts";
import type { ConfigurationSource } from "../../src/domain/ports.ts";
import { hub as start, web } from "./hub.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const path = ".github/steeplejack.yml";
const organisation = { owner: "acme", name: ".github" };

async function world(isPrivate: boolean) {
  const { github, app, installation } = await start({
    repositories: [
      { name: "acme/web", files: { a: "a" } },
      { name: "acme/.github", files: { [path]: "labels: [deps]\n" }, private: isPrivate },
    ],
  });
  open.push(github);
  const source = githubConfiguration([
    () => app.forRepository(installation, web),
    (repository) => app.forRepository(installation, repository, { metadata: "read", contents: "read" }),
  ]);
  return { github, source };
}

it.each([false, true])("reads a file of the organisation, private: %s", async (isPrivate) => {
  const { source } = await world(isPrivate);
  expect(await source.read(organisation, path)).toBe("labels: [deps]\n");
  expect(await source.read(organisation, "gone.yml")).toBeUndefined();
  expect(await source.read({ owner: "acme", name: "gone" }, path)).toBeUndefined();
});

it("asks once in five minutes, and again after a failure", async () => {
  const asked: string[] = [];
  let time = 0;
  const memory = new Map<string, Remembered>();
  const source = remembered(
    "installation 1",
    {
      read: async ({ name }) => {
        asked.push(name);
        if (asked.length === 1) throw new Error("no answer");
        return undefined;
      },
    },
    memory,
    () => time,
  );
  await expect(source.read(organisation, path)).rejects.toThrow("no answer");
  await source.read(organisation, path);
  await source.read(organisation, path);
  expect(asked).toHaveLength(2);
  time = 300_001;
  await source.read(organisation, path);
  expect(asked).toHaveLength(3);
});

it("knows what a file said before, and asks for that as seldom", async () => {
  const { github, source } = await world(false);
  await github.push("acme/.github", { files: { [path]: "labels: 3\n" }, by: "octocat" });
  let asked = 0;
  const counted: ConfigurationSource = {
    ...source,
    versions: async (...of) => {
      asked += 1;
      return (await source.versions?.(...of)) ?? [];
    },
  };
  const kept = remembered("installation 1", counted, new Map());
  const versions = (await kept.versions?.(organisation, path)) ?? [];
  expect(await kept.versions?.(organisation, path)).toEqual(versions);
  expect(asked).toBe(1);
  expect(await Promise.all(versions.map((sha) => kept.read(organisation, path, sha)))).toEqual([
    "labels: 3\n",
    "labels: [deps]\n",
  ]);
  expect(await kept.versions?.(organisation, "gone.yml")).toEqual([]);
  expect(await kept.versions?.({ owner: "acme", name: "gone" }, path)).toEqual([]);
});
