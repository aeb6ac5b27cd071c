import { afterEach, expect, it } from "vitest";
import { ManifestError } from "../../src/domain/errors.ts";
import type { FileContent } from "../../demo/github/index.ts";
import { memoryCache } from "../../src/cache/memory.ts";
import { githubFiles } from "../../src/github/files.ts";
import { hub as start, web } from "./hub.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function files(
  seed: Record<string, FileContent>,
  more: { treeLimit?: number; maxBytes?: number } = {},
) {
  const { treeLimit, ...limits } = more;
  const { github, app, installation } = await start({
    repositories: [{ name: "acme/web", files: seed }],
    ...(treeLimit === undefined ? {} : { treeLimit }),
  });
  open.push(github);
  const sha = github.branches("acme/web")["main"] ?? "";
  const cache = memoryCache();
  const at = (commit: string) =>
    githubFiles(app.forRepository(installation, web), { ...web, sha: commit, cache, ...limits });
  return { github, reader: at(sha), again: at };
}

it("lists files and links, and leaves submodules out", async () => {
  const { reader } = await files({
    "package.json": "{}",
    "packages/a/package.json": "{}",
    link: { link: "/etc/passwd" },
    vendor: { submodule: "0123456789012345678901234567890123456789" },
  });
  expect(await reader.list()).toEqual([
    { path: "link", kind: "link", size: 11 },
    { path: "package.json", kind: "file", size: 2 },
    { path: "packages/a/package.json", kind: "file", size: 2 },
  ]);
});

it("reads each blob once, however often and under however many names", async () => {
  const { github, reader } = await files({ "a.json": "{}\n", "b.json": "{}\n" });
  const texts = await Promise.all(["a.json", "a.json", "b.json", "c.json"].map((path) => reader.read(path)));
  expect(texts).toEqual(["{}\n", "{}\n", "{}\n", undefined]);
  expect(
    github.requests
      .filter(({ path }) => path.includes("/git/"))
      .map(({ path }) => path.replace(/[0-9a-f]{40}/, "SHA")),
  ).toEqual(["/repos/acme/web/git/trees/SHA?recursive=1", "/repos/acme/web/git/blobs/SHA"]);
});

it("fetches many files with one question for each hundred, and those that are known with none", async () => {
  const sources = Array.from({ length: 120 }, (_, at): [string, string] => [
    `src/${at}.js`,
    `export const a = ${at};`,
  ]);
  const seed = { ...Object.fromEntries(sources), "package.json": "{}" };
  const { github, reader, again } = await files(seed);
  const paths = sources.map(([path]) => path);
  await reader.prefetch?.([...paths, "gone.js"]);
  const texts = await Promise.all(paths.map((path) => reader.read(path)));
  expect(texts).toEqual(sources.map(([, text]) => text));
  const asked = () =>
    github.requests.flatMap(({ method, path }) => (/graphql|blobs/.test(path) ? [`${method} ${path}`] : []));
  expect(asked()).toEqual(["POST /graphql", "POST /graphql"]);

  const sha = await github.push("acme/web", { files: { "src/7.js": "export {};" }, by: "octocat" });
  const next = again(sha);
  await next.prefetch?.(paths);
  expect(await next.read("src/7.js")).toBe("export {};");
  expect(asked()).toHaveLength(3);
});

it("does not follow a link", async () => {
  const { reader } = await files({ "package.json": "{}", link: { link: "package.json" } });
  expect(await reader.read("link")).toBeUndefined();
});

it.each(["../secret", "/etc/passwd", "a/../../b", "a\\b", ".git/config", ""])(
  "refuses the path %j",
  async (path) => {
    const { reader } = await files({ "package.json": "{}" });
    await expect(reader.read(path)).rejects.toThrow(ManifestError);
  },
);

it("refuses a file over the limit, with its size and the limit, without fetching it", async () => {
  const { github, reader } = await files(
    { big: "x".repeat(3 * 1024 * 1024), small: "x" },
    { maxBytes: 2 * 1024 * 1024 },
  );
  await expect(reader.read("big")).rejects.toThrow("big: 3.0 MiB is over the limit of 2.0 MiB");
  expect(await reader.read("small")).toBe("x");
  expect(github.requests.filter(({ path }) => path.includes("/blobs/"))).toHaveLength(1);
});

it("refuses what is not text", async () => {
  const { reader } = await files({ "package.json": Buffer.from([0xff, 0xfe, 0x7b, 0x00]) });
  await expect(reader.read("package.json")).rejects.toThrow("package.json: it is not UTF-8 text");
});

it("walks the folders where GitHub cuts the tree", async () => {
  const { reader } = await files(
    { "a/x/1": "1", "a/x/2": "2", "a/y": "3", "b/1": "4", c: "5" },
    { treeLimit: 2 },
  );
  expect((await reader.list()).map(({ path }) => path)).toEqual(["a/x/1", "a/x/2", "a/y", "b/1", "c"]);
  expect(await reader.read("a/x/2")).toBe("2");
});
