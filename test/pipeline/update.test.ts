import { describe, expect, it } from "vitest";
import { defaultPolicy, everywhere } from "../../src/domain/policy.ts";
import type { Ecosystem } from "../../src/ecosystems/ecosystem.ts";
import { ResolutionError } from "../../src/domain/errors.ts";
import { npm } from "../../src/ecosystems/npm/index.ts";
import { scan } from "../../src/pipeline/scan.ts";
import { update } from "../../src/pipeline/update.ts";
import { cannedHttp, memoryFiles, noTools } from "../fakes.ts";

const files = memoryFiles({
  "api/package.json": `{"dependencies":{"a":"^1.0.0"}}`,
  "web/package.json": `{"dependencies":{"a":"^1.0.0","b":"^1.0.0"}}`,
});
const old = { modified: "2025-01-01T00:00:00Z" };
const http = cannedHttp({
  "https://registry.test/a": { versions: { "1.0.0": {}, "1.1.0": {}, "2.0.0": {} }, ...old },
  "https://registry.test/b": { versions: { "1.0.0": {}, "1.2.0": {} }, ...old },
});

async function updated(ecosystem: Ecosystem, major = true) {
  const world = {
    ecosystems: [ecosystem],
    files,
    http,
    advisories: { advisoriesFor: async () => [], problems: () => [] },
    tools: noTools,
    policies: everywhere(defaultPolicy),
    now: new Date("2026-06-01T00:00:00Z"),
    reporter: { stage: () => undefined },
  };
  const found = await scan(world);
  const { changes, scan: after } = await update(found, world, ({ key }) => major || !key.includes("major"));
  return {
    files: changes.map(({ path, content }) => [path, JSON.parse(content).dependencies]),
    problems: after.problems.map(({ subject, message }) => `${subject}: ${message}`),
    reasons: after.decisions.map(({ reason }) => `${reason.code}: ${reason.detail}`),
    groups: after.groups.map(({ key, updates }) => [key, updates.map(({ release }) => release.version)]),
    held: after.decisions.filter(({ outcome }) => outcome === "held").map(({ manifest }) => manifest.path),
  };
}

describe("writing all updates at once", () => {
  const ecosystem = npm({ registry: "https://registry.test/" });

  it("takes the larger of two steps, in every project", async () => {
    expect((await updated(ecosystem)).files).toEqual([
      ["api/package.json", { a: "^2.0.0" }],
      ["web/package.json", { a: "^2.0.0", b: "^1.2.0" }],
    ]);
  });

  it("takes the smaller one where only that is wanted", async () => {
    expect((await updated(ecosystem, false)).files[0]).toEqual(["api/package.json", { a: "^1.1.0" }]);
  });

  it("takes the smaller one where no lockfile can hold the larger", async () => {
    const conservative: Ecosystem = {
      ...ecosystem,
      patch: (project, updates, io) =>
        updates.some(({ release }) => release.version === "2.0.0")
          ? Promise.reject(new ResolutionError("c wants a@1"))
          : ecosystem.patch(project, updates, io),
    };
    const { files: written, problems, reasons, groups } = await updated(conservative);
    expect(written).toEqual([
      ["api/package.json", { a: "^1.1.0" }],
      ["web/package.json", { a: "^1.1.0", b: "^1.2.0" }],
    ]);
    expect(groups).toEqual([
      ["npm/runtime in api", ["1.1.0"]],
      ["npm/runtime in web", ["1.1.0", "1.2.0"]],
    ]);
    expect(problems).toEqual([]);
    expect(reasons).toEqual([
      "highest-resolvable: 1.1.0 is taken, for 2.0.0 cannot be: c wants a@1",
      "highest-resolvable: 1.1.0 is taken, for 2.0.0 cannot be: c wants a@1",
      "newer-release: 1.2.0 is newer than 1.0.0",
    ]);
  });

  it("goes on with the other projects when one cannot be written", async () => {
    const broken: Ecosystem = {
      ...ecosystem,
      patch: (project, updates, io) =>
        project.root === "api"
          ? Promise.reject(new Error("the disk is gone"))
          : ecosystem.patch(project, updates, io),
    };
    const { files: written, problems, held } = await updated(broken);
    expect(written.map(([path]) => path)).toEqual(["web/package.json"]);
    expect(problems).toEqual(["a in api/package.json: the disk is gone"]);
    expect(held).toEqual(["api/package.json"]);
  });
});
