import { afterEach, expect, it } from "vitest";
import { ManifestError } from "../../src/domain/errors.ts";
import type { FileContent } from "../../demo/github/index.ts";
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
  return { github, reader: githubFiles(app.forRepository(installation, web), { ...web, sha, ...limits }) };
}

it("lists files and links, and leaves submodules out", async () => {
  const { reader } = await files({
    "package.json": "{}",
    "packages/a/package.json": "{}",
    link: { link: "/etc/passwd" },
    vendor: { submodule: "0123456789012345678901234567890123456789" },
  });
  expect(await reader.list()).toEqual([
    { path: "link", kind: "link" },
    { path: "package.json", kind: "file" },
    { path: "packages/a/package.json", kind: "file" },
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
