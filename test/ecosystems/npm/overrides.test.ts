import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryCache } from "../../../src/cache/memory.ts";
import type { Dependency, Manifest, Project, Update } from "../../../src/domain/types.ts";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import { plan } from "../../../src/pipeline/plan/plan.ts";
import { createTools } from "../../../src/tools/tools.ts";
import { findings, policy, releases, summary } from "../../builders.ts";
import { memoryFiles } from "../../fakes.ts";
import { startRegistry, type TestRegistry } from "../../registry.ts";

async function read(files: Readonly<Record<string, string>>, registry = "https://registry.example/") {
  const ecosystem = npm({ registry });
  const reader = memoryFiles(files);
  const claimed = Object.keys(files).filter((path) => ecosystem.claims(path));
  const [location] = await ecosystem.locate(claimed, reader);
  return { ecosystem, reader, project: await ecosystem.read(location!, reader) };
}

const inManifest = (fields: object) => ({ "package.json": JSON.stringify(fields, null, 2) });
const overridesOf = (project: Project) =>
  project.manifests.flatMap(({ dependencies }) => dependencies.filter(({ kind }) => kind === "override"));
const told = (dependencies: readonly Dependency[]) =>
  dependencies.map(({ name, requirement, held }) => [name, requirement, held?.code]);
const directOf = (project: Project) => project.manifests[0]?.dependencies[0];

describe("an override is a dependency of its own", () => {
  it.each<[string, object, (string | undefined)[][]]>([
    ["of npm", { a: "1.0.0" }, [["a", "1.0.0", undefined]]],
    [
      "of npm, below others",
      { a: { ".": "1.0.0", "@acme/b": { c: "~2.0.0" } } },
      [
        ["a", "1.0.0", undefined],
        ["c", "~2.0.0", undefined],
      ],
    ],
    ["of npm, for some versions", { "a@^1": "1.0.0" }, [["a", "1.0.0", "override"]]],
    ["of npm, below some versions", { "b@^1": { a: "1.0.0" } }, [["a", "1.0.0", undefined]]],
    ["of npm, that follows a dependency", { a: "$a", b: { a: "$a" } }, []],
    ["of npm, another package", { a: "npm:b@1.0.0" }, [["a", "npm:b@1.0.0", "alias"]]],
  ])("%s", async (_, overrides, expected) => {
    const { project } = await read(inManifest({ overrides }));
    expect(told(overridesOf(project))).toEqual(expected);
  });

  const yarn = { packageManager: "yarn@4.1.0" };
  const yarnLock = `__metadata:\n  version: 8\n\n"a@npm:1.0.0":\n  version: 1.0.0\n  resolution: "a@npm:1.0.0"\n\n"@acme/b@npm:1.0.0":\n  version: 1.0.0\n  resolution: "@acme/b@npm:1.0.0"\n`;

  it.each([
    ["a", "a", undefined],
    ["**/a", "a", undefined],
    ["x/a", "a", undefined],
    ["@acme/x/**/a", "a", undefined],
    ["x@npm:^1/@acme/b", "@acme/b", undefined],
    ["@acme/b", "@acme/b", undefined],
    ["a@npm:^1", "a", "override"],
    ["@acme/b@^1", "@acme/b", "override"],
  ])("of Yarn: %s", async (key, name, held) => {
    const files = { ...inManifest({ ...yarn, resolutions: { [key]: "1.0.0" } }), "yarn.lock": yarnLock };
    const { project } = await read(files);
    expect(told(overridesOf(project))).toEqual([[name, "1.0.0", held]]);
  });

  it("of Yarn, as it writes it itself", async () => {
    const own = inManifest({ ...yarn, resolutions: { a: "npm:1.0.0", "@acme/b": "npm:other@1.0.0" } });
    const { project } = await read({ ...own, "yarn.lock": yarnLock });
    expect(told(overridesOf(project))).toEqual([
      ["a", "1.0.0", undefined],
      ["@acme/b", "npm:other@1.0.0", "alias"],
    ]);
    const [first] = overridesOf(project);
    expect(own["package.json"].slice(first?.span.start, first?.span.end)).toBe("1.0.0");
  });

  const pnpmLock = `lockfileVersion: '9.0'\n\nimporters:\n  .: {}\n\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-aa}\n\nsnapshots:\n  a@1.0.0: {}\n`;

  it.each([
    ["a", "1.0.0", [["a", "1.0.0", undefined]]],
    ["x>a", "1.0.0", [["a", "1.0.0", undefined]]],
    ["x@1>a", "1.0.0", [["a", "1.0.0", undefined]]],
    ["x@>=1 <2>a", "1.0.0", [["a", "1.0.0", undefined]]],
    ["a@>=1 <2", "1.0.0", [["a", "1.0.0", "override"]]],
    ["a@<1.0.1", ">=1.0.1", [["a", ">=1.0.1", "override"]]],
    ["a", "-", []],
    ["a", "$a", []],
  ])("of pnpm: %s is %s", async (key, value, expected) => {
    const own = { ...inManifest({ pnpm: { overrides: { [key]: value } } }), "pnpm-lock.yaml": pnpmLock };
    expect(told(overridesOf((await read(own)).project))).toEqual(expected);
    const workspace = `packages: []\noverrides: # decided\n  "${key}": '${value}'\n`;
    const apart = { ...inManifest({}), "pnpm-workspace.yaml": workspace, "pnpm-lock.yaml": pnpmLock };
    const { project } = await read(apart);
    expect(told(overridesOf(project))).toEqual(expected);
    for (const { span, requirement } of overridesOf(project))
      expect(workspace.slice(span.start, span.end)).toBe(requirement);
  });

  it("is none where pnpm no longer reads it", async () => {
    const fields = { packageManager: "pnpm@11.0.0", pnpm: { overrides: { a: "1.0.0" } } };
    const { project } = await read({ ...inManifest(fields), "pnpm-lock.yaml": pnpmLock });
    expect(overridesOf(project)).toEqual([]);
  });

  it("has its place and the version in use, be it from its range", async () => {
    const files = {
      ...inManifest({ pnpm: { overrides: { a: "^1.0.0" } }, overrides: { a: "2.0.0" } }),
      "pnpm-lock.yaml": pnpmLock,
    };
    const [only, ...more] = overridesOf((await read(files)).project);
    expect(more).toEqual([]);
    expect([only?.requirement, only?.version]).toEqual(["^1.0.0", "1.0.0"]);
    expect(files["package.json"].slice(only?.span.start, only?.span.end)).toBe("^1.0.0");
  });

  it("is held where nothing of the lockfile is decided by it", async () => {
    const own = { ...inManifest({ pnpm: { overrides: { gone: "1.0.0" } } }), "pnpm-lock.yaml": pnpmLock };
    expect(overridesOf((await read(own)).project)[0]?.held?.detail).toBe(
      "`gone` in package.json has no effect: gone is not in the lockfile",
    );
  });
});

describe("whatever is written", () => {
  const name = fc.constantFrom(
    "a",
    "@acme/b",
    "a@^1",
    "x>a",
    "**/a",
    "x/**/@acme/b",
    ".",
    "",
    "@",
    "a@",
    ">",
    "$a",
  );
  const value = fc.constantFrom(
    "1.0.0",
    "^2",
    "npm:1",
    "npm:b@1",
    "$a",
    "-",
    "",
    "latest",
    "file:./x",
    "\\",
    "é",
    1,
    null,
  );
  const table = fc.letrec<{ table: unknown; node: unknown }>((tie) => ({
    node: fc.oneof({ depthSize: "small" }, value, tie("table")),
    table: fc.dictionary(name, tie("node"), { maxKeys: 4 }),
  })).table;
  const tool = fc.oneof(value, fc.constantFrom("npm@10.0.0", "npm@", "@npm@1", "yarn@4.0.0+sha512.0"), table);
  const engines = fc.dictionary(
    fc.constantFrom("npm", "node", "yarn", "packageManager", "runtime"),
    fc.oneof(value, table),
  );

  it("can be read, and each requirement is found at its place", async () => {
    const fields = fc.record({
      overrides: fc.oneof(table, value),
      resolutions: fc.oneof(table, value),
      pnpm: fc.oneof(fc.record({ overrides: table }), value),
      packageManager: tool,
      engines: fc.oneof(engines, value),
      devEngines: fc.oneof(
        engines,
        fc.record({ packageManager: fc.array(fc.record({ name, version: value })) }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fields, async (own) => {
        const files = inManifest(own);
        const { project } = await read(files);
        for (const { span, requirement } of project.manifests.flatMap(({ dependencies }) => dependencies))
          expect(files["package.json"].slice(span.start, span.end)).toBe(requirement);
      }),
    );
  });
});

describe("a direct dependency beside an override", () => {
  const manifestOf = (requirement: string, overrides: object) =>
    inManifest({ dependencies: { a: requirement }, overrides });

  it.each([
    ["says the same", "1.0.0", { a: "1.0.0" }, undefined],
    ["follows the dependency", "^1.0.0", { a: "$a" }, undefined],
    ["is about another's need only", "^1.0.0", { b: { a: "1.0.0" } }, undefined],
    ["is about versions below it", "^1.2.0", { "a@<1.2.0": "1.2.0" }, undefined],
    ["says otherwise, which npm refuses", "^1.0.0", { a: "1.0.0" }, "override"],
    ["is about some versions, perhaps the next", "^1.2.0", { "a@^1": "1.2.0" }, "override"],
    ["follows another", "^1.0.0", { a: "$b" }, "override"],
    ["installs another package", "^1.0.0", { a: "npm:b@1.0.0" }, "override"],
  ])("that %s", async (_, requirement, overrides, held) => {
    const { project } = await read(manifestOf(requirement, overrides));
    expect(directOf(project)?.held?.code).toBe(held);
  });

  it("may be raised beside one that says otherwise where the package manager lets it stand", async () => {
    const own = { dependencies: { a: "^1.0.0" }, resolutions: { a: "1.0.0" } };
    const lock = `# yarn lockfile v1\n\n\na@1.0.0, a@^1.0.0:\n  version "1.0.0"\n`;
    const { project } = await read({ ...inManifest(own), "yarn.lock": lock });
    const planned = plan(
      findings(project, { a: releases("1.0.0", "1.2.0", "2.0.0") }),
      policy({ cooldown: { days: 0, include: [], exclude: [] } }),
      new Date("2026-08-01T00:00:00Z"),
    );
    expect(summary(planned)).toEqual({
      "npm/runtime": ["a ^1.0.0 -> ^1.2.0", "a 1.0.0 -> 1.2.0"],
      "npm/major:a": ["a ^1.0.0 -> ^2.0.0", "a 1.0.0 -> 2.0.0"],
    });
  });
});

describe("npm's lockfile", () => {
  let registry: TestRegistry;
  const http = createHttpClient({ cache: memoryCache(), userAgent: "test" });
  const tools = createTools({ http, trustedHosts: ["127.0.0.1"] });

  beforeAll(async () => {
    registry = await startRegistry({
      app: { "1.0.0": { dependencies: { util: "^1.0.0" } }, "1.1.0": { dependencies: { util: "^1.0.0" } } },
      util: { "1.0.0": {}, "1.0.1": {}, "1.0.2": {} },
    });
  });
  afterAll(async () => {
    await tools.close();
    await http.close();
    await registry.close();
  });

  it("follows an override, alone and along with the dependency it is about", async () => {
    const own = {
      name: "x",
      dependencies: { app: "1.0.0" },
      overrides: { app: "1.0.0", util: "1.0.0" },
    };
    const lock = {
      name: "x",
      lockfileVersion: 3,
      packages: {
        "": { name: "x", dependencies: { app: "1.0.0" } },
        "node_modules/app": { version: "1.0.0", dependencies: { util: "^1.0.0" } },
        "node_modules/util": { version: "1.0.0" },
      },
    };
    const files = { ...inManifest(own), "package-lock.json": `${JSON.stringify(lock, null, 2)}\n` };
    const { ecosystem, reader, project } = await read(files, registry.url);
    const to: Record<string, string> = { app: "1.1.0", util: "1.0.1" };
    const updateOf =
      (manifest: Manifest) =>
      (dependency: Dependency): Update => {
        const release = { version: to[dependency.name] ?? "" };
        const requirement = ecosystem.versions.raise(dependency.requirement, release, "increase") ?? "";
        const from = dependency.version ?? "";
        return { project, manifest, dependency, from, release, requirement, size: "minor", fixes: [] };
      };
    const updates = project.manifests.flatMap((manifest) => manifest.dependencies.map(updateOf(manifest)));
    const changes = await ecosystem.patch(project, updates, { files: reader, http, tools });
    const content = new Map(changes.map((change) => [change.path, JSON.parse(change.content)]));
    expect(content.get("package.json")).toEqual({
      ...own,
      dependencies: { app: "1.1.0" },
      overrides: { app: "1.1.0", util: "1.0.1" },
    });
    const { packages } = content.get("package-lock.json");
    expect(packages["node_modules/app"].version).toBe("1.1.0");
    expect(packages["node_modules/util"].version).toBe("1.0.1");
  });
});
