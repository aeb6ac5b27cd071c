import { describe, expect, it } from "vitest";
import { readPolicies } from "../../src/config/repository.ts";
import { optionsShape } from "../../src/config/schema/options.ts";
import type { Policy } from "../../src/domain/policy.ts";

const path = ".github/steeplejack.yml";
const subject = {
  project: { ecosystem: "npm", root: "" },
  manifest: { path: "package.json" },
  dependency: { name: "react", scope: "runtime" as const },
};

const weekly = { kind: "interval", interval: "weekly", day: 1, timezone: "UTC" };
const rule = { name: "web", patterns: [], excludePatterns: [], updateTypes: [], appliesTo: "version" };

/** What is written, and what of the policy it decides. */
const table: readonly (readonly [string, Partial<Record<keyof Policy, unknown>>])[] = [
  [
    "allow: [{ dependency-name: 'a*' }]",
    { allow: [{ pattern: "a*", dependencyType: "all", updateTypes: [] }] },
  ],
  [
    "allow: [{ dependency-type: production, update-types: ['version-update:semver-patch'] }]",
    { allow: [{ pattern: "*", dependencyType: "production", updateTypes: ["patch"] }] },
  ],
  [
    "ignore: [{ dependency-name: a, versions: '1.x' }]",
    { ignore: [{ pattern: "a", versions: ["1.x"], updateTypes: [], origin: `${path}:1` }] },
  ],
  [
    "ignore: [{ dependency-name: a, versions: [1, '>=3'] }]",
    { ignore: [{ pattern: "a", versions: ["1", ">=3"], updateTypes: [], origin: `${path}:1` }] },
  ],
  [
    "ignore: [{ update-types: ['version-update:semver-major'] }]",
    { ignore: [{ pattern: "*", versions: [], updateTypes: ["major"], origin: `${path}:1` }] },
  ],
  ["groups: { web: {} }", { groups: [rule] }],
  [
    "groups: { web: { patterns: a, exclude-patterns: b, dependency-type: development, update-types: minor } }",
    {
      groups: [
        {
          ...rule,
          patterns: ["a"],
          excludePatterns: ["b"],
          dependencyType: "development",
          updateTypes: ["minor"],
        },
      ],
    },
  ],
  [
    "groups: { web: { applies-to: security-updates, group-by: dependency-name } }",
    { groups: [{ ...rule, appliesTo: "security", byName: true }] },
  ],
  [
    "groups: { web: { open-pull-requests-limit: 2 } }",
    { groups: [{ ...rule, limit: { group: "web", most: 2, origin: `${path}:1` } }] },
  ],
  ["group: web", {}],
  [
    "group: { name: web, open-pull-requests-limit: 2 }",
    { groupLimit: { group: "web", most: 2, origin: `${path}:3` } },
  ],
  ["approval: true", { approval: { origin: `${path}:1` } }],
  ["group-related: false", { groupRelated: false }],
  ["default-groups: false", { defaultGroups: false }],
  ["cooldown: { default-days: 0 }", { cooldown: { days: 0, include: [], exclude: [] } }],
  [
    "cooldown: { semver-major-days: 9, semver-minor-days: 8, semver-patch-days: 7, transitive-days: 1, include: [a], exclude: [b] }",
    { cooldown: { days: 3, major: 9, minor: 8, patch: 7, transitive: 1, include: ["a"], exclude: ["b"] } },
  ],
  ["schedule: { interval: weekly }", { schedule: weekly }],
  [
    "schedule: { interval: weekly, day: friday, time: '5:30', timezone: Asia/Tokyo }",
    { schedule: { ...weekly, day: 5, minute: 330, timezone: "Asia/Tokyo" } },
  ],
  ["schedule: { interval: monthly }", { schedule: { ...weekly, interval: "monthly" } }],
  [
    "schedule: { interval: cron, cronjob: '30 9 * * *' }",
    { schedule: { kind: "cron", expression: "30 9 * * *", timezone: "UTC" } },
  ],
  [
    "schedule: every weekend",
    { schedule: { kind: "window", weekdays: [0, 6], after: 0, before: 1440, timezone: "UTC" } },
  ],
  [
    "schedule: { at: before 5am on monday, timezone: Europe/Berlin }",
    { schedule: { kind: "window", weekdays: [1], after: 0, before: 300, timezone: "Europe/Berlin" } },
  ],
  ["open-pull-requests-limit: 2", { openPullRequestsLimit: 2 }],
  [
    "open-pull-requests-limit: 0",
    { openPullRequestsLimit: 0, noVersionUpdates: `\`open-pull-requests-limit\` is 0 (${path}:1)` },
  ],
  ["versioning-strategy: widen", { versioningStrategy: "widen" }],
  ["lockfile: strict", { strictLockfile: true }],
  ["lock-maintenance: true", { lockMaintenance: { schedule: { ...weekly, timezone: "Etc/UTC" } } }],
  [
    "lock-maintenance: { schedule: every weekend }",
    {
      lockMaintenance: {
        schedule: { kind: "window", weekdays: [0, 6], after: 0, before: 1440, timezone: "UTC" },
      },
    },
  ],
  ["labels: [a, b]", { labels: ["a", "b"] }],
  ["labels: []", { labels: [] }],
  ["assignees: ['@octocat', hubot]", { assignees: ["octocat", "hubot"] }],
  ["reviewers: ['@octocat', acme/web]", { reviewers: ["octocat", "acme/web"] }],
  ["milestone: 4", { milestone: 4 }],
  ["milestone: '4'", { milestone: 4 }],
  [
    "commit-message: { prefix: build, prefix-development: chore, include: scope }",
    { commitMessage: { prefix: "build", prefixDevelopment: "chore", includeScope: true } },
  ],
  ["pull-request-branch-name: { separator: '-' }", { branchSeparator: "-" }],
  ["rebase-strategy: disabled", { rebaseStrategy: "disabled" }],
  ["exclude-paths: [legacy/**]", { excludePaths: ["legacy/**"] }],
  ["target-branch: next", {}],
  ["vendor: true", {}],
  ["insecure-external-code-execution: allow", {}],
  ["automerge: true", { automerge: { updateTypes: ["minor", "patch"], minAgeDays: 0, minConfidence: 0 } }],
  [
    "automerge: { update-types: [major], dependency-type: development, min-age-days: 4, min-confidence: 0.9, method: squash }",
    {
      automerge: {
        updateTypes: ["major"],
        dependencyType: "development",
        minAgeDays: 4,
        minConfidence: 0.9,
        method: "squash",
      },
    },
  ],
  ["bisect: off", { bisect: expect.objectContaining({ mode: "off" }) }],
  ["security: { severity: high }", { security: { severity: "high", response: "propose" } }],
  ["security: { response: report }", { security: { severity: "unknown", response: "report" } }],
  ["enabled: false", { disabledBy: `${path}:3` }],
];

/** Those that stand in rules only. */
const ofRules = new Set(["group", "enabled"]);

function policyOf(text: string): Policy {
  const [key = ""] = text.split(":");
  const file = ofRules.has(key) ? `rules:\n  - match: {}\n    ${text}\n` : `${text}\n`;
  return readPolicies(path, file).forDependency(subject);
}

describe("an option", () => {
  const usual = readPolicies(path, "").forDependency(subject);

  it.each(table)("%s", (text, expected) => {
    const { origins, group, ...policy } = policyOf(text);
    expect(policy).toEqual({ ...usual, ...expected });
    expect(group).toBe(text.startsWith("group:") ? "web" : undefined);
    const [key = ""] = text.split(":");
    expect(origins?.get(key)).toMatch(/^\.github\/steeplejack\.yml:[13]$/);
  });

  it("is in this table, whatever it is called", () => {
    const told = new Set(table.map(([text]) => text.split(":")[0]));
    expect(Object.keys(optionsShape.shape).filter((key) => !told.has(key))).toEqual([]);
  });
});
