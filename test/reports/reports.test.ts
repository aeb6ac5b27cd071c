import { describe, expect, it } from "vitest";
import type { UpdateGroup } from "../../src/domain/types.ts";
import type { Scan } from "../../src/pipeline/scan.ts";
import { audit } from "../../src/pipeline/audit.ts";
import { plan } from "../../src/pipeline/plan/plan.ts";
import { toReport } from "../../src/reports/json.ts";
import { toTable } from "../../src/reports/table.ts";
import { npm } from "../../src/ecosystems/npm/index.ts";
import {
  advisory,
  dependency,
  development,
  findings,
  locked,
  policy,
  project,
  releases,
} from "../builders.ts";

const now = new Date("2026-06-01T00:00:00Z");

/** A workspace in which two members use `ui`, which asks for a vulnerable `parser` in two ways. */
async function scanned(): Promise<Scan> {
  const workspace = project(
    [
      { path: "package.json", dependencies: [development("linter", "^3.0.0")] },
      { path: "app/package.json", dependencies: [dependency("ui", "^1.0.0"), dependency("api", "^2.0.0")] },
      { path: "site/package.json", dependencies: [dependency("ui", "^1.0.0")] },
    ],
    {
      lockfile: {
        path: "package-lock.json",
        graph: {
          packages: [
            { ...locked("", "1.0.0", "node_modules/linter"), manifest: "package.json" },
            {
              ...locked("app", "1.0.0", "node_modules/ui", "node_modules/api"),
              manifest: "app/package.json",
            },
            { ...locked("site", "1.0.0", "node_modules/ui"), manifest: "site/package.json" },
            { ...locked("node_modules/linter", "3.0.0"), scope: "development" },
            locked("node_modules/ui", "1.0.0", "node_modules/format"),
            locked("node_modules/api", "2.0.0", "node_modules/parser"),
            locked("node_modules/format", "4.1.0", "node_modules/parser"),
            locked("node_modules/parser", "5.0.0"),
          ],
        },
      },
    },
  );
  const known = {
    linter: releases("3.0.0"),
    ui: releases("1.0.0", "1.1.0"),
    api: releases("2.0.0", "3.0.0"),
  };
  const advisories = [advisory("GHSA-pppp", "parser", { fixed: "5.0.1" })];
  const ecosystem = npm();
  const { findings: found } = await audit([workspace], new Map([["npm", ecosystem]]), {
    advisoriesFor: async () => advisories,
    problems: () => [],
  });
  const asked = findings(workspace, known, advisories);
  return {
    ...plan(asked, policy(), now),
    projects: [workspace],
    excluded: ["fixtures/package.json"],
    resolutions: asked.resolutions,
    findings: found,
    problems: [{ stage: "resolve", subject: "gone", message: "the registry does not know gone" }],
  };
}

describe("the table", () => {
  it("tells the same step in several manifests once, and what is transitive by what leads to it", async () => {
    expect(toTable(await scanned(), { colours: false, now, all: true })).toMatchInlineSnapshot(`
      "Vulnerable
        high    parser 5.0.0  GHSA-pppp  fixed in 5.0.1  by api

      npm/runtime
        ui  1.0.0  →  1.1.0  minor  4 months  app/package.json and 1 more

      npm/major:api
        api  2.0.0  →  3.0.0  major  4 months  app/package.json

      Up to date
        linter  3.0.0  package.json  3.0.0 is the newest release

      Problems
        resolve  the registry does not know gone

      1 project, 4 dependencies (5 locked packages): 3 outdated in 2 groups, 1 vulnerable; 1 manifest of tests and examples left out
      "
    `);
  });

  it("colours the words and keeps the columns", async () => {
    const found = await scanned();
    const coloured = toTable(found, { colours: true, now });
    expect(coloured).toContain("\u001B[");
    // oxlint-disable-next-line no-control-regex -- the escape character begins a colour code
    expect(coloured.replaceAll(/\u001B\[\d+m/g, "")).toBe(toTable(found, { colours: false, now }));
  });
});

describe("the report", () => {
  it("holds transitive packages, and each advisory with the ways that lead to it", async () => {
    const report = toReport(await scanned(), {
      repository: { owner: "acme", name: "web", sha: "c0ffee" },
      titleOf: ({ key }: UpdateGroup) => `Bump ${key}`,
      branchOf: ({ key }: UpdateGroup) => `branch of ${key}`,
    });
    expect(report.repository).toEqual({ owner: "acme", name: "web", sha: "c0ffee" });
    expect(
      report.dependencies.map(({ name, version, scope, direct, manifest }) =>
        [name, version, scope, direct ? "direct" : "transitive", manifest].join(" "),
      ),
    ).toEqual([
      "linter 3.0.0 development direct package.json",
      "ui 1.0.0 runtime direct app/package.json",
      "api 2.0.0 runtime direct app/package.json",
      "ui 1.0.0 runtime direct site/package.json",
      "format 4.1.0 runtime transitive package-lock.json",
      "parser 5.0.0 runtime transitive package-lock.json",
    ]);
    expect(report.advisories).toEqual([
      {
        id: "GHSA-pppp",
        aliases: [],
        ecosystem: "npm",
        name: "parser",
        version: "5.0.0",
        severity: "high",
        fixed: ["5.0.1"],
        paths: [
          ["api", "parser"],
          ["ui", "format", "parser"],
        ],
      },
    ]);
    expect(report.groups).toEqual([
      { key: "npm/runtime", title: "Bump npm/runtime", branch: "branch of npm/runtime" },
      { key: "npm/major:api", title: "Bump npm/major:api", branch: "branch of npm/major:api" },
    ]);
  });
});
