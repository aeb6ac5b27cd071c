import { describe, expect, it } from "vitest";
import { readPolicies } from "../../src/config/repository.ts";
import type { Project } from "../../src/domain/types.ts";
import { plan } from "../../src/pipeline/plan/plan.ts";
import {
  advisory,
  dependency,
  development,
  findings,
  manifest,
  project,
  reasons,
  releases,
  summary,
} from "../builders.ts";

const now = new Date("2026-06-01T12:00:00Z");
const rival = ".github/dependabot.yml";
const own = ".github/steeplejack.yml";

/** A project in each folder, with the same dependencies. */
function projects(...folders: string[]): readonly Project[] {
  return folders.map((root) =>
    project(
      {
        path: `${root === "" ? "" : `${root}/`}package.json`,
        dependencies: [
          dependency("express", "^4.0.0"),
          dependency("lodash", "^4.17.20"),
          dependency("@aws-sdk/client-s3", "^3.0.0"),
          development("eslint", "^8.0.0"),
          development("eslint-plugin-n", "^15.0.0"),
        ],
      },
      { root },
    ),
  );
}

const known = {
  express: releases("4.0.0", "4.1.0", "5.0.0"),
  lodash: releases("4.17.20", "4.17.21"),
  "@aws-sdk/client-s3": releases("3.0.0", "3.1.0", { version: "3.2.0", publishedAt: "2026-05-25T00:00:00Z" }),
  eslint: releases("8.0.0", "8.57.0", "9.0.0"),
  "eslint-plugin-n": releases("15.0.0", "15.1.0"),
};

const decide = (path: string, text: string, roots = [""], advisories: Parameters<typeof findings>[2] = []) =>
  plan(findings(projects(...roots), known, advisories), readPolicies(path, text), now);

/** An entry for npm at the top with these lines. */
const entry = (lines = "", directory = "directory: /") => `
version: 2
updates:
  - package-ecosystem: npm
    ${directory}
    schedule: { interval: weekly }
${lines
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}`;

const alone = {
  "npm/single:@aws-sdk/client-s3": ["@aws-sdk/client-s3 ^3.0.0 -> ^3.2.0"],
  "npm/single:eslint": ["eslint ^8.0.0 -> ^9.0.0"],
  "npm/single:eslint-plugin-n": ["eslint-plugin-n ^15.0.0 -> ^15.1.0"],
  "npm/single:express": ["express ^4.0.0 -> ^5.0.0"],
  "npm/single:lodash": ["lodash ^4.17.20 -> ^4.17.21"],
};

describe("an entry of dependabot.yml decides", () => {
  it("a pull request for each dependency, to its newest release", () => {
    expect(summary(decide(rival, entry()))).toEqual(alone);
    expect(summary(decide(own, entry()))).toEqual(alone);
  });

  it.each<[string, string, Record<string, string[]>]>([
    [
      "groups by patterns, and what they exclude goes alone",
      `groups:
  lint:
    patterns: ["eslint*"]
    exclude-patterns: [eslint-plugin-n]
  production:
    dependency-type: production`,
      {
        "npm/lint": ["eslint ^8.0.0 -> ^9.0.0"],
        "npm/production": [
          "@aws-sdk/client-s3 ^3.0.0 -> ^3.2.0",
          "express ^4.0.0 -> ^5.0.0",
          "lodash ^4.17.20 -> ^4.17.21",
        ],
        "npm/single:eslint-plugin-n": ["eslint-plugin-n ^15.0.0 -> ^15.1.0"],
      },
    ],
    [
      "groups by size, which is judged after the look-up",
      `groups:
  small:
    patterns: ["*"]
    update-types: [minor, patch]`,
      {
        "npm/small": [
          "@aws-sdk/client-s3 ^3.0.0 -> ^3.2.0",
          "eslint ^8.0.0 -> ^8.57.0",
          "eslint-plugin-n ^15.0.0 -> ^15.1.0",
          "express ^4.0.0 -> ^4.1.0",
          "lodash ^4.17.20 -> ^4.17.21",
        ],
        "npm/single:eslint": ["eslint ^8.0.0 -> ^9.0.0"],
        "npm/single:express": ["express ^4.0.0 -> ^5.0.0"],
      },
    ],
    [
      "the group whose pattern fits most closely",
      `groups:
  all: { patterns: ["*"] }
  aws: { patterns: ["@aws-sdk/*"] }
  web: { patterns: [express] }`,
      {
        "npm/all": [
          "eslint ^8.0.0 -> ^9.0.0",
          "eslint-plugin-n ^15.0.0 -> ^15.1.0",
          "lodash ^4.17.20 -> ^4.17.21",
        ],
        "npm/aws": ["@aws-sdk/client-s3 ^3.0.0 -> ^3.2.0"],
        "npm/web": ["express ^4.0.0 -> ^5.0.0"],
      },
    ],
    [
      "what is allowed by name and by type",
      `allow:
  - dependency-name: "express"
  - dependency-type: development`,
      {
        "npm/single:eslint": ["eslint ^8.0.0 -> ^9.0.0"],
        "npm/single:eslint-plugin-n": ["eslint-plugin-n ^15.0.0 -> ^15.1.0"],
        "npm/single:express": ["express ^4.0.0 -> ^5.0.0"],
      },
    ],
    [
      "what is allowed by size",
      `allow:
  - dependency-name: "e*"
    update-types: ["version-update:semver-minor"]`,
      {
        "npm/single:eslint": ["eslint ^8.0.0 -> ^8.57.0"],
        "npm/single:eslint-plugin-n": ["eslint-plugin-n ^15.0.0 -> ^15.1.0"],
        "npm/single:express": ["express ^4.0.0 -> ^4.1.0"],
      },
    ],
    [
      "that ignoring wins over allowing",
      `allow: [{ dependency-name: "*" }]
ignore:
  - dependency-name: "express"
    versions: ["4.x", "5.x"]
  - dependency-name: lodash
  - dependency-name: "*"
    update-types: ["version-update:semver-major"]`,
      {
        "npm/single:@aws-sdk/client-s3": ["@aws-sdk/client-s3 ^3.0.0 -> ^3.2.0"],
        "npm/single:eslint": ["eslint ^8.0.0 -> ^8.57.0"],
        "npm/single:eslint-plugin-n": ["eslint-plugin-n ^15.0.0 -> ^15.1.0"],
      },
    ],
    [
      "how long a release cools, with what falls back to the days for all",
      `cooldown:
  default-days: 14
  semver-patch-days: 0
  include: ["@aws-sdk/*"]
allow: [{ dependency-name: "@aws-sdk/*" }]`,
      { "npm/single:@aws-sdk/client-s3": ["@aws-sdk/client-s3 ^3.0.0 -> ^3.1.0"] },
    ],
    [
      "that excluding wins over including",
      `cooldown:
  default-days: 14
  include: ["*"]
  exclude: ["@aws-sdk/*"]
allow: [{ dependency-name: "@aws-sdk/*" }]`,
      { "npm/single:@aws-sdk/client-s3": ["@aws-sdk/client-s3 ^3.0.0 -> ^3.2.0"] },
    ],
    ["that a limit of 0 means none", "open-pull-requests-limit: 0", {}],
    [
      "one group for a whole repository",
      `multi-ecosystem-group: everything
patterns: ["e*"]`,
      {
        "multi-ecosystem/everything": [
          "eslint ^8.0.0 -> ^9.0.0",
          "eslint-plugin-n ^15.0.0 -> ^15.1.0",
          "express ^4.0.0 -> ^5.0.0",
        ],
        "npm/single:@aws-sdk/client-s3": alone["npm/single:@aws-sdk/client-s3"],
        "npm/single:lodash": alone["npm/single:lodash"],
      },
    ],
  ])("%s", (_, lines, expected) => {
    const groups = lines.includes("multi-")
      ? "\nmulti-ecosystem-groups:\n  everything: { schedule: { interval: daily } }\n"
      : "";
    expect(summary(decide(rival, entry(lines) + groups))).toEqual(expected);
  });

  it("only for the folders that are listed; the others get security updates", () => {
    const text = entry(`allow: [{ dependency-name: lodash }]`, "directory: /web");
    const flaw = advisory("GHSA-1", "express", { fixed: "4.1.0" });
    const made = decide(rival, text, ["", "web"], [flaw]);
    expect(summary(made)).toEqual({
      "npm/security": ["express ^4.0.0 -> ^4.1.0"],
      "npm/single:lodash in web": ["lodash ^4.17.20 -> ^4.17.21"],
    });
    expect(made.decisions[1]?.reason).toEqual({
      code: "no-version-updates",
      detail: `no entry of \`updates\` lists npm in / (${rival}:3)`,
    });
  });

  it("groups across folders where it lists several, and one pull request by name", () => {
    const folders = 'directories: ["/apps/*", "/web"]';
    const grouped = entry(
      'groups: { lint: { patterns: ["eslint*"] } }\nallow: [{ dependency-name: "eslint*" }]',
      folders,
    );
    const roots = ["", "apps/a", "apps/b", "web"];
    const three = (step: string) => [step, step, step];
    expect(summary(decide(rival, grouped, roots))).toEqual({
      "npm/lint in apps/*, web": [
        ...three("eslint ^8.0.0 -> ^9.0.0"),
        ...three("eslint-plugin-n ^15.0.0 -> ^15.1.0"),
      ],
    });
    const byName = grouped.replace('["eslint*"] }', '["eslint*"], group-by: dependency-name }');
    expect(summary(decide(rival, byName, roots))).toEqual({
      "npm/lint:eslint in apps/*, web": three("eslint ^8.0.0 -> ^9.0.0"),
      "npm/lint:eslint-plugin-n in apps/*, web": three("eslint-plugin-n ^15.0.0 -> ^15.1.0"),
    });
  });

  it("security updates by its groups for them, and its ignored versions but not sizes", () => {
    const flaws = [
      advisory("GHSA-1", "express", { fixed: "5.0.0" }),
      advisory("GHSA-2", "lodash", { fixed: "4.17.21" }),
    ];
    const text = entry(`open-pull-requests-limit: 0
groups: { fixes: { applies-to: security-updates, patterns: ["express"] } }
ignore:
  - dependency-name: "*"
    update-types: ["version-update:semver-major"]`);
    expect(summary(decide(rival, text, [""], flaws))).toEqual({
      "npm/fixes": ["express ^4.0.0 -> ^5.0.0"],
      "npm/security:lodash": ["lodash ^4.17.20 -> ^4.17.21"],
    });
    const ignoring = text.replace(/update-types.*$/, 'versions: ["5.x"]');
    expect(reasons(decide(rival, ignoring, [""], flaws))).toMatchObject({ express: "held: no-fix" });
  });

  it("for its own branch, and what it says holds there only, for version updates", () => {
    const text = `${entry("allow: [{ dependency-name: lodash }]")}
  - package-ecosystem: npm
    directory: /
    schedule: { interval: weekly }
    target-branch: next
    allow: [{ dependency-name: express }]
`;
    const flaw = advisory("GHSA-1", "lodash", { fixed: "4.17.21" });
    const policies = readPolicies(rival, text, { defaultBranch: "main" });
    const found = findings(projects(""), known, [flaw]);
    expect(summary(plan(found, policies, now))).toEqual({
      "npm/security:lodash": ["lodash ^4.17.20 -> ^4.17.21"],
    });
    const [next, ...more] = policies.branches;
    expect(more).toEqual([]);
    expect(next?.[0]).toBe("next");
    expect(next && summary(plan(found, next[1], now))).toEqual({
      "npm/single:express on next": ["express ^4.0.0 -> ^5.0.0"],
    });
  });

  it("nothing where only another branch is named, and the usual where it is the default one", () => {
    const text = entry("target-branch: main");
    const on = (defaultBranch: string) =>
      plan(findings(projects(""), known), readPolicies(rival, text, { defaultBranch }), now);
    expect(summary(on("trunk"))).toEqual({});
    expect(summary(on("main"))).toEqual(alone);
  });

  it("where each ignored dependency is told, with the line", () => {
    const text = entry("ignore:\n  - dependency-name: lodash");
    expect(decide(rival, text).decisions[1]?.reason).toEqual({
      code: "ignored",
      detail: `the configuration ignores lodash (${rival}:8)`,
      origin: `${rival}:8`,
    });
  });
});

describe("steeplejack.yml decides", () => {
  it("the usual groups with an empty file", () => {
    expect(Object.keys(summary(decide(own, "")))).toEqual([
      "npm/development",
      "npm/runtime",
      "npm/major:eslint",
      "npm/major:express",
    ]);
  });

  it("for all at its top, and for an entry in it", () => {
    const text = `allow: [{ dependency-name: lodash }]\n${entry("allow: [{ dependency-name: express }]\ndefault-groups: true")}`;
    expect(summary(decide(own, text))).toEqual({
      "npm/major:express": ["express ^4.0.0 -> ^5.0.0"],
      "npm/runtime": ["express ^4.0.0 -> ^4.1.0"],
    });
  });

  it("for another branch as a whole, and security updates for the default one", () => {
    const flaw = advisory("GHSA-1", "lodash", { fixed: "4.17.21" });
    const found = findings(projects(""), known, [flaw]);
    const policies = readPolicies(own, "target-branch: next\n", { defaultBranch: "main" });
    expect(summary(plan(found, policies, now))).toEqual({
      "npm/security": ["lodash ^4.17.20 -> ^4.17.21"],
    });
    expect(summary(plan(found, readPolicies(own, "target-branch: next\n"), now))).toHaveProperty(
      "npm/runtime",
    );
    const next = policies.branches.get("next");
    expect(next && Object.keys(summary(plan(found, next, now)))).toEqual([
      "npm/development on next",
      "npm/runtime on next",
      "npm/major:eslint on next",
      "npm/major:express on next",
    ]);
  });

  it.each<[string, string, Record<string, string>]>([
    ["by name", "names: [lodash]", { lodash: "held: disabled" }],
    ["by what is not named", 'exclude-names: ["e*", "@*"]', { lodash: "held: disabled" }],
    [
      "by dependency type",
      "dependency-type: development",
      { eslint: "held: disabled", "eslint-plugin-n": "held: disabled" },
    ],
    ["by ecosystem", "ecosystems: [cargo]", {}],
    ["by path", 'paths: ["apps/**"]', {}],
    ["by size", "update-types: [patch]", { lodash: "held: disabled" }],
    ["by age", "names: [lodash]\n      min-age-days: 100", { lodash: "held: disabled" }],
    ["by youth", "names: [lodash]\n      max-age-days: 100", {}],
    ["by severity", "severity: high", {}],
    [
      "by what requires it",
      "kinds: [development, peer]",
      { eslint: "held: disabled", "eslint-plugin-n": "held: disabled" },
    ],
    ["by the version in use", 'current-version: "<4"', { "@aws-sdk/client-s3": "held: disabled" }],
  ])("by rules that match %s", (_, match, expected) => {
    const text = `rules:\n  - match:\n      ${match}\n    enabled: false\n`;
    const all = {
      express: "update: newer-release",
      lodash: "update: newer-release",
      "@aws-sdk/client-s3": "update: newer-release",
      eslint: "update: newer-release",
      "eslint-plugin-n": "update: newer-release",
    };
    expect(reasons(decide(own, text))).toEqual({ ...all, ...expected });
  });

  it("by rules that match what pins, and what is promised", () => {
    const all = project(
      manifest(
        dependency("express", "^4.0.0", { scope: "peer" }),
        dependency("lodash", "4.17.20", { kind: "override" }),
        dependency("eslint", "8.0.0", { kind: "package-manager", scope: "development" }),
        dependency("eslint-plugin-n", "^15.0.0", { scope: "optional" }),
        dependency("@aws-sdk/client-s3", "^3.0.0"),
      ),
    );
    const held = (kinds: string) => {
      const text = `rules: [{ match: { kinds: [${kinds}] }, enabled: false }]\n`;
      const told = reasons(plan(findings(all, known), readPolicies(own, text), now));
      return Object.keys(told).filter((name) => told[name] === "held: disabled");
    };
    expect(held("peer")).toEqual(["express"]);
    expect(held("override, package-manager")).toEqual(["lodash", "eslint"]);
    expect(held("optional")).toEqual(["eslint-plugin-n"]);
    expect(held("production, development")).toEqual(["@aws-sdk/client-s3"]);
  });

  it("by the last rule that matches", () => {
    const text = `
rules:
  - match: { names: ["*"] }
    cooldown: { default-days: 400 }
    group: slow
  - match: { names: [lodash] }
    cooldown: { default-days: 0 }
  - match: { names: [lodash], update-types: [patch] }
    group: quick
`;
    expect(summary(decide(own, text))).toEqual({ "npm/quick": ["lodash ^4.17.20 -> ^4.17.21"] });
  });

  it("which advisories are urgent", () => {
    const flaws = [
      { ...advisory("GHSA-1", "express", { fixed: "4.1.0" }), severity: "low" as const },
      { ...advisory("GHSA-2", "lodash", { fixed: "4.17.21" }), severity: "critical" as const },
    ];
    const text =
      "allow: [{ dependency-name: express }, { dependency-name: lodash }]\nsecurity: { severity: high }\n";
    expect(summary(decide(own, text, [""], flaws))).toEqual({
      "npm/major:express": ["express ^4.0.0 -> ^5.0.0"],
      "npm/runtime": ["express ^4.0.0 -> ^4.1.0"],
      "npm/security": ["lodash ^4.17.20 -> ^4.17.21"],
    });
    const reported = text.replace("severity: high", "response: report");
    expect(Object.keys(summary(decide(own, reported, [""], flaws)))).toEqual([
      "npm/runtime",
      "npm/major:express",
    ]);
  });
});

describe("what a scan must know the age of", () => {
  it.each([
    ["", 3],
    ["cooldown: { default-days: 0 }", 0],
    ["cooldown: { semver-major-days: 30 }", 30],
    ["rules: [{ match: {}, cooldown: { default-days: 14 } }]", 14],
    ["rules: [{ match: { min-age-days: 90 }, labels: [] }]", 90],
    [entry("cooldown: { default-days: 20 }"), 20],
  ])("%s", (text, days) => {
    expect(readPolicies(own, text).settledAfter).toBe(days);
  });
});
