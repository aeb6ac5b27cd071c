/** A configuration of Renovate, or a part of one. */
export type Table = Readonly<Record<string, unknown>>;

/** What a preset says, or why that is not known. */
export function presetOf(written: string): Table | string {
  const [, name = "", args = ""] = /^([^()]*)(?:\((.*)\))?$/.exec(written) ?? [];
  const key = name.replace(/^default:/, ":");
  const known = Object.hasOwn(presets, key) ? presets[key] : undefined;
  const given = args.split(",").map((arg) => arg.trim());
  if (known !== undefined) return typeof known === "function" ? known(given) : known;
  if (/^(?:github|gitlab|gitea|forgejo|local|bitbucket)>|^https?:|^@|\//.test(written))
    return `"${written}" is a file of its own: migrate it too, and name the result under \`extends\``;
  if (/^(?:group|monorepo):/.test(name))
    return `"${written}": what is released together shares a pull request by itself; for other groups write \`groups\``;
  if (
    /^(?:replacements|workarounds|mergeConfidence|abandonments|security|customManagers|regexManagers):/.test(
      name,
    )
  )
    return `"${written}" has no equal`;
  return `"${written}" is not known`;
}

const ruleFor = (match: Table, options: Table): Table => ({ packageRules: [{ ...match, ...options }] });
const everything = { matchPackageNames: ["*"] };
const development = { matchDepTypes: ["devDependencies"] };
const nothing: Table = {};

/** What Steeplejack leaves out by itself, too. */
export const modulesAndTests: readonly string[] = [
  "**/node_modules/**",
  "**/bower_components/**",
  "**/vendor/**",
  "**/examples/**",
  "**/__tests__/**",
  "**/test/**",
  "**/tests/**",
  "**/__fixtures__/**",
];

const early = "before 4am";
const schedules: Readonly<Record<string, readonly string[]>> = {
  daily: [early],
  earlyMondays: [`${early} on monday`],
  weekly: [`${early} on monday`],
  monthly: [`${early} on the first day of the month`],
  nonOfficeHours: ["after 10pm every weekday", "before 5am every weekday", "every weekend"],
  officeHours: ["* 8-17 * * 1-5"],
  quarterly: ["every 3 months on the first day of the month"],
  weekdays: ["every weekday"],
  weekends: ["every weekend"],
  yearly: ["every 12 months on the first day of the month"],
};

const linters = [
  "eslint*",
  "@eslint/*",
  "@typescript-eslint/*",
  "@stylistic/*",
  "oxlint",
  "stylelint*",
  "tslint*",
];
const testers = [
  "jest*",
  "@jest/*",
  "@types/jest",
  "vitest",
  "@vitest/*",
  "mocha*",
  "chai*",
  "sinon*",
  "cypress",
  "@playwright/*",
];

/** Renovate's own presets, in its own words; what Steeplejack does by itself is empty. */
const presets: Readonly<Record<string, Table | ((args: readonly string[]) => Table)>> = {
  "config:recommended": { extends: [":ignoreModulesAndTests", ":semanticPrefixFixDepsChoreOthers"] },
  "config:base": { extends: ["config:recommended"] },
  "config:best-practices": {
    extends: [
      "config:recommended",
      "docker:pinDigests",
      "helpers:pinGitHubActionDigests",
      ":pinDevDependencies",
    ],
  },
  "config:js-app": { extends: ["config:recommended", ":pinAllExceptPeerDependencies"] },
  "config:js-lib": { extends: ["config:recommended", ":pinOnlyDevDependencies"] },
  "config:semverAllMonthly": {
    extends: [":preserveSemverRanges", "group:all", "schedule:monthly", ":maintainLockFilesMonthly"],
  },
  "config:semverAllWeekly": {
    extends: [":preserveSemverRanges", "group:all", "schedule:weekly", ":maintainLockFilesWeekly"],
  },
  ":app": { extends: ["config:js-app"] },
  ":library": { extends: ["config:js-lib"] },
  ":ignoreModulesAndTests": { ignorePaths: modulesAndTests },
  ":includeNodeModules": { ignorePaths: [] },

  ":semanticCommits": { semanticCommits: "enabled" },
  ":semanticCommitsDisabled": { semanticCommits: "disabled" },
  ":semanticPrefixFixDepsChoreOthers": { semanticPrefix: "fix, chore" },
  ":semanticPrefixFix": { semanticCommitType: "fix" },
  ":semanticPrefixChore": { semanticCommitType: "chore" },
  ":semanticCommitType": ([type]) => ({ semanticCommitType: type }),
  ":semanticCommitTypeAll": ([type]) => ({ semanticCommitType: type }),
  ":semanticCommitScope": ([scope]) => ({ semanticCommitScope: scope }),
  ":semanticCommitScopeDisabled": { semanticCommitScope: null },

  "group:monorepos": nothing,
  "group:recommended": nothing,
  "group:all": { separateMajorMinor: false, ...ruleFor(everything, { groupName: "all dependencies" }) },
  "group:allNonMajor": ruleFor(
    { ...everything, matchUpdateTypes: ["minor", "patch"] },
    { groupName: "all non-major dependencies" },
  ),
  "group:definitelyTyped": ruleFor({ matchPackageNames: ["@types/*"] }, { groupName: "definitelyTyped" }),
  "group:linters": ruleFor({ matchPackageNames: linters }, { groupName: "linters" }),
  "group:test": ruleFor({ matchPackageNames: testers }, { groupName: "test packages" }),
  "group:unitTest": ruleFor({ matchPackageNames: testers }, { groupName: "unit test packages" }),
  "packages:linters": { matchPackageNames: linters },
  "packages:jsUnitTest": { matchPackageNames: testers },
  "packages:unitTest": { matchPackageNames: testers },
  "packages:test": { matchPackageNames: testers },
  "packages:eslint": { matchPackageNames: ["eslint*", "@eslint/*", "@typescript-eslint/*"] },

  ...Object.fromEntries(
    Object.entries(schedules).map(([name, schedule]) => [`schedule:${name}`, { schedule }]),
  ),

  ":automergeDisabled": { automerge: false },
  ":automergeAll": { automerge: true },
  ":automergeMajor": { automerge: true },
  ":automergeMinor": { minor: { automerge: true }, patch: { automerge: true } },
  ":automergePatch": { patch: { automerge: true } },
  ":automergeStableNonMajor": { minor: { automerge: true }, patch: { automerge: true } },
  ":automergeDigest": nothing,
  ":automergePr": nothing,
  ":automergeBranch": { automergeType: "branch" },
  ":automergeRequireAllStatusChecks": nothing,
  ":skipStatusChecks": { ignoreTests: true },
  ":automergeLinters": ruleFor({ matchPackageNames: linters }, { automerge: true }),
  ":automergeTesters": ruleFor({ matchPackageNames: testers }, { automerge: true }),
  ":automergeTypes": ruleFor({ matchPackageNames: ["@types/*"] }, { automerge: true }),

  ":pinVersions": { rangeStrategy: "pin" },
  ":preserveSemverRanges": { rangeStrategy: "replace" },
  ":autodetectPinVersions": { rangeStrategy: "auto" },
  ":pinAllExceptPeerDependencies": { rangeStrategy: "pin" },
  ":pinDependencies": ruleFor({ matchDepTypes: ["dependencies"] }, { rangeStrategy: "pin" }),
  ":pinDevDependencies": ruleFor(development, { rangeStrategy: "pin" }),
  ":pinOnlyDevDependencies": {
    rangeStrategy: "replace",
    ...ruleFor(development, { rangeStrategy: "pin" }),
  },
  ":widenPeerDependencies": nothing,
  ":doNotPinPackage": ([name]) => ruleFor({ matchPackageNames: [name] }, { rangeStrategy: "replace" }),

  ":disableRenovate": { enabled: false },
  ":enableRenovate": { enabled: true },
  ":disableMajorUpdates": { major: { enabled: false } },
  ":disableDevDependencies": ruleFor(development, { enabled: false }),
  ":disablePeerDependencies": ruleFor({ matchDepTypes: ["peerDependencies"] }, { enabled: false }),
  ":disableDigestUpdates": nothing,
  ":approveMajorUpdates": { major: { dependencyDashboardApproval: true } },
  ":onlyNpm": { enabledManagers: ["npm"] },
  "helpers:disableTypesNodeMajor": ruleFor(
    { matchPackageNames: ["@types/node"], matchUpdateTypes: ["major"] },
    { enabled: false },
  ),

  ":prHourlyLimitNone": nothing,
  ":prHourlyLimit1": { prHourlyLimit: 1 },
  ":prHourlyLimit2": { prHourlyLimit: 2 },
  ":prHourlyLimit4": { prHourlyLimit: 4 },
  ":prConcurrentLimitNone": { prConcurrentLimit: 0 },
  ":prConcurrentLimit10": { prConcurrentLimit: 10 },
  ":prConcurrentLimit20": { prConcurrentLimit: 20 },
  ":disableRateLimiting": { prConcurrentLimit: 0 },
  ":prImmediately": nothing,
  ":prNotPending": { prCreation: "not-pending" },
  ":rebaseStalePrs": { rebaseWhen: "behind-base-branch" },
  ":noUnscheduledUpdates": { updateNotScheduled: false },
  ":updateNotScheduled": nothing,

  ":maintainLockFilesDisabled": { lockFileMaintenance: { enabled: false } },
  ":maintainLockFilesWeekly": { lockFileMaintenance: { enabled: true, schedule: schedules["weekly"] } },
  ":maintainLockFilesMonthly": { lockFileMaintenance: { enabled: true, schedule: schedules["monthly"] } },

  ":label": ([label]) => ({ labels: [label] }),
  ":labels": (labels) => ({ labels }),
  ":assignee": ([login]) => ({ assignees: [login] }),
  ":reviewer": ([login]) => ({ reviewers: [login] }),
  ":assignAndReview": ([login]) => ({ assignees: [login], reviewers: [login] }),
  ":timezone": ([timezone]) => ({ timezone }),

  ":enableVulnerabilityAlerts": nothing,
  ":enableVulnerabilityAlertsWithLabel": ([label]) => ({ vulnerabilityAlerts: { labels: [label] } }),
  ":disableVulnerabilityAlerts": { vulnerabilityAlerts: { enabled: false } },
  "security:openssf-scorecard": nothing,
  "security:minimumReleaseAgeNpm": { minimumReleaseAge: "3 days" },
  "npm:unpublishSafe": { minimumReleaseAge: "3 days" },

  ":dependencyDashboard": { dependencyDashboard: true },
  ":disableDependencyDashboard": { dependencyDashboard: false },
  ":dependencyDashboardApproval": { dependencyDashboardApproval: true },
  ":masterIssue": { dependencyDashboard: true },
  ":configMigration": nothing,
  ":separateMajorReleases": nothing,
  ":combinePatchMinorReleases": nothing,
  ":separateMultipleMajorReleases": { separateMultipleMajor: true },
  ":separatePatchReleases": { separateMinorPatch: true },
  ":ignoreUnstable": nothing,
  ":respectLatest": nothing,
  ":renovatePrefix": nothing,
  ":gitSignOff": { commitBody: "Signed-off-by" },
  ":npm": nothing,
  ":docker": nothing,
  ":gomod": nothing,
  ":enablePreCommit": nothing,
  "docker:enableMajor": nothing,
  "docker:disable": { docker: { enabled: false } },
  "docker:pinDigests": { pinDigests: true },
  ":pinDigestsDisabled": nothing,
  "helpers:pinGitHubActionDigests": { pinDigests: true },
  "helpers:pinGitHubActionDigestsToSemver": { pinDigests: true },
  "replacements:all": nothing,
  "workarounds:all": nothing,
  "mergeConfidence:all-badges": nothing,
  "mergeConfidence:age-confidence-badges": nothing,
  "abandonments:recommended": nothing,
};
