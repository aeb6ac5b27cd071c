import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import { npm } from "../../src/ecosystems/npm/index.ts";
import { createHttpClient } from "../../src/http/client.ts";
import { compose } from "../../src/pipeline/compose/compose.ts";
import { releaseOf } from "../../src/pipeline/verify/difference.ts";
import { scan, type World } from "../../src/pipeline/scan.ts";
import { writeGroup } from "../../src/pipeline/write.ts";
import { createTools } from "../../src/tools/tools.ts";
import { policy } from "../builders.ts";
import { memoryFiles } from "../fakes.ts";
import { startRegistry, type TestRegistry } from "../registry.ts";

let registry: TestRegistry;
const http = createHttpClient({ cache: memoryCache(), userAgent: "test", trustedHosts: ["127.0.0.1"] });
const tools = createTools({ http, trustedHosts: ["127.0.0.1"] });

beforeAll(async () => {
  registry = await startRegistry({
    app: {
      "1.0.0": { dependencies: { util: "^1.0.0" } },
      "1.1.0": { dependencies: { util: "^1.0.0" } },
    },
    util: { "1.0.0": {}, "1.2.0": { dependencies: { deep: "^1.0.0" } }, "2.0.0": {} },
    deep: { "1.0.0": {} },
    tagged: { "1.0.0": {}, "2.0.0": {} },
  });
});

afterAll(async () => {
  await tools.close();
  await http.close();
  await registry.close();
});

const lockfiles: Readonly<Record<string, string>> = {
  "package-lock.json": JSON.stringify({
    name: "x",
    lockfileVersion: 3,
    packages: {
      "": { name: "x", dependencies: { app: "^1.0.0" } },
      "node_modules/app": { version: "1.0.0", dependencies: { util: "^1.0.0" } },
      "node_modules/util": { version: "1.0.0" },
    },
  }),
  "yarn.lock": `# yarn lockfile v1


app@^1.0.0:
  version "1.0.0"
  resolved "http://registry.example/app/-/app-1.0.0.tgz#1"
  dependencies:
    util "^1.0.0"

util@^1.0.0:
  version "1.0.0"
  resolved "http://registry.example/util/-/util-1.0.0.tgz#1"
`,
};

const addressOf = (name: string) => `http://registry.example/${name}/-/${name}-1.0.0.tgz`;

/** With what follows a tag, and what has another name here. */
const following: Readonly<Record<string, string>> = {
  "package-lock.json": JSON.stringify({
    name: "x",
    lockfileVersion: 3,
    packages: {
      "": { name: "x", dependencies: { app: "^1.0.0", named: "npm:util@^1.0.0", tagged: "latest" } },
      "node_modules/app": { version: "1.0.0", resolved: addressOf("app"), dependencies: { util: "^1.0.0" } },
      "node_modules/named": { name: "util", version: "1.0.0", resolved: addressOf("util") },
      "node_modules/tagged": { version: "1.0.0", resolved: addressOf("tagged") },
      "node_modules/util": { version: "1.0.0", resolved: addressOf("util") },
    },
  }),
  "yarn.lock": `${lockfiles["yarn.lock"]}
"named@npm:util@^1.0.0":
  version "1.0.0"
  resolved "http://registry.example/util/-/util-1.0.0.tgz#1"

tagged@latest:
  version "1.0.0"
  resolved "http://registry.example/tagged/-/tagged-1.0.0.tgz#1"
`,
};

const weekly = { kind: "interval", interval: "weekly", day: 1, timezone: "UTC" } as const;

function worldOf(
  lockfile: string,
  manifest: Readonly<Record<string, unknown>>,
  text: string = lockfiles[lockfile] ?? "",
): World {
  return {
    ecosystems: [npm({ registry: registry.url })],
    files: memoryFiles({
      "package.json": JSON.stringify({ name: "x", ...manifest }),
      [lockfile]: text,
    }),
    http,
    tools,
    advisories: { advisoriesFor: async () => [], problems: () => [] },
    policies: policy({ lockMaintenance: { schedule: weekly } }),
    now: new Date("2026-06-03T00:00:00Z"),
    reporter: { stage: () => undefined },
  };
}

describe("the maintenance of a lockfile", () => {
  it.each(Object.keys(lockfiles))(
    "moves what no manifest names and nothing else, in %s",
    async (lockfile) => {
      const world = worldOf(lockfile, { dependencies: { app: "^1.0.0" } });
      const found = await scan(world);
      const group = found.groups.find(({ kind }) => kind === "maintenance");
      expect(group).toMatchObject({ key: "npm/lock-maintenance", period: "2026-06-01" });
      const { patched, verifications, problems } = await writeGroup(group!, found, world);
      expect(problems).toEqual([]);
      expect(patched.changes.map(({ path }) => path)).toEqual([lockfile]);
      const after = patched.after[0]?.after.lockfile?.graph.packages ?? [];
      expect(
        after
          .filter(({ manifest }) => manifest === undefined)
          .map(({ name, version }) => `${name} ${version}`),
      ).toEqual(expect.arrayContaining(["app 1.0.0", "deep 1.0.0", "util 1.2.0"]));
      expect(
        verifications.map(({ updated, added, unintended }) => [updated.length, added.length, unintended]),
      ).toEqual([[1, 1, []]]);
      const draft = compose({
        group: patched.group,
        changes: patched.changes,
        notes: new Map(),
        verifications,
        policy: {},
        now: world.now,
        digest: "d",
        basis: "b",
        findings: [],
        language: "javascript",
      });
      expect(draft.title).toBe(`Refresh ${lockfile}`);
      expect(draft.body).toContain(`Makes \`${lockfile}\` anew`);
      expect(draft.body).toContain("1 package updated, 1 added; no other entry changed");
    },
  );

  it.each(Object.keys(following))(
    "leaves what follows a tag, and what has another name, where it is, in %s",
    async (lockfile) => {
      const dependencies = { app: "^1.0.0", named: "npm:util@^1.0.0", tagged: "latest" };
      const world = worldOf(lockfile, { dependencies }, following[lockfile]);
      const found = await scan(world);
      const group = found.groups.find(({ kind }) => kind === "maintenance");
      const { patched, problems } = await writeGroup(group!, found, world);
      expect(problems).toEqual([]);
      const after = patched.after[0]?.after.lockfile?.graph.packages ?? [];
      const versions = after.filter(({ manifest }) => manifest === undefined).map(releaseOf);
      expect(versions.toSorted()).toEqual([
        "app@1.0.0",
        "deep@1.0.0",
        "tagged@1.0.0",
        "util@1.0.0",
        "util@1.2.0",
      ]);
    },
  );

  it("is not begun where it would fetch what is not from a registry", async () => {
    const world = worldOf("package-lock.json", {
      dependencies: { app: "^1.0.0", tool: "git+https://git.example/tool.git" },
    });
    const found = await scan(world);
    const group = found.groups.find(({ kind }) => kind === "maintenance");
    await expect(writeGroup(group!, found, world)).rejects.toThrow(
      /tool in package\.json is not from a registry/,
    );
  });

  it("is not planned where nobody asked for it", async () => {
    const world = {
      ...worldOf("package-lock.json", { dependencies: { app: "^1.0.0" } }),
      policies: policy(),
    };
    expect((await scan(world)).groups.map(({ key }) => key)).toEqual(["npm/runtime"]);
  });
});
