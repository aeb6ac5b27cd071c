import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpClient } from "../../../src/http/client.ts";
import { memoryCache } from "../../../src/cache/memory.ts";
import type { Update } from "../../../src/domain/types.ts";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import { compare } from "../../../src/pipeline/verify/difference.ts";
import { overlay } from "../../../src/text/overlay.ts";
import { createTools } from "../../../src/tools/tools.ts";
import { memoryFiles } from "../../fakes.ts";
import { startRegistry, type TestRegistry } from "../../registry.ts";

let registry: TestRegistry;
const http = createHttpClient({ cache: memoryCache(), userAgent: "test" });
const tools = createTools({ http, trustedHosts: ["127.0.0.1"] });

beforeAll(async () => {
  registry = await startRegistry({
    app: {
      "1.0.0": { dependencies: { util: "^1.0.0" } },
      "1.1.0": { dependencies: { util: "^2.0.0" } },
      "1.2.0": {},
    },
    util: { "1.0.0": {}, "1.0.1": {}, "2.0.0": { dependencies: { deep: "^1.0.0" } } },
    deep: { "1.0.0": {}, "1.1.0": {} },
    other: { "1.0.0": { dependencies: { util: "^1.0.0" } }, "1.0.1": { dependencies: { util: "^1.0.0" } } },
    host: { "1.0.0": {}, "2.0.0": {} },
    plugin: { "1.0.0": { peerDependencies: { host: "^1.0.0" } } },
    native: { "1.0.0": {}, "1.1.0": { optionalDependencies: { "native-for-other-machines": "1.1.0" } } },
    scripted: { "1.0.0": {}, "1.1.0": { scripts: { install: "touch /tmp/steeplejack-was-here" } } },
  });
});

afterAll(async () => {
  await tools.close();
  await http.close();
  await registry.close();
});

const entry = (version: string, more: Record<string, unknown> = {}) => ({ version, ...more });
const lockOf = (
  root: Record<string, string>,
  packages: Record<string, unknown>,
  more: Record<string, unknown> = {},
) =>
  `${JSON.stringify({ name: "x", lockfileVersion: 3, requires: true, packages: { "": { name: "x", dependencies: root }, ...packages }, ...more }, null, 2)}\n`;

/** Moves packages to versions and gives the files as they are then, and the difference of the lockfile's graphs. */
async function move(files: Record<string, string>, to: Record<string, string>) {
  const ecosystem = npm({ registry: registry.url });
  const reader = memoryFiles(files);
  const claimed = Object.keys(files).filter((path) => ecosystem.claims(path));
  const [location] = await ecosystem.locate(claimed, reader);
  const project = await ecosystem.read(location!, reader);
  const updates = project.manifests.flatMap((manifest) =>
    manifest.dependencies
      .filter(({ name }) => to[name] !== undefined)
      .map((dependency): Update => {
        const release = { version: to[dependency.name] ?? "" };
        const requirement = ecosystem.versions.raise(dependency.requirement, release, "increase") ?? "";
        return {
          project,
          manifest,
          dependency,
          from: dependency.version ?? "",
          release,
          requirement,
          size: "minor",
          fixes: [],
        };
      }),
  );
  const changes = await ecosystem.patch(project, updates, { files: reader, http, tools });
  const after = await ecosystem.read(location!, overlay(reader, changes));
  return {
    files: Object.fromEntries(changes.map(({ path, content }) => [path, content])),
    difference: compare(project.lockfile!.graph, after.lockfile!.graph, new Set(Object.keys(to))),
  };
}

describe("the lockfile", () => {
  const manifest = `{\n  "name": "x",\n  "dependencies": { "app": "^1.0.0", "other": "^1.0.0" }\n}\n`;
  const lock = lockOf(
    { app: "^1.0.0", other: "^1.0.0" },
    {
      "node_modules/app": entry("1.0.0", { dependencies: { util: "^1.0.0" } }),
      "node_modules/other": entry("1.0.0", { dependencies: { util: "^1.0.0" } }),
      "node_modules/util": entry("1.0.0"),
    },
  );

  it("changes what the update needs and nothing else, and says why", async () => {
    const { difference } = await move(
      { "package.json": manifest, "package-lock.json": lock },
      { app: "1.1.0" },
    );
    expect(difference).toEqual({
      updated: [
        { name: "app", id: "node_modules/app", from: "1.0.0", to: "1.1.0", why: "updated by this group" },
      ],
      added: [
        { name: "deep", id: "node_modules/deep", to: "1.1.0", why: "required by util 2.0.0" },
        { name: "util", id: "node_modules/app/node_modules/util", to: "2.0.0", why: "required by app 1.1.0" },
      ],
      removed: [],
      unintended: [],
    });
  });

  it("takes the release that was chosen, not the newest that the requirement allows", async () => {
    const { files } = await move({ "package.json": manifest, "package-lock.json": lock }, { app: "1.1.0" });
    expect(files["package.json"]).toContain(`"app": "^1.1.0"`);
    const written = JSON.parse(files["package-lock.json"] ?? "");
    expect(written.packages["node_modules/app"].version).toBe("1.1.0");
    expect(written.packages[""].dependencies).toEqual({ app: "^1.1.0", other: "^1.0.0" });
    expect(written.packages["node_modules/util"].version).toBe("1.0.0");
  });

  it("keeps its version, indentation, line ends and last line as they were", async () => {
    const odd = JSON.stringify(
      { ...JSON.parse(lock), lockfileVersion: 2, dependencies: {} },
      null,
      "\t",
    ).replaceAll("\n", "\r\n");
    const { files } = await move({ "package.json": manifest, "package-lock.json": odd }, { app: "1.1.0" });
    const written = files["package-lock.json"] ?? "";
    expect(written).toMatch(/^\{\r\n\t"name": "x",\r\n\t"lockfileVersion": 2,/);
    expect(written).not.toMatch(/[^\r]\n/);
    expect(written.endsWith("}")).toBe(true);
  });

  it("of version 1 stays of version 1", async () => {
    const ancient = `${JSON.stringify(
      {
        name: "x",
        lockfileVersion: 1,
        requires: true,
        dependencies: {
          app: { version: "1.0.0", requires: { util: "^1.0.0" } },
          other: { version: "1.0.0", requires: { util: "^1.0.0" } },
          util: { version: "1.0.0" },
        },
      },
      null,
      2,
    )}\n`;
    const { files, difference } = await move(
      { "package.json": manifest, "package-lock.json": ancient },
      { app: "1.1.0" },
    );
    const written = JSON.parse(files["package-lock.json"] ?? "");
    expect([written.lockfileVersion, written.packages]).toEqual([1, undefined]);
    expect(written.dependencies.app.version).toBe("1.1.0");
    expect(difference.unintended).toEqual([]);
  });

  it("names no addresses where it named none before", async () => {
    const { files } = await move({ "package.json": manifest, "package-lock.json": lock }, { app: "1.1.0" });
    expect(files["package-lock.json"]).not.toContain("resolved");
  });

  it("of a workspace is brought up to date for the member that moved", async () => {
    const { files, difference } = await move(
      {
        "package.json": `{"name":"x","workspaces":["packages/*"]}`,
        "packages/a/package.json": `{"name":"a","version":"1.0.0","dependencies":{"app":"1.0.0"}}`,
        "packages/b/package.json": `{"name":"b","version":"1.0.0","dependencies":{"a":"^1.0.0","other":"^1.0.0"}}`,
        "package-lock.json": lockOf(
          {},
          {
            "": { name: "x", workspaces: ["packages/*"] },
            "node_modules/a": { resolved: "packages/a", link: true },
            "node_modules/app": entry("1.0.0", { dependencies: { util: "^1.0.0" } }),
            "node_modules/b": { resolved: "packages/b", link: true },
            "node_modules/other": entry("1.0.0", { dependencies: { util: "^1.0.0" } }),
            "node_modules/util": entry("1.0.0"),
            "packages/a": { version: "1.0.0", dependencies: { app: "1.0.0" } },
            "packages/b": { version: "1.0.0", dependencies: { a: "^1.0.0", other: "^1.0.0" } },
          },
        ),
      },
      { app: "1.2.0" },
    );
    expect(Object.keys(files)).toEqual(["packages/a/package.json", "package-lock.json"]);
    expect(difference.updated.map(({ id, to }) => [id, to])).toEqual([["node_modules/app", "1.2.0"]]);
    expect(difference.unintended).toEqual([]);
  });

  it("of version 2 says in both of its halves what a member of the workspace requires", async () => {
    const members = {
      "package.json": `{"name":"x","workspaces":["packages/*"]}`,
      "packages/a/package.json": `{"name":"a","version":"1.0.0","dependencies":{"app":"^1.0.0"}}`,
    };
    const { files } = await move(
      {
        ...members,
        "package-lock.json": lockOf(
          {},
          {
            "": { name: "x", workspaces: ["packages/*"] },
            "node_modules/a": { resolved: "packages/a", link: true },
            "node_modules/app": entry("1.0.0", { dependencies: { util: "^1.0.0" } }),
            "node_modules/util": entry("1.0.0"),
            "packages/a": { version: "1.0.0", dependencies: { app: "^1.0.0" } },
          },
          {
            lockfileVersion: 2,
            dependencies: {
              a: { version: "file:packages/a", requires: { app: "^1.0.0" } },
              app: entry("1.0.0", { requires: { util: "^1.0.0" } }),
              util: entry("1.0.0"),
            },
          },
        ),
      },
      { app: "1.2.0" },
    );
    const { packages, dependencies } = JSON.parse(files["package-lock.json"] ?? "");
    expect(packages["packages/a"].dependencies).toEqual({ app: "^1.2.0" });
    expect(dependencies.a.requires).toEqual({ app: "^1.2.0" });
    expect(dependencies.app.version).toBe("1.2.0");
  });

  it("that cannot be made is said to be so, with npm's reason", async () => {
    const files = {
      "package.json": `{"name":"x","dependencies":{"host":"^1.0.0","plugin":"^1.0.0"}}`,
      "package-lock.json": lockOf(
        { host: "^1.0.0", plugin: "^1.0.0" },
        {
          "node_modules/host": entry("1.0.0"),
          "node_modules/plugin": entry("1.0.0", { peerDependencies: { host: "^1.0.0" } }),
        },
      ),
    };
    await expect(move(files, { host: "2.0.0" })).rejects.toThrow(
      /npm finds no consistent lockfile: ERESOLVE: .*plugin@1\.0\.0 wants beside it host@\^1\.0\.0/,
    );
  });

  it("that `npm ci` would refuse is not made: the registry lacks what another machine would need", async () => {
    const files = {
      "package.json": `{"name":"x","dependencies":{"native":"^1.0.0"}}`,
      "package-lock.json": lockOf({ native: "^1.0.0" }, { "node_modules/native": entry("1.0.0") }),
    };
    const failure = move(files, { native: "1.1.0" });
    await expect(failure).rejects.toThrow(
      /EINCOMPLETE: `npm ci` would refuse it, for the registry lacks native-for-other-machines, which native@1\.1\.0 wants/,
    );
    await expect(failure).rejects.toMatchObject({ suspects: ["native"] });
  });

  it("that was out of step is mended along, and what that changed is shown as unintended", async () => {
    const stale = lockOf(
      { app: "^1.0.0", other: "1.0.0" },
      {
        "node_modules/app": entry("1.0.0", { dependencies: { util: "^1.0.0" } }),
        "node_modules/other": entry("1.0.0", { dependencies: { util: "^1.0.0" } }),
        "node_modules/util": entry("1.0.0"),
      },
    );
    const text = manifest.replace(`"other": "^1.0.0"`, `"other": "^1.0.1"`);
    const { difference } = await move({ "package.json": text, "package-lock.json": stale }, { app: "1.2.0" });
    expect(difference.unintended).toEqual([
      { name: "other", id: "node_modules/other", from: "1.0.0", to: "1.0.1" },
    ]);
  });
});

describe("nothing of a repository or a package is run", () => {
  it("not its scripts, nor npm's own hooks, and no secret is in reach", async () => {
    const marker = `/tmp/steeplejack-marker-${process.pid}`;
    const script = `touch ${marker}`;
    const hooks = Object.fromEntries(
      ["preinstall", "install", "postinstall", "prepare", "preupdate", "dependencies"].map((name) => [
        name,
        script,
      ]),
    );
    await move(
      {
        ".npmrc": `script-shell=/bin/sh\nnode-options=--require ./evil.js\ngit=./evil.sh\n`,
        ".npm-extension.mjs.txt": "",
        "package.json": JSON.stringify({ name: "x", scripts: hooks, dependencies: { scripted: "^1.0.0" } }),
        "package-lock.json": lockOf({ scripted: "^1.0.0" }, { "node_modules/scripted": entry("1.0.0") }),
      },
      { scripted: "1.1.0" },
    );
    const { existsSync } = await import("node:fs");
    expect([marker, "/tmp/steeplejack-was-here"].filter((path) => existsSync(path))).toEqual([]);
  });

  it("and a git dependency that the lockfile does not hold starts no git", async () => {
    const files = {
      "package.json": `{"name":"x","dependencies":{"app":"^1.0.0","g":"git+https://127.0.0.1:1/a.git"}}`,
      "package-lock.json": lockOf({ app: "^1.0.0" }, { "node_modules/app": entry("1.0.0") }),
    };
    await expect(move(files, { app: "1.2.0" })).rejects.toThrow(/npm finds no consistent lockfile/);
  });
});
