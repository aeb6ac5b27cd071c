import { describe, expect, it } from "vitest";
import { readPolicies } from "../../src/config/repository.ts";
import { automergeOf } from "../../src/pipeline/automerge.ts";
import { plan } from "../../src/pipeline/plan/plan.ts";
import { advisory, dependency, development, findings, manifest, project, releases } from "../builders.ts";

const now = new Date("2026-06-01T12:00:00Z");
const known = {
  react: releases("18.2.0", "18.3.0", "19.0.0"),
  zod: releases("3.22.0", { version: "3.22.1", publishedAt: "2026-05-20T00:00:00Z" }),
  vitest: releases("3.0.0", "3.1.0"),
};
const all = manifest(
  dependency("react", "^18.2.0"),
  dependency("zod", "^3.22.0"),
  development("vitest", "^3.0.0"),
);

/** What becomes of each group, by its key. */
function merging(text: string, advisories: Parameters<typeof findings>[2] = []) {
  const policies = readPolicies(".github/steeplejack.yml", `cooldown: { default-days: 0 }\n${text}`);
  const { groups } = plan(findings(project(all), known, advisories), policies, now);
  return Object.fromEntries(
    groups.flatMap((group) => {
      const found = automergeOf(group, policies, now);
      return found === undefined ? [] : [[group.key, found]];
    }),
  );
}

describe("what is merged without a person", () => {
  it.each<[string, object]>([
    ["", {}],
    ["automerge: false", {}],
    ["automerge: true", { "npm/development": {}, "npm/runtime": {} }],
    ["automerge: { update-types: [patch] }", {}],
    ["automerge: { update-types: [major], method: squash }", { "npm/major:react": { method: "squash" } }],
    ["automerge: { dependency-type: development }", { "npm/development": {} }],
    [
      "automerge: { min-confidence: 0.8 }",
      { "npm/development": { confidence: 0.8 }, "npm/runtime": { confidence: 0.8 } },
    ],
    [
      "automerge: { min-age-days: 30 }",
      {
        "npm/development": { after: "2026-01-31T00:00:00.000Z" },
        "npm/runtime": { after: "2026-06-19T00:00:00.000Z" },
      },
    ],
    ["rules: [{ match: { names: [zod] }, automerge: true }]", {}],
    [
      "default-groups: false\nrules: [{ match: { names: [zod] }, automerge: true }]",
      { "npm/single:zod": {} },
    ],
  ])("with %j", (text, groups) => {
    expect(merging(text)).toEqual(groups);
  });

  it("may be only what mends a grave advisory", () => {
    const text = "rules: [{ match: { severity: high }, automerge: { update-types: [major, minor, patch] } }]";
    expect(merging(text, [advisory("GHSA-1", "zod", { fixed: "3.22.1" })])).toEqual({ "npm/security": {} });
    expect(merging(text)).toEqual({});
  });
});
