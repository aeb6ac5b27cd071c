import { describe, expect, it } from "vitest";
import { readFile } from "../../src/config/file.ts";
import { type LintContext, lintsOf } from "../../src/config/lints.ts";

const context: LintContext = {
  ecosystems: ["npm"],
  repository: { owner: "acme", name: "web" },
  now: new Date("2026-06-01T12:00:00Z"),
};

function warnings(text: string, more: Partial<LintContext> = {}, path = ".github/steeplejack.yml"): string[] {
  return lintsOf(readFile(path, text), { ...context, ...more }).map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  );
}

const entry = (more: string) =>
  `version: 2\nupdates:\n  - package-ecosystem: npm\n    directory: /\n    schedule: { interval: daily }\n    ${more}\n`;

describe("a valid configuration may surprise", () => {
  it.each<[string, string, string[]]>([
    ["not by itself", "labels: [deps]\nschedule: { interval: weekly }\n", []],
    ["not by what means the default", "vendor: false\ninsecure-external-code-execution: deny\n", []],
    ["not where a bare entry has no groups", entry("labels: []"), []],
    [
      "by groups that leave security updates alone",
      entry('groups: { all: { patterns: ["*"] } }'),
      [
        '6:5 these groups hold version updates only: each vulnerable dependency gets a pull request of its own. Add a group with "applies-to: security-updates"',
      ],
    ],
    ["not where security updates are grouped by default", 'groups: { all: { patterns: ["*"] } }\n', []],
    [
      "by a limit below the groups",
      "open-pull-requests-limit: 1\ngroups: { a: { patterns: [a] }, b: { patterns: [b] }, c: { applies-to: security-updates } }\n",
      ["1:1 2 groups do not fit into a limit of 1 open pull requests: the last ones wait for the first"],
    ],
    [
      "by limits of groups that never count",
      "open-pull-requests-limit: 2\ngroups:\n  a: { patterns: [a], open-pull-requests-limit: 3 }\n  b: { patterns: [b], open-pull-requests-limit: 1 }\n  c: { applies-to: security-updates, open-pull-requests-limit: 1 }\n",
      [
        "3:23 the limit of 2 around it is lower: this one is never reached",
        "5:38 security updates are never limited: this has no effect",
      ],
    ],
    [
      "by approval without a dashboard",
      "dashboard: false\nrules: [{ match: {}, approval: true }]\n",
      [
        '2:22 "approval" waits for a box in the dashboard, and "dashboard: false" goes without: nothing is ever opened',
      ],
    ],
    ["by a schedule that never comes", 'schedule: "0 5 30 2 *"\n', ["1:1 this schedule never comes"]],
    ["not by a window", "schedule: before 5am on monday\n", []],
    [
      "by what is not supported yet",
      "version: 2\nupdates:\n  - { package-ecosystem: cargo, directory: /, schedule: { interval: daily } }\n",
      ["3:7 cargo is not supported yet: this entry has no effect. Supported: npm"],
    ],
    [
      "by what is accepted and has no effect yet",
      "vendor: true\nenable-beta-ecosystems: true\nrules: [{ match: {}, target-branch: x, insecure-external-code-execution: allow }]\n",
      [
        '1:1 "vendor" has no effect: copies of dependencies are kept by Go modules and Bundler, which are not supported yet',
        '2:1 "enable-beta-ecosystems" has no effect: all that are supported are enabled',
        '3:22 "target-branch" has an effect at the top and in an entry of "updates" only',
        '3:40 "insecure-external-code-execution" has no effect: no code of a repository or of a package is ever run',
      ],
    ],
    [
      "by another branch",
      entry("target-branch: next"),
      ["6:5 a scan of a folder leaves this entry aside: it is for the branch next"],
    ],
    [
      "by an entry without a schedule, and by what branches are called",
      "version: 2\nupdates:\n  - package-ecosystem: npm\n    directory: /\n    pull-request-branch-name: { separator: '-', max-length: 60 }\n",
      [
        "3:5 without a schedule, new pull requests may come at any time",
        '5:49 "max-length" has no effect: branches are named after their groups, by which they are found again, and only "separator" can be chosen',
      ],
    ],
    [
      "by two entries for one folder",
      `${entry("labels: []")}  - { package-ecosystem: npm, directories: [/, /web], schedule: { interval: daily } }\n`,
      ["7:5 an entry before this one is for the same folder, and wins"],
    ],
    [
      "by registries of another type",
      'registries: { a: { type: docker-registry, url: "https://d.example", token: "${{secrets.X}}" } }\n',
      [
        "1:15 registries of the type docker-registry are for what is not supported yet: this one is never asked",
      ],
    ],
    [
      "by registries that name no address, keys of other types, and what nobody names",
      `registries:
  a: { type: npm-registry, token: "\${{secrets.X}}" }
  b: { type: npm-registry, url: npm.acme.example, key: k, username: me, replaces-base: true }
updates: [{ package-ecosystem: npm, directory: /, schedule: { interval: daily }, registries: [a] }]
`,
      [
        '2:3 without a "url" of the web this registry has no effect, such as https://npm.acme.example',
        '3:51 "key" has no effect: the operator keeps what registries ask for, by host',
        '3:73 no entry of "updates" names this registry: it replaces none',
      ],
    ],
  ])("%s", (_, text, expected) => {
    expect(warnings(text)).toEqual(expected);
  });

  it("by patterns that fit nothing, where the dependencies are known", () => {
    const text =
      'groups: { lint: { patterns: ["eslint*", prettier] } }\nignore: [{ dependency-name: "left-*" }]\n';
    expect(warnings(text)).toEqual([]);
    expect(warnings(text, { names: ["eslint-plugin-n", "react"] })).toEqual([
      '1:41 "prettier" fits no dependency of this repository',
      '2:10 "left-*" fits no dependency of this repository',
    ]);
  });

  it("by secrets that the operator does not have, or not for this host", () => {
    const text = `
registries:
  ours: { type: npm-registry, url: "https://npm.acme.example/team", token: "\${{ secrets.OURS }}" }
  theirs: { type: npm-registry, url: "https://evil.example", token: "\${{secrets.OURS}}" }
  unknown: { type: npm-registry, url: "https://npm.acme.example", token: "\${{secrets.NONE}}" }
  plain: { type: npm-registry, url: "https://npm.acme.example", token: npm_abc }
`;
    const secrets = [{ name: "OURS", host: "npm.acme.example/team", token: "t" }];
    expect(warnings(text, { secrets })).toEqual([
      "4:62 the operator's secret OURS is not for evil.example, and is not sent there",
      "5:67 the operator has no secret NONE: without it only public packages are found",
      "6:65 a secret is written here, and is not used: write ${{secrets.NAME}}",
    ]);
  });
});

describe("a faulty configuration tells every fault, by line", () => {
  const faults = (text: string, path = ".github/dependabot.yml") => {
    try {
      readFile(path, text);
      return [];
    } catch (error) {
      return error instanceof Error ? error.message.replace(`${path}: `, "").split("; ") : [];
    }
  };

  it.each<[string, string, string[]]>([
    [
      "what must be there",
      "updates:\n  - package-ecosystem: npm\n",
      [
        'line 1, column 1: "version" is missing: expected 2',
        'line 2, column 5: "updates[0]" names no folder: add "directory" or "directories", such as directory: /',
      ],
    ],
    [
      "what belongs into the other file",
      "version: 2\nupdates: []\nrules: []\n",
      [
        'line 3, column 1: "rules" does not belong into dependabot.yml: rename the file to .github/steeplejack.yml to use it',
      ],
    ],
    [
      "names that are not there",
      `version: 2
registries: { npm-acme: { type: npm-registry } }
updates:
  - package-ecosystem: npm
    directories: ["/"]
    registries: [npm-acne]
    multi-ecosystem-group: all
    patterns: ["*"]
`,
      [
        'line 6, column 5: "updates[0].registries" is "npm-acne": there is no registry of this name. Did you mean "npm-acme"?',
        'line 7, column 5: "updates[0].multi-ecosystem-group" is "all": there is no group of this name',
      ],
    ],
    [
      "cron without an expression",
      entry("").replace("interval: daily", "interval: cron"),
      [
        'line 5, column 15: "schedule.cronjob" is missing: with interval: cron it says when, such as "0 5 * * 1"',
      ],
    ],
    [
      "values of the wrong kind, with what was meant",
      entry(
        "versioning-strategy: increase-if-necesary\n    open-pull-requests-limit: -1\n    milestone: four\n    vendor: 'yes'",
      ),
      [
        'line 6, column 26: "updates[0].versioning-strategy" is "increase-if-necesary": expected one of auto, increase, increase-if-necessary, lockfile-only, widen. Did you mean "increase-if-necessary"?',
        'line 7, column 31: "updates[0].open-pull-requests-limit" is -1: expected at least 0',
        `line 8, column 16: "updates[0].milestone" is "four": expected a milestone's number`,
        'line 9, column 13: "updates[0].vendor" is "yes": expected true or false',
      ],
    ],
  ])("%s", (_, text, expected) => {
    expect(faults(text)).toEqual(expected);
  });
});
