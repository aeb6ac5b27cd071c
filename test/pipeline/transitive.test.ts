import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import type { Advisory } from "../../src/domain/types.ts";
import { npm } from "../../src/ecosystems/npm/index.ts";
import { createHttpClient } from "../../src/http/client.ts";
import { scan } from "../../src/pipeline/scan.ts";
import { update } from "../../src/pipeline/update.ts";
import { createTools } from "../../src/tools/tools.ts";
import { advisory, policy } from "../builders.ts";
import { memoryFiles } from "../fakes.ts";
import { startRegistry, type TestRegistry } from "../registry.ts";

let registry: TestRegistry;
const http = createHttpClient({
  cache: memoryCache(),
  userAgent: "test",
  trustedHosts: ["127.0.0.1"],
});
const tools = createTools({ http, trustedHosts: ["127.0.0.1"] });

beforeAll(async () => {
  registry = await startRegistry({
    app: { "1.0.0": { dependencies: { util: "^1.0.0" } } },
    strict: { "1.0.0": { dependencies: { util: "1.0.0" } } },
    util: { "1.0.0": {}, "1.0.1": {}, "1.2.0": {}, "2.0.0": {} },
  });
});

afterAll(async () => {
  await tools.close();
  await http.close();
  await registry.close();
});

const npmLock = (parent: string, range: string) =>
  JSON.stringify({
    name: "x",
    lockfileVersion: 3,
    packages: {
      "": { name: "x", dependencies: { [parent]: "^1.0.0" } },
      [`node_modules/${parent}`]: { version: "1.0.0", dependencies: { util: range } },
      "node_modules/util": { version: "1.0.0" },
    },
  });
const yarnLock = (parent: string, range: string) => `# yarn lockfile v1


${parent}@^1.0.0:
  version "1.0.0"
  resolved "http://registry.example/${parent}/-/${parent}-1.0.0.tgz#1"
  dependencies:
    util "${range}"

util@${range}:
  version "1.0.0"
  resolved "http://registry.example/util/-/util-1.0.0.tgz#1"
`;

/** Scans and updates a project in which `parent` asks for util in a range, with these advisories. */
async function mended(lockfile: string, text: string, parent: string, advisories: readonly Advisory[]) {
  const world = {
    ecosystems: [npm({ registry: registry.url })],
    files: memoryFiles({
      "package.json": `{"name":"x","dependencies":{"${parent}":"^1.0.0"}}`,
      [lockfile]: text,
    }),
    http,
    tools,
    advisories: {
      advisoriesFor: async (_: unknown, packages: readonly { name: string }[]) =>
        advisories.filter(({ name }) => packages.some((it) => it.name === name)),
      problems: () => [],
    },
    policies: policy(),
    now: new Date("2026-06-01T00:00:00Z"),
    reporter: { stage: () => undefined },
  };
  const { scan: after, changes, verifications } = await update(await scan(world), world, () => true);
  return {
    changed: changes.map(({ path }) => path),
    updates: after.groups.flatMap(({ key, updates }) =>
      updates.map(
        ({ dependency, from, release }) => `${key}: ${dependency.name} ${from} -> ${release.version}`,
      ),
    ),
    reason: after.decisions.find(({ dependency }) => dependency.name === "util")?.reason,
    mended: verifications.flatMap((it) => it.mended.map(({ name, version }) => `${name}@${version}`)),
    unintended: verifications.flatMap((it) => it.unintended),
  };
}

describe("a vulnerable package that only the lockfile names", () => {
  const flaw = advisory("GHSA-1", "util", { fixed: "1.0.1" });

  it.each([
    ["package-lock.json", npmLock],
    ["yarn.lock", yarnLock],
  ])("moves within what asks for it, in %s", async (lockfile, lock) => {
    expect(await mended(lockfile, lock("app", "^1.0.0"), "app", [flaw])).toEqual({
      changed: [lockfile],
      updates: ["npm/security: util 1.0.0 -> 1.2.0"],
      reason: { code: "fixes-advisory", detail: "1.0.1 is the lowest release that mends GHSA-1" },
      mended: ["util@1.0.0"],
      unintended: [],
    });
  });

  it.each([
    ["package-lock.json", npmLock],
    ["yarn.lock", yarnLock],
  ])(
    "stays where what asks for it accepts nothing newer, and it is told who, in %s",
    async (lockfile, lock) => {
      const { changed, updates, reason } = await mended(lockfile, lock("strict", "1.0.0"), "strict", [flaw]);
      expect([changed, updates]).toEqual([[], []]);
      expect(reason).toEqual({
        code: "unresolvable",
        detail:
          "util@1.0.1 cannot be taken: strict@1.0.0 asks for util in a range that has nothing newer than 1.0.0",
      });
    },
  );

  it("stays where only a major release mends it", async () => {
    const grave = advisory("GHSA-2", "util", { fixed: "2.0.0" });
    const { updates, reason } = await mended("package-lock.json", npmLock("app", "^1.0.0"), "app", [grave]);
    expect(updates).toEqual([]);
    expect(reason).toEqual({
      code: "no-fix",
      detail: "2.0.0 mends GHSA-2, but it is a major release: what asks for util has to move first",
    });
  });
});
