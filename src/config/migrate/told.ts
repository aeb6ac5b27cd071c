/** Keys of which some values ask for what is so anyway, and the others for what is not. */
export const asUsual: Readonly<
  Record<string, { readonly values: readonly unknown[]; readonly why: string }>
> = {
  fetchChangeLogs: { values: [true, "pr", "branch"], why: "release notes are always shown" },
  fetchReleaseNotes: { values: [true, "pr", "branch"], why: "release notes are always shown" },
  ignoreDeprecated: { values: [true], why: "deprecated releases are never proposed" },
  ignoreUnstable: { values: [true], why: "prereleases are for those who use one of the same version" },
  internalChecksFilter: { values: ["strict", "flexible"], why: "what has not cooled is never proposed" },
  prHourlyLimit: {
    values: [0, null],
    why: "the pace is set for all repositories together, by what GitHub takes; see `open-pull-requests-limit` and `schedule`",
  },
  rebaseStalePrs: {
    values: [false, null],
    why: "pull requests are made anew where they conflict, and not whenever their base moves",
  },
  respectLatest: { values: [true], why: "what lies above the dist-tag `latest` is not proposed" },
  updateNotScheduled: { values: [true], why: "what is open is kept up to date at any time" },
};

/** What needs no word here: it is so anyway, it is read elsewhere, or it is about Renovate itself. */
export const silent = new Set([
  "$schema",
  "automergeStrategy",
  "configMigration",
  "configWarningReuseIssue",
  "dependencyDashboard",
  "description",
  "extends",
  "groupSlug",
  "ignorePresets",
  "minimumReleaseAgeBehaviour",
  "onboarding",
  "osvVulnerabilityAlerts",
  "platform",
  "platformAutomerge",
  "platformCommit",
  "repositories",
  "requireConfig",
  "semanticPrefix",
  "separateMajorMinor",
  "suppressNotifications",
  "timezone",
  "transitiveRemediation",
]);

const reasons: readonly (readonly [RegExp, string])[] = [
  [/^(?:branch|additionalBranchPrefix|hashedBranchLength)/, "branches have names of their own"],
  [
    /^(?:commit|prTitle|prBody|prHeader|prFooter|semantic)/,
    "titles and messages have a shape of their own: only their prefix can be chosen",
  ],
  [
    /^(?:customManagers|regexManagers|customDatasources|fileMatch|managerFilePatterns|includePaths|enabledManagers)$/,
    "every project is found by itself, and other files are not read",
  ],
  [
    /^(?:npmrc|npmToken|registryUrls|registryAliases|encrypted|secrets)/,
    "what is private needs a secret of the operator: see `registries`",
  ],
  [
    /^(?:automergeType|automergeSchedule|ignoreTests|requiredStatusChecks)$/,
    "pull requests are merged once their checks pass, at any time",
  ],
  [/^(?:dependencyDashboard|masterIssue)/, "the dashboard has a shape of its own"],
  [/^(?:pinDigests?|pin|digest|pinDigest)$/, "digests are not pinned"],
  [
    /^separateMultiple/,
    "of several releases of a dependency the newest is proposed, and the newest below it where it is a major",
  ],
  [/^(?:separate|group)/, "updates are parted by groups: see `groups`"],
];

/** Why a key is not taken over. */
export function whyNone(key: string): string {
  return reasons.find(([keys]) => keys.test(key))?.[1] ?? "it has no equal";
}
