import fc from "fast-check";
import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { readFile } from "../../../src/config/file.ts";
import { migratable, migrate, shadowing } from "../../../src/config/migrate/migrate.ts";
import { ConfigurationError } from "../../../src/domain/errors.ts";
import { memoryFiles } from "../../fakes.ts";

const supported = ["npm", "github-actions"];

/** What a configuration becomes, without what every one of them says. */
async function made(config: object) {
  const { text, unmatched } = await migrate("renovate.json", JSON.stringify(config), supported);
  const file: Record<string, unknown> = parse(text);
  const { "default-groups": _groups, cooldown, "exclude-paths": paths, ...rest } = file;
  return {
    ...rest,
    ...(JSON.stringify(cooldown) === '{"default-days":3}' ? {} : { cooldown }),
    ...(JSON.stringify(paths) === "[]" || paths === undefined ? {} : { "exclude-paths": paths }),
    ...(unmatched.length === 0 ? {} : { lost: unmatched.map(({ place }) => place) }),
  };
}

const rules = (...packageRules: object[]) => ({ packageRules });

describe("a configuration of Renovate", () => {
  it.each<[string, object, object]>([
    ["nothing", {}, {}],
    ["the recommended preset", { extends: ["config:recommended"] }, {}],
    [
      "labels and people",
      { labels: ["a"], addLabels: ["b"], assignees: ["@octocat"], reviewers: ["hubot"] },
      { labels: ["a", "b"], assignees: ["@octocat"], reviewers: ["hubot"] },
    ],
    ["a team without its organisation", { reviewers: ["team:web"] }, { lost: ["reviewers"] }],
    [
      "presets with arguments",
      {
        extends: [":label(deps)", ":assignAndReview(octocat)", ":timezone(Europe/Berlin)", "schedule:weekly"],
      },
      {
        labels: ["deps"],
        assignees: ["octocat"],
        reviewers: ["octocat"],
        schedule: { at: "before 04:00 on monday", timezone: "Europe/Berlin" },
      },
    ],
    ["presets that are overruled", { extends: [":automergeAll"], automerge: false }, { automerge: false }],
    ["presets that are ignored", { extends: ["schedule:weekly"], ignorePresets: ["schedule:weekly"] }, {}],
    ["a preset of another repository", { extends: ["github>acme/presets"] }, { lost: ["extends[0]"] }],
    ["ignored dependencies", { ignoreDeps: ["left-pad"] }, { ignore: [{ "dependency-name": "left-pad" }] }],
    [
      "ignored paths",
      { ignorePaths: ["legacy/**", "old"] },
      { "exclude-paths": ["legacy/**", "old/**", "**/old/**"] },
    ],
    ["ages in days", { minimumReleaseAge: "2 weeks" }, { cooldown: { "default-days": 14 } }],
    ["ages under their old name", { stabilityDays: 5 }, { cooldown: { "default-days": 5 } }],
    ["an age that is switched off", { minimumReleaseAge: null }, { cooldown: { "default-days": 0 } }],
    ["ranges", { rangeStrategy: "bump" }, { "versioning-strategy": "increase" }],
    [
      "pinned versions",
      { rangeStrategy: "pin" },
      { "versioning-strategy": "increase", lost: ["rangeStrategy"] },
    ],
    ["limits", { prConcurrentLimit: 4, prHourlyLimit: 0 }, { "open-pull-requests-limit": 4 }],
    ["a limit per hour", { prHourlyLimit: 2 }, { lost: ["prHourlyLimit"] }],
    ["a limit per hour by a preset", { extends: [":prHourlyLimit4"] }, { lost: ["extends[0]"] }],
    [
      "what is so anyway",
      {
        ignoreUnstable: true,
        respectLatest: true,
        ignoreDeprecated: true,
        updateNotScheduled: true,
        internalChecksFilter: "strict",
        fetchReleaseNotes: true,
        rebaseStalePrs: false,
        separateMinorPatch: false,
        postUpdateOptions: [],
        dependencyDashboardApproval: false,
      },
      { approval: false },
    ],
    [
      "what is never so",
      {
        ignoreUnstable: false,
        respectLatest: false,
        updateNotScheduled: false,
        internalChecksFilter: "none",
        fetchReleaseNotes: "off",
        rebaseStalePrs: true,
        postUpdateOptions: ["npmDedupe", "gomodTidy"],
      },
      {
        lost: [
          "ignoreUnstable",
          "respectLatest",
          "updateNotScheduled",
          "internalChecksFilter",
          "fetchReleaseNotes",
          "rebaseStalePrs",
          "postUpdateOptions",
        ],
      },
    ],
    ["approval of everything", { dependencyDashboardApproval: true }, { approval: true }],
    [
      "approval of majors",
      { extends: [":approveMajorUpdates"] },
      { rules: [{ match: { "update-types": ["major"] }, approval: true }] },
    ],
    [
      "hosts and their secrets",
      {
        hostRules: [
          { matchHost: "https://npm.acme.example/all/", hostType: "npm", token: "{{ secrets.NPM }}" },
          { matchHost: "other.example", username: "me", password: "hush" },
          { matchHost: "images.example", hostType: "docker", token: "hush" },
          { matchHost: "github.com", hostType: "github", token: "hush" },
          { hostType: "npm", token: "hush" },
          { matchHost: "slow.example", concurrentRequestLimit: 2 },
        ],
      },
      {
        registries: {
          "npm-acme-example": {
            type: "npm-registry",
            url: "https://npm.acme.example/all/",
            token: "${{secrets.NPM}}",
          },
          "other-example": {
            type: "npm-registry",
            url: "https://other.example/",
            username: "${{secrets.OTHER_EXAMPLE_USERNAME}}",
            password: "${{secrets.OTHER_EXAMPLE_PASSWORD}}",
          },
        },
        lost: [0, 1, 2, 3, 4, 5].map((at) => `hostRules[${at}]`),
      },
    ],
    ["no limit", { extends: [":disableRateLimiting"] }, { "open-pull-requests-limit": 1000 }],
    ["a prefix", { commitMessagePrefix: "build:" }, { "commit-message": { prefix: "build" } }],
    [
      "semantic commits",
      { semanticCommits: "enabled" },
      { "commit-message": { prefix: "chore", include: "scope" } },
    ],
    [
      "semantic commits by kind",
      { extends: ["config:recommended", ":semanticCommits"] },
      { "commit-message": { prefix: "fix", "prefix-development": "chore", include: "scope" } },
    ],
    [
      "a scope",
      { semanticCommitType: "build", semanticCommitScope: "npm" },
      { "commit-message": { prefix: "build(npm)" } },
    ],
    [
      "lockfiles made anew",
      { lockFileMaintenance: { enabled: true, schedule: ["every weekend"] } },
      { "lock-maintenance": { schedule: { at: "every weekend" } } },
    ],
    [
      "no security updates",
      { vulnerabilityAlerts: { enabled: false } },
      { security: { response: "report" } },
    ],
    [
      "labels of security updates",
      { vulnerabilityAlerts: { labels: ["security"] } },
      { rules: [{ match: { severity: "low" }, labels: ["security"] }] },
    ],
    ["everything off", { enabled: false }, { rules: [{ match: {}, enabled: false }] }],
    [
      "some managers only",
      { enabledManagers: ["npm"] },
      { rules: [{ match: { ecosystems: ["github-actions"] }, enabled: false }] },
    ],
    [
      "a manager",
      { "github-actions": { enabled: false, fileMatch: ["x"] } },
      { rules: [{ match: { ecosystems: ["github-actions"] }, enabled: false }] },
    ],
    [
      "majors",
      { major: { enabled: false } },
      { rules: [{ match: { "update-types": ["major"] }, enabled: false }] },
    ],
    ["another branch", { baseBranches: ["develop"] }, { "target-branch": "develop" }],
    [
      "merging",
      { automerge: true, automergeStrategy: "squash" },
      { automerge: { "update-types": ["major", "minor", "patch"], method: "squash" } },
    ],
    ["the dashboard", { extends: [":disableDependencyDashboard"] }, { dashboard: false }],
    ["what has no equal", { customManagers: [], npmrc: "" }, { lost: ["customManagers", "npmrc"] }],
    ["what nobody knows", { labls: [] }, { lost: ["labls"] }],
    ["a wrong type", { labels: 3, minimumReleaseAge: "soon" }, { lost: ["labels", "minimumReleaseAge"] }],
  ])("says %s", async (_, config, expected) => {
    expect(await made(config)).toEqual(expected);
  });

  it.each<[string, object, object]>([
    [
      "names and expressions",
      { matchPackageNames: ["react", "/^eslint/", "!eslint-config-acme"], enabled: false },
      { names: ["react", "eslint*"], "exclude-names": ["eslint-config-acme"] },
    ],
    [
      "old names",
      { packagePatterns: ["^@types/"], packageNames: ["node"], excludePackageNames: ["x"], enabled: false },
      { names: ["@types/*", "node"], "exclude-names": ["x"] },
    ],
    ["prefixes", { matchPackagePrefixes: ["@acme/"], enabled: false }, { names: ["@acme/*"] }],
    [
      "kinds of dependencies",
      { matchDepTypes: ["devDependencies"], enabled: false },
      { "dependency-type": "development" },
    ],
    [
      "peers and what pins",
      { matchDepTypes: ["peerDependencies", "resolutions", "pnpm.overrides"], enabled: false },
      { kinds: ["peer", "override"] },
    ],
    [
      "tools",
      { matchDepTypes: ["packageManager", "engines"], enabled: false },
      { kinds: ["package-manager", "engine"] },
    ],
    ["what is stable", { matchCurrentVersion: "!/^0/", enabled: false }, { "current-version": ">=1.0.0" }],
    ["a range in use", { matchCurrentVersion: "< 2", enabled: false }, { "current-version": "< 2" }],
    ["all kinds", { matchDepTypes: ["dependencies", "devDependencies"], enabled: false }, {}],
    [
      "sizes",
      { matchUpdateTypes: ["minor", "patch", "digest"], enabled: false },
      { "update-types": ["minor", "patch"] },
    ],
    ["managers", { matchManagers: ["npm", "dockerfile"], enabled: false }, { ecosystems: ["npm", "docker"] }],
    ["categories", { matchCategories: ["java"], enabled: false }, { ecosystems: ["maven", "gradle"] }],
    [
      "paths",
      { matchFileNames: ["apps/**", "tools", "+(package.json)"], enabled: false },
      { paths: ["apps/**", "tools/**", "**/tools/**", "package.json", "**/package.json"] },
    ],
    [
      "a preset",
      { extends: ["packages:eslint"], enabled: false },
      { names: ["eslint*", "@eslint/*", "@typescript-eslint/*"] },
    ],
  ])("matches %s", async (_, rule, match) => {
    expect(await made(rules(rule))).toEqual({ rules: [{ match, enabled: false }] });
  });

  it.each<[string, object]>([
    ["matchCurrentVersion", { matchCurrentVersion: "/-rc/", automerge: true }],
    ["matchPackageNames", { matchPackageNames: ["/^(?!a)/"], automerge: true }],
    ["matchDepTypes", { matchDepTypes: ["constructor"], enabled: false }],
    ["matchDepTypes", { matchDepTypes: ["volta"], enabled: false }],
    ["matchFileNames", { matchFileNames: ["!apps/**"], enabled: false }],
    ["matchSourceUrls", { matchSourceUrls: ["https://github.com/a/b"], groupName: "b" }],
  ])("leaves out a rule that would fit too much without %s", async (key, rule) => {
    expect(await made(rules(rule))).toEqual({ lost: [`packageRules[0].${key}`] });
  });

  it("says nothing of updates that there are none of", async () => {
    expect(await made(rules({ matchUpdateTypes: ["digest", "pin"], automerge: true }))).toEqual({});
  });

  it("parts the majors of a group, unless it is told not to", async () => {
    const react = { matchPackageNames: ["react*"], groupName: "react" };
    expect(await made(rules(react))).toEqual({
      rules: [
        { match: { names: ["react*"] }, group: "react" },
        { match: { names: ["react*"], "update-types": ["major"] }, group: "react (major)" },
      ],
    });
    expect(await made({ ...rules(react), separateMajorMinor: false })).toEqual({
      rules: [{ match: { names: ["react*"] }, group: "react" }],
    });
  });

  it("parts the patches of a group, where it is told to", async () => {
    const react = { matchPackageNames: ["react*"], groupName: "react", separateMinorPatch: true };
    expect(await made({ ...rules(react), separateMajorMinor: false })).toEqual({
      rules: [
        { match: { names: ["react*"] }, group: "react" },
        { match: { names: ["react*"], "update-types": ["patch"] }, group: "react (patch)" },
      ],
      lost: ["packageRules[0].separateMinorPatch"],
    });
  });

  it("repeats no secret", async () => {
    const hostRules = [
      { matchHost: "a.example", token: "npm_hush" },
      { matchHost: "https://me:hush@b.example", token: "hush" },
    ];
    const { text } = await migrate(
      "renovate.json",
      JSON.stringify({ hostRules, npmToken: "hush" }),
      supported,
    );
    expect(text).not.toContain("hush");
  });

  it("turns what is allowed into what is ignored", async () => {
    const rule = { matchPackageNames: ["react"], allowedVersions: "<19" };
    expect(await made({ ...rules(rule), ignoreDeps: ["vue"] })).toEqual({
      ignore: [{ "dependency-name": "vue" }],
      rules: [
        { match: { names: ["react"] }, ignore: [{ "dependency-name": "vue" }, { versions: [">=19"] }] },
      ],
    });
  });

  it("adds labels to those of the top", async () => {
    expect(await made({ labels: ["deps"], ...rules({ matchManagers: ["npm"], addLabels: ["js"] }) })).toEqual(
      {
        labels: ["deps"],
        rules: [{ match: { ecosystems: ["npm"] }, labels: ["deps", "js"] }],
      },
    );
  });

  it("is written with comments", async () => {
    const config = `{
      // of the platform team
      extends: ['config:recommended', 'github>acme/presets'],
      packageRules: [{ description: 'Linters', matchPackageNames: ['eslint*'], matchUpdateTypes: ['minor', 'patch'], groupName: 'linters', automerge: true }],
    }`;
    const { text } = await migrate(".github/renovate.json5", config, supported);
    expect(text).toMatchInlineSnapshot(`
      "# Made from .github/renovate.json5. Delete that file when you are content with this one.
      #
      # Not taken over:
      # - extends[1]: "github>acme/presets" is a file of its own: migrate it too, and name the result under \`extends\`

      # Renovate groups only what it is told to. Without this line small updates travel together.
      default-groups: false
      # Renovate takes a release at once unless it is told to wait: 0 does so too.
      cooldown:
        default-days: 3
      rules:
        - description: Linters
          match:
            names:
              - eslint*
            update-types:
              - minor
              - patch
          automerge: true
          group: linters
      "
    `);
  });
});

it("keeps the text of a dependabot.yml, and tells what has no effect", async () => {
  const text = `version: 2
# weekly is enough
updates:
  - { package-ecosystem: npm, directory: /, schedule: { interval: weekly } }
  - { package-ecosystem: cargo, directory: /, schedule: { interval: weekly } }
`;
  expect((await migrate(".github/dependabot.yml", text, ["npm"])).text).toMatchInlineSnapshot(`
    "# Made from .github/dependabot.yml. Delete that file when you are content with this one.
    #
    # Not taken over:
    # - line 5: cargo is not supported yet: this entry has no effect. Supported: npm

    version: 2
    # weekly is enough
    updates:
      - { package-ecosystem: npm, directory: /, schedule: { interval: weekly } }
      - { package-ecosystem: cargo, directory: /, schedule: { interval: weekly } }
    "
  `);
});

describe("a dependabot.yml in shadow", () => {
  const updates = "updates:\n  - { package-ecosystem: npm, directory: /, schedule: { interval: weekly } }\n";
  it.each([
    ["as usual", `version: 2\n${updates}`],
    ["after comments", `# ours\n\nversion: 2\n${updates}`],
    ["with a line that begins it", `# ours\n--- # here\nversion: 2\n${updates}`],
    ["with a directive", `%YAML 1.2\n---\nversion: 2\n${updates}`],
    ["with other ends of lines", `version: 2\n${updates}`.replaceAll("\n", "\r\n")],
    ["with a mark of its encoding", `\uFEFFversion: 2\n${updates}`],
    ["indented", `  version: 2\n${updates.replaceAll(/^/gm, "  ").trimEnd()}\n`],
    [
      "on one line",
      "{ version: 2, updates: [{ package-ecosystem: npm, directory: /, schedule: { interval: weekly } }] }",
    ],
  ])("is one file that opens nothing, %s", (_, text) => {
    const { text: made } = shadowing(".github/dependabot.yml", text, ["npm"]);
    expect(made).toContain("mode: report");
    const { mode, version, updates: entries } = readFile(".github/steeplejack.yml", made).file;
    expect({ mode, version, entries: entries?.length }).toEqual({ mode: "report", version: 2, entries: 1 });
  });

  it("must be valid", () => {
    expect(() => shadowing(".github/dependabot.yml", "version: 1\n", ["npm"])).toThrow(ConfigurationError);
  });
});

it("finds the first file of each tool", async () => {
  expect(
    await migratable(
      memoryFiles({
        "package.json": '{ "renovate": {} }',
        ".renovaterc": "{}",
        ".github/dependabot.yaml": "",
      }),
    ),
  ).toEqual([".renovaterc", ".github/dependabot.yaml"]);
  expect(await migratable(memoryFiles({ "package.json": '{ "renovate": {} }' }))).toEqual(["package.json"]);
  expect(await migratable(memoryFiles({ "package.json": "{}" }))).toEqual([]);
});

describe("a hostile configuration of Renovate", () => {
  const keys = fc.constantFrom(
    "extends", "packageRules", "matchPackageNames", "matchPackagePatterns", "matchDepTypes", "matchFileNames",
    "matchUpdateTypes", "matchManagers", "groupName", "labels", "addLabels", "schedule", "timezone", "automerge",
    "minimumReleaseAge", "ignoreDeps", "ignorePaths", "rangeStrategy", "prConcurrentLimit", "major", "npm",
    "commitMessagePrefix", "semanticCommitType", "lockFileMaintenance", "vulnerabilityAlerts", "baseBranches",
    "allowedVersions", "enabledManagers", "hostRules", "matchHost", "token", "matchCurrentVersion", "postUpdateOptions",
    "dependencyDashboardApproval", "separateMinorPatch", "prHourlyLimit", "description", "__proto__", "constructor", "toString",
  ); // prettier-ignore
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.string(),
      fc.constantFrom(
        "config:recommended",
        ":automergeAll",
        "group:all",
        "/^a/",
        "3 days",
        "npm",
        "\u0000",
        "a\nb: [",
        "a".repeat(2_000),
      ),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(keys, tie("value"), { maxKeys: 6 }),
    ),
  }));

  it("always gives a file that can be read", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(keys, value, { maxKeys: 8 }), async (config) => {
        const { text } = await migrate("renovate.json", JSON.stringify(config), supported);
        expect(readFile(".github/steeplejack.yml", text).file["default-groups"]).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["too deep", `${'{"major":'.repeat(60)}1${"}".repeat(60)}`],
    ["too long", `{"description":"${"a".repeat(600_000)}"}`],
  ])("refuses %s", async (_, text) => {
    await expect(migrate("renovate.json", text, supported)).rejects.toThrow(ConfigurationError);
  });
});
