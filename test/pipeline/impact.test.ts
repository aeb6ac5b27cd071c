import { describe, expect, it } from "vitest";
import { RateLimitError } from "../../src/domain/errors.ts";
import type { Impact } from "../../src/domain/impact.ts";
import type { FileEntry } from "../../src/domain/ports.ts";
import type { Update } from "../../src/domain/types.ts";
import type { Ecosystem, UsageReader } from "../../src/ecosystems/ecosystem.ts";
import { npm } from "../../src/ecosystems/npm/index.ts";
import { impactsOf } from "../../src/pipeline/impact/impact.ts";
import { chooseSources } from "../../src/pipeline/impact/sources.ts";
import { dependency, manifest, project } from "../builders.ts";
import { cannedHttp, memoryFiles, noTools } from "../fakes.ts";

describe("the sources that are read", () => {
  const entry = (path: string, size?: number): FileEntry => ({
    path,
    kind: "file",
    ...(size === undefined ? {} : { size }),
  });
  const choose = (
    entries: readonly FileEntry[],
    folders = [{ folder: "", others: [] as string[] }],
    bounds = { files: 3, bytes: 100_000, fileBytes: 50_000 },
  ) => chooseSources(entries, (path) => path.endsWith(".js"), folders, bounds);

  it("are those of the folder, without other projects in it, links and what is no code", () => {
    const link: FileEntry = { path: "link.js", kind: "link" };
    const paths = ["a.js", "docs/b.js", "docsy/c.js", "packages/d.js", "readme.md"];
    const entries = [...paths.map((path) => entry(path)), link];
    expect(choose(entries, [{ folder: "", others: ["docs", ""] }])).toEqual({
      paths: ["a.js", "docsy/c.js", "packages/d.js"],
    });
    expect(choose(entries, [{ folder: "docs", others: [""] }])).toEqual({ paths: ["docs/b.js"] });
  });

  it.each([
    [
      "too many files",
      ["a/deep.js", "b.js", "c.js", "d.js"].map((path) => entry(path)),
      ["b.js", "c.js", "d.js"],
    ],
    ["a large file", [entry("a.js", 60_000), entry("b.js", 1)], ["b.js"]],
    ["much in all", [entry("a.js", 50_000), entry("b.js", 50_000), entry("c.js", 1)], ["a.js", "b.js"]],
  ])("are cut where there is %s, which is told", (_, entries, paths) => {
    const cut = `only ${paths.length} of ${entries.length} source files were looked at`;
    expect(choose(entries)).toEqual({ paths, cut });
  });
});

describe("impactsOf", () => {
  const of = project(manifest());
  const update = (name: string, more: Partial<Update> = {}): Update => {
    const one = dependency(name, "^1.0.0");
    const there = { project: of, manifest: manifest(one), dependency: one, from: "1.0.0", fixes: [] };
    return { ...there, release: { version: "2.0.0" }, requirement: "^2.0.0", size: "major", ...more };
  };
  const asked: unknown[] = [];
  const nothing: Impact = { kind: "known", used: 1, breaks: [], unseen: ["x"] };
  const ask = (updates: readonly Update[], compare: UsageReader["compare"], bounds = {}) => {
    const ecosystem: Ecosystem = { ...npm(), usage: { claims: (path) => path.endsWith(".js"), compare } };
    const files = memoryFiles({ "a.js": "a", "b.js": "b", "c.md": "c" });
    const world = { ecosystems: [ecosystem], files, http: cannedHttp({}), tools: noTools };
    const group = { key: "npm/x", name: "x", kind: "version" as const, single: true, updates };
    return impactsOf(group, [of], world, { files: 10, bytes: 1_000_000, fileBytes: 10_000, ...bounds });
  };

  it("asks about majors alone, with the addresses of both archives and all sources", async () => {
    const found = await ask([update("a"), update("b", { size: "minor" })], async (steps, sources) => {
      asked.push(steps, sources);
      return [nothing];
    });
    expect([...found.values()]).toEqual([nothing]);
    expect(asked).toEqual([
      [
        {
          name: "a",
          before: expect.stringContaining("/a/-/a-1.0.0.tgz"),
          after: expect.stringContaining("/a/-/a-2.0.0.tgz"),
        },
      ],
      { "a.js": "a", "b.js": "b" },
    ]);
  });

  it("says that not all sources were looked at", async () => {
    const found = await ask([update("a")], async () => [nothing], { files: 1 });
    expect([...found.values()]).toEqual([
      { ...nothing, unseen: ["x", "only 1 of 2 source files were looked at"] },
    ]);
  });

  it("says why nothing is known, and gives way to a limit of requests", async () => {
    const found = await ask([update("a")], () => Promise.reject(new Error("no answer")));
    expect([...found.values()]).toEqual([
      { kind: "unknown", why: "the sources could not be read: no answer" },
    ]);
    const limited = new RateLimitError("wait", new Date());
    await expect(ask([update("a")], () => Promise.reject(limited))).rejects.toBe(limited);
  });

  it("looks at no more than twenty", async () => {
    const many = Array.from({ length: 21 }, (_, nth) => update(`p${nth}`));
    const found = [...(await ask(many, async () => [nothing])).values()];
    expect(found.slice(0, 20)).toEqual(many.slice(0, 20).map(() => nothing));
    expect(found[20]).toEqual({ kind: "unknown", why: "only 20 majors are looked at" });
  });
});
