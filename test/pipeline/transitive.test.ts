import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import { readPolicies } from "../../src/config/repository.ts";
import type { Policies } from "../../src/domain/policy.ts";
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
    tilde: { "1.0.0": { dependencies: { util: "~1.0.0" } } },
    util: { "1.0.0": {}, "1.0.1": {}, "1.2.0": {}, "2.0.0": {} },
    fresh: { "1.0.0": { dependencies: { young: "^1.0.0" } } },
    young: { "1.0.0": {}, "1.1.0": {}, "1.2.0": { at: "2026-05-31T00:00:00Z" } },
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
async function mended(
  lockfile: string,
  text: string,
  parent: string,
  advisories: readonly Advisory[],
  policies: Policies = policy(),
) {
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
    policies,
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

describe("a package that only the lockfile names and the configuration lets in", () => {
  const wanting = (text: string) =>
    readPolicies(".github/steeplejack.yml", `${text}\nversioning-strategy: lockfile-only\n`);
  const indirect = wanting("allow: [{ dependency-type: indirect }]");
  const moved = (lockfile: string, lock: typeof npmLock, parent: string, range: string, policies: Policies) =>
    mended(lockfile, lock(parent, range), parent, [], policies);

  it.each([
    ["package-lock.json", npmLock],
    ["yarn.lock", yarnLock],
  ])("moves within what asks for it, apart from the others, in %s", async (lockfile, lock) => {
    expect(await moved(lockfile, lock, "app", "^1.0.0", indirect)).toEqual({
      changed: [lockfile],
      updates: ["npm/transitive: util 1.0.0 -> 1.2.0"],
      reason: { code: "newer-release", detail: "1.2.0 is newer than 1.0.0" },
      mended: [],
      unintended: [],
    });
    expect((await moved(lockfile, lock, "tilde", "~1.0.0", indirect)).updates).toEqual([
      "npm/transitive: util 1.0.0 -> 1.0.1",
    ]);
  });

  it.each([
    ["package-lock.json", npmLock],
    ["yarn.lock", yarnLock],
  ])("stays where what asks for it accepts nothing newer, in %s", async (lockfile, lock) => {
    const { changed, updates, reason } = await moved(lockfile, lock, "strict", "1.0.0", indirect);
    expect([changed, updates]).toEqual([[], []]);
    expect(reason).toEqual({
      code: "unresolvable",
      detail: "strict@1.0.0 asks for util in a range that 1.2.0 is not in",
    });
  });

  it.each([
    ["package-lock.json", npmLock],
    ["yarn.lock", yarnLock],
  ])("takes what has cooled, in %s", async (lockfile, lock) => {
    const { updates } = await mended(
      lockfile,
      lock("fresh", "^1.0.0").replaceAll("util", "young"),
      "fresh",
      [],
      indirect,
    );
    expect(updates).toEqual(["npm/transitive: young 1.0.0 -> 1.1.0"]);
  });

  it.each<[string, string, string[], string]>([
    [
      "by its name",
      "allow: [{ dependency-type: indirect, dependency-name: u* }]",
      ["npm/transitive: util 1.0.0 -> 1.2.0"],
      "newer-release",
    ],
    ["not by another's", "allow: [{ dependency-type: indirect, dependency-name: x }]", [], "none"],
    ["not by `all`, which is what manifests name", "allow: [{ dependency-type: all }]", [], "none"],
    [
      "not where it is ignored",
      "allow: [{ dependency-type: indirect }]\nignore: [{ dependency-name: util }]",
      [],
      "ignored",
    ],
    [
      "not to a version that is ignored",
      "allow: [{ dependency-type: indirect }]\nignore: [{ dependency-name: util, versions: ['1.2.x'] }]",
      [],
      "unresolvable",
    ],
    [
      "not by a size that is not let in",
      "allow: [{ dependency-type: indirect, update-types: ['version-update:semver-major'] }]",
      [],
      "out-of-range",
    ],
    [
      "not where there are no version updates",
      "allow: [{ dependency-type: indirect }]\nopen-pull-requests-limit: 0",
      [],
      "no-version-updates",
    ],
    [
      "in its group",
      "allow: [{ dependency-type: indirect }]\ngroups: { tools: { patterns: ['u*'] } }",
      ["npm/tools-transitive: util 1.0.0 -> 1.2.0"],
      "newer-release",
    ],
  ])("is updated %s", async (_, text, expected, code) => {
    const { updates, reason } = await moved("package-lock.json", npmLock, "app", "^1.0.0", wanting(text));
    expect(updates).toEqual(expected);
    expect(reason?.code ?? "none").toBe(code);
  });

  it("is mended first where it is vulnerable", async () => {
    const flaw = advisory("GHSA-1", "util", { fixed: "1.0.1" });
    const { updates } = await mended("package-lock.json", npmLock("app", "^1.0.0"), "app", [flaw], indirect);
    expect(updates).toEqual(["npm/security: util 1.0.0 -> 1.2.0"]);
  });
});
