import { describe, expect, it } from "vitest";
import { lintsOf } from "../../src/config/lints.ts";
import { readFile } from "../../src/config/file.ts";
import { readPolicies } from "../../src/config/repository.ts";
import { npm } from "../../src/ecosystems/npm/index.ts";
import { discover } from "../../src/pipeline/discover.ts";
import { plan } from "../../src/pipeline/plan/plan.ts";
import { advisory, dependency, development, findings, project, releases, summary } from "../builders.ts";
import { memoryFiles } from "../fakes.ts";

/** What the rival's documentation shows, in the shape in which it shows it, and what it says comes of it. */
const path = ".github/dependabot.yml";
const now = new Date("2026-06-01T12:00:00Z");

const entry = (lines: string) => `version: 2
updates:
  - package-ecosystem: "npm"
    directory: "/"
    schedule:
      interval: "daily"
${lines.replace(/^/gm, "    ")}
`;

const made = (text: string, flaws: Parameters<typeof findings>[2] = []) => {
  const all = project({
    path: "package.json",
    dependencies: [
      dependency("@angular/core", "^17.0.0"),
      dependency("@angular/router", "^17.0.0"),
      dependency("express", "^3.0.0"),
      dependency("lodash", "^4.17.20"),
      development("@types/node", "^20.0.0"),
      development("rubocop", "^1.0.0"),
    ],
  });
  const known = {
    "@angular/core": releases("17.0.0", "17.1.0", "18.0.0"),
    "@angular/router": releases("17.0.0", "17.2.0"),
    express: releases("3.0.0", "3.1.0", "4.0.0", "5.0.0"),
    lodash: releases("4.17.20", "4.17.21"),
    "@types/node": releases("20.0.0", "20.0.1", "20.1.0"),
    rubocop: releases("1.0.0", "1.1.0"),
  };
  return summary(plan(findings(all, known, flaws), readPolicies(path, text), now));
};

describe("an example of the rival's documentation", () => {
  it("groups by the type of a dependency, and by a name that is excluded elsewhere", () => {
    expect(
      made(
        entry(`groups:
  production-dependencies:
    dependency-type: "production"
  development-dependencies:
    dependency-type: "development"
    exclude-patterns:
      - "rubocop*"
  rubocop:
    patterns:
      - "rubocop*"`),
      ),
    ).toMatchObject({
      "npm/development-dependencies": ["@types/node ^20.0.0 -> ^20.1.0"],
      "npm/production-dependencies": expect.arrayContaining(["lodash ^4.17.20 -> ^4.17.21"]),
      "npm/rubocop": ["rubocop ^1.0.0 -> ^1.1.0"],
    });
  });

  const angular = `groups:
  angular:
    applies-to: version-updates
    patterns:
      - "@angular*"
    update-types:
      - "minor"
      - "patch"`;

  it("groups small updates and raises majors by themselves", () => {
    expect(made(entry(angular))).toMatchObject({
      "npm/angular": ["@angular/core ^17.0.0 -> ^17.1.0", "@angular/router ^17.0.0 -> ^17.2.0"],
      "npm/single:@angular/core": ["@angular/core ^17.0.0 -> ^18.0.0"],
    });
  });

  it("groups small updates, security updates by themselves, and ignores majors", () => {
    const text = entry(`${angular}
  minor-and-patch:
    applies-to: security-updates
    patterns:
      - "@angular*"
    update-types:
      - "patch"
      - "minor"
ignore:
  - dependency-name: "@angular*"
    update-types: ["version-update:semver-major"]`);
    expect(made(text)).not.toHaveProperty("npm/single:@angular/core");
    const flaw = advisory("GHSA-1", "@angular/core", { fixed: "17.1.0" });
    expect(made(text, [flaw])).toMatchObject({
      "npm/angular": ["@angular/router ^17.0.0 -> ^17.2.0"],
      "npm/minor-and-patch": ["@angular/core ^17.0.0 -> ^17.1.0"],
    });
  });

  it("ignores versions, a dependency as a whole, and a size", () => {
    const text = entry(`ignore:
  - dependency-name: "express"
    versions: ["4.x", "5.x"]
  - dependency-name: "lodash"
  - dependency-name: "@types/node"
    update-types: ["version-update:semver-patch"]`);
    const all = made(text);
    expect(all).toMatchObject({
      "npm/single:express": ["express ^3.0.0 -> ^3.1.0"],
      "npm/single:@types/node": ["@types/node ^20.0.0 -> ^20.1.0"],
    });
    expect(all).not.toHaveProperty("npm/single:lodash");
  });

  it("shares a group among ecosystems: its labels and people are added to those of an entry", () => {
    const text = `version: 2
multi-ecosystem-groups:
  infrastructure:
    schedule:
      interval: "weekly"
    assignees: ["@platform-team", "@security-lead"]
    labels: ["infrastructure", "dependencies"]
    milestone: 4
updates:
  - package-ecosystem: "npm"
    directory: "/"
    patterns: ["lodash", "@angular/*"]
    update-types: ["minor", "patch"]
    assignees: ["@docker-admin"]
    labels: ["docker", "dependencies"]
    multi-ecosystem-group: "infrastructure"
  - package-ecosystem: "terraform"
    directory: "/"
    patterns: ["aws"]
    multi-ecosystem-group: "infrastructure"
`;
    expect(readPolicies(path, text).forProject({ ecosystem: "npm", root: "" })).toMatchObject({
      assignees: ["platform-team", "security-lead", "docker-admin"],
      labels: ["infrastructure", "dependencies", "docker"],
      milestone: 4,
      schedule: { interval: "weekly" },
    });
    expect(made(text)).toMatchObject({
      "multi-ecosystem/infrastructure": [
        "@angular/core ^17.0.0 -> ^17.1.0",
        "@angular/router ^17.0.0 -> ^17.2.0",
        "lodash ^4.17.20 -> ^4.17.21",
      ],
      "npm/single:@angular/core": ["@angular/core ^17.0.0 -> ^18.0.0"],
    });
  });

  it("leaves out folders, all in them, and files by their names", async () => {
    const text = entry(`exclude-paths:
  - "src/test/assets"
  - "vendor/**"
  - "docs/*"
  - "packages/old/package.json"
  - "lib*"`);
    const paths = [
      "package.json",
      "src/test/assets/package.json",
      "src/test/assets/deep/package.json",
      "src/test/package.json",
      "vendor/x/package.json",
      "docs/package.json",
      "docs/deep/package.json",
      "packages/old/package.json",
      "packages/new/package.json",
    ];
    const files = memoryFiles(Object.fromEntries(paths.map((each) => [each, "{}"])));
    const { projects } = await discover(
      [npm()],
      files,
      readPolicies(path, text.replace('directory: "/"', 'directories: ["/", "**/*"]')),
    );
    expect(projects.map(({ root }) => root).toSorted()).toEqual([
      "",
      "docs/deep",
      "packages/new",
      "src/test",
    ]);
  });

  it.each<[string, string, object]>([
    [
      "a time of the week in a zone",
      'schedule: { interval: "weekly", day: "tuesday", time: "02:00", timezone: "Asia/Tokyo" }',
      { schedule: { kind: "interval", interval: "weekly", day: 2, minute: 120, timezone: "Asia/Tokyo" } },
    ],
    [
      "a cron expression",
      'schedule: { interval: "cron", cronjob: "0 9 * * *" }',
      { schedule: { kind: "cron", expression: "0 9 * * *", timezone: "UTC" } },
    ],
    [
      "a prefix that ends in a space",
      'commit-message: { prefix: "[docker] " }',
      { commitMessage: { prefix: "[docker] " } },
    ],
    [
      "prefixes by the type of a dependency",
      'commit-message: { prefix: "pip prod", prefix-development: "pip dev" }',
      { commitMessage: { prefix: "pip prod", prefixDevelopment: "pip dev" } },
    ],
    [
      "people",
      'reviewers: ["my-org/team-name", "octocat"]\nassignees: ["user-name"]',
      { reviewers: ["my-org/team-name", "octocat"], assignees: ["user-name"] },
    ],
    [
      "labels",
      'labels: ["npm dependencies", "triage-board"]',
      { labels: ["npm dependencies", "triage-board"] },
    ],
    ["a milestone", "milestone: 4", { milestone: 4 }],
    ["a separator", 'pull-request-branch-name: { separator: "-" }', { branchSeparator: "-" }],
    ["a strategy", "versioning-strategy: increase", { versioningStrategy: "increase" }],
    ["a limit", "open-pull-requests-limit: 15", { openPullRequestsLimit: 15 }],
    [
      "a cooldown",
      "cooldown:\n  default-days: 5\n  semver-major-days: 30\n  semver-minor-days: 7\n  semver-patch-days: 3\n  include: [requests, 'pandas*']\n  exclude: [pandas]",
      {
        cooldown: {
          days: 5,
          major: 30,
          minor: 7,
          patch: 3,
          include: ["requests", "pandas*"],
          exclude: ["pandas"],
        },
      },
    ],
  ])("says %s", (_, lines, expected) => {
    const text = lines.startsWith("schedule")
      ? entry("").replace(/ {4}schedule:\n {6}interval: "daily"\n/, `    ${lines}\n`)
      : entry(lines);
    expect(readPolicies(path, text).forProject({ ecosystem: "npm", root: "" })).toMatchObject(expected);
  });

  const secret = "${{secrets.A_SECRET}}";
  it.each([
    ["cargo-registry", { url: "https://cargo.example", token: secret }],
    ["composer-repository", { url: "https://packagist.example", username: "octocat", password: secret }],
    ["docker-registry", { url: "images.example", username: "octocat", password: secret }],
    ["git", { url: "https://github.com", username: "x-access-token", password: secret }],
    ["hex-organization", { organization: "github", key: secret }],
    [
      "hex-repository",
      {
        repo: "private-repo",
        url: "https://repo.example",
        "auth-key": secret,
        "public-key-fingerprint": secret,
      },
    ],
    ["maven-repository", { url: "https://nexus.example/groups/public/", username: "", password: "" }],
    [
      "nuget-feed",
      { url: "https://nuget.example/v3/index.json", username: "me@example.com", password: secret },
    ],
    ["pub-registry", { url: "https://pub.example", token: secret }],
    ["pub-repository", { url: "https://pub.example/optional-path", token: secret }],
    [
      "python-index",
      { url: "https://pypi.example/simple", username: "octocat", password: secret, "replaces-base": true },
    ],
    ["rubygems-server", { url: "https://rubygems.example", token: secret }],
    ["terraform-registry", { url: "https://terraform.example", token: secret }],
  ])("has a registry of the type %s, which is told to be for later", (type, keys) => {
    const read = readFile(
      path,
      `registries: ${JSON.stringify({ ours: { type, ...keys } })}\n${entry('registries: ["ours"]')}`,
    );
    const context = { ecosystems: ["npm"], repository: { owner: "a", name: "b" }, now };
    expect(lintsOf(read, context).map(({ message }) => message)).toEqual([
      `registries of the type ${type} are for what is not supported yet: this one is never asked`,
    ]);
  });
});
