import type { MergeMethod } from "./pull-request.ts";
import type { Dependency, GroupLimit, ProposalPolicy, Scope, Severity, UpdateSize } from "./types.ts";

/** What the repository asked for, for each project, dependency and release in it. */
export interface Policies {
  /** `report`: pull requests are planned and none is opened. */
  readonly mode: "propose" | "report";
  /** Whether an issue is kept that lists what is open, waits, failed and is held. Absent: as the operator says. */
  readonly dashboard?: boolean;
  /** How many pull requests for version updates may be open in the whole repository, besides the limit of each entry. */
  readonly openPullRequestsLimit?: number;
  /** In days: what is older has cooled everywhere in the repository, and is older than any rule asks about. */
  readonly settledAfter: number;
  /** The other branches that are kept fresh, each by policies of its own. */
  readonly branches: ReadonlyMap<string, Policies>;
  /** The registry that takes the place of an ecosystem's public one in a project. Absent where that is so nowhere. */
  readonly registryFor?: (project: ProjectPlace) => string | undefined;
  forProject(project: ProjectPlace): Policy;
  forDependency(subject: PolicySubject): Policy;
  /** Absent where no rule asks about releases: then `forDependency` says all. */
  readonly forUpdate?: (subject: PolicySubject, move: PolicyMove) => Policy;
}

export interface ProjectPlace {
  readonly ecosystem: string;
  /** The folder, relative to the repository and without a final slash; empty for the top. */
  readonly root: string;
}

/** A dependency, as far as rules ask about it. */
export interface PolicySubject {
  readonly project: ProjectPlace;
  readonly manifest: { readonly path: string };
  readonly dependency: Pick<Dependency, "name" | "scope" | "kind" | "version">;
}

/** A step that a dependency might take, as far as rules ask about it. */
export interface PolicyMove {
  readonly size: UpdateSize;
  /** Of the gravest advisory that it mends. */
  readonly severity?: Severity;
  /** Days since the release was published. */
  readonly age: number;
}

/** What holds for one project, dependency or release, defaults filled in. */
export interface Policy extends ProposalPolicy {
  /** The entry of `updates` that it comes from, with its place; pull requests of one entry share its limit. Empty: none. */
  readonly entry: string;
  /** Where options are written, by their keys joined with dots: `cooldown.default-days`. Absent: nobody says anything. */
  readonly origins?: ReadonlyMap<string, string>;
  /** Where a rule turns updates off, security updates among them: that rule's place. */
  readonly disabledBy?: string;
  /** Why there are only security updates, where that is so. */
  readonly noVersionUpdates?: string;
  /** What may be updated. Empty: every dependency. */
  readonly allow: readonly AllowRule[];
  readonly groups: readonly GroupRule[];
  /** The group that a rule names: it goes before those of `groups`. */
  readonly group?: string;
  /** Of that group, where the rule sets one. */
  readonly groupLimit?: GroupLimit;
  /** The folders that share the groups of one entry, as it writes them. Absent: each project has groups of its own. */
  readonly groupsAcross?: string;
  /** The branch that pull requests are for, where it is not the default one. */
  readonly branch?: string;
  /** Whether updates that no rule groups are grouped nevertheless; else each has a pull request of its own. */
  readonly defaultGroups: boolean;
  readonly security: SecurityPolicy;
  /** Whether packages that are released in lockstep share a pull request where each major has its own. */
  readonly groupRelated: boolean;
  readonly ignore: readonly IgnoreRule[];
  /** Globs of paths whose projects are left out, unless they are members of a workspace that is not. */
  readonly excludePaths: readonly string[];
  readonly cooldown: Cooldown;
  /** When version updates may be proposed; always, where it is absent. Security updates never wait for it. */
  readonly schedule?: Schedule;
  /** Where version updates wait for a person to want them: who says so. */
  readonly approval?: { readonly origin?: string };
  /** How many pull requests for version updates may be open at a time. Security updates do not count. */
  readonly openPullRequestsLimit: number;
  readonly versioningStrategy: VersioningStrategy;
  readonly bisect: BisectPolicy;
  /** Which updates are merged without a person, once their checks have passed; none, where it is absent. */
  readonly automerge?: AutomergePolicy;
  /** Whether nothing is proposed that changes entries of a lockfile which it does not explain. */
  readonly strictLockfile: boolean;
  /** Whether lockfiles are made anew, within what is asked for, and when. */
  readonly lockMaintenance?: { readonly schedule: Schedule };
}

/** What is merged without a person: an update for which all of this is so. */
export interface AutomergePolicy {
  readonly updateTypes: readonly UpdateSize[];
  readonly dependencyType?: "production" | "development";
  /** Since its release was published. */
  readonly minAgeDays: number;
  /** From 0 to 1: how likely it passes elsewhere in this installation, at the lower end of what may be. */
  readonly minConfidence: number;
  /** As the repository does it, where it is absent. */
  readonly method?: MergeMethod;
}

/** How the update is looked for that breaks the checks of a group. */
export interface BisectPolicy {
  /**
   * Where parts of the group are tried: on `branches` only, by a draft pull request for each, `auto` for a draft where no
   * check starts on the branch, `off` for no search at all.
   */
  readonly mode: (typeof bisectModes)[number];
  /** How often, for one pull request. */
  readonly runs: number;
}

export const bisectModes = ["auto", "branches", "pull-requests", "off"] as const;

/**
 * How requirements follow a release: `increase` always, `increase-if-necessary` where they do not allow it, `widen` so
 * that what they allowed stays allowed, `lockfile-only` never. `auto` widens what a library promises and raises the rest.
 */
export type VersioningStrategy = (typeof versioningStrategies)[number];

export const versioningStrategies = [
  "auto",
  "increase",
  "increase-if-necessary",
  "lockfile-only",
  "widen",
] as const;

/** Which updates travel together. A dependency belongs to the rule whose pattern is the most specific. */
export interface GroupRule {
  readonly name: string;
  /** With `*` for any characters, in any case. Empty: every name. */
  readonly patterns: readonly string[];
  readonly excludePatterns: readonly string[];
  readonly dependencyType?: "production" | "development";
  /** An update of another size leaves the group and goes where it would go without it. Empty: every size. */
  readonly updateTypes: readonly UpdateSize[];
  /** `version` unless it says otherwise, as the rival has it. */
  readonly appliesTo: "version" | "security";
  /** Whether each dependency has a pull request of its own, for all the projects that share the group. */
  readonly byName?: boolean;
  /** Whether it is shared by the whole repository, whatever the ecosystem. */
  readonly isShared?: boolean;
  readonly limit?: GroupLimit;
}

export interface AllowRule {
  /** With `*` for any characters. */
  readonly pattern: string;
  readonly dependencyType: "all" | "direct" | "indirect" | "production" | "development";
  /** Empty: every size. Of no effect on security updates. */
  readonly updateTypes: readonly UpdateSize[];
}

/** Which advisories call for an update of their own. */
export interface SecurityPolicy {
  /** Those below it do not. Advisories of unknown severity always do. */
  readonly severity: Severity;
  /** `report`: they are told, and what mends them comes as a version update or not at all. */
  readonly response: "propose" | "report";
}

export interface IgnoreRule {
  /** With `*` for any characters. */
  readonly pattern: string;
  /** Ranges in the ecosystem's own syntax. With neither versions nor sizes the dependency is never updated. */
  readonly versions: readonly string[];
  /** Of no effect on security updates. */
  readonly updateTypes: readonly UpdateSize[];
  /** Where it is written: `.github/dependabot.yml:12`, or the pull request on which a person said so. */
  readonly origin?: string;
  /** How a person said so, and not a file. */
  readonly said?: Said;
}

/** `closed`: by closing a pull request. `ignored`: in a comment. */
export interface Said {
  readonly how: "closed" | "ignored";
  /** Only the releases of the same major, minor or patch as this one; where it was closed, those before it too. */
  readonly like?: { readonly version: string; readonly size: UpdateSize };
  /** Whether it was about a security update; else `like` is of no effect on them. */
  readonly security: boolean;
}

/** For how many days a release waits, counted from its publication; security fixes never wait. */
export interface Cooldown {
  readonly days: number;
  readonly major?: number;
  readonly minor?: number;
  readonly patch?: number;
  /** For what an update brings in beside it, where something older fits; `days` if absent. */
  readonly transitive?: number;
  /** With patterns, only these wait. Empty: all do. */
  readonly include: readonly string[];
  /** Wins over `include`. */
  readonly exclude: readonly string[];
}

/** When version updates may be proposed. Each opens windows, in its time zone (an IANA name). */
export type Schedule = IntervalSchedule | CronSchedule | WindowSchedule;

/** From a time of the day until midnight, on some days. `daily` is Monday to Friday; from `monthly` on it is the first day. */
export interface IntervalSchedule {
  readonly kind: "interval";
  readonly interval: "daily" | "weekly" | "monthly" | "quarterly" | "semiannually" | "yearly";
  /** For `weekly`; 0 is Sunday, as `Date.getDay` has it. */
  readonly day: number;
  /** Minutes after midnight; absent: a minute that is always the same for one repository. */
  readonly minute?: number;
  readonly timezone: string;
}

/** From each moment that the expression names until midnight. */
export interface CronSchedule {
  readonly kind: "cron";
  /** Five fields. */
  readonly expression: string;
  readonly timezone: string;
}

export interface WindowSchedule {
  readonly kind: "window";
  /** 0 is Sunday. */
  readonly weekdays: readonly number[];
  /** Of the month; absent: every one. */
  readonly monthDay?: number;
  /** Minutes after midnight. Where `after` is the later one, the window spans midnight. */
  readonly after: number;
  readonly before: number;
  readonly timezone: string;
}

/** What holds with an empty configuration file, and with none. */
export const defaultPolicy: Policy = {
  entry: "",
  allow: [],
  groups: [],
  defaultGroups: true,
  security: { severity: "unknown", response: "propose" },
  groupRelated: true,
  ignore: [],
  // What lies there is there to be old, or is somebody else's.
  excludePaths: [
    "**/{test,tests,__tests__,testdata,fixtures,__fixtures__}/**",
    "**/{vendor,third_party,bower_components,examples}/**",
  ],
  cooldown: { days: 3, include: [], exclude: [] },
  openPullRequestsLimit: 10,
  versioningStrategy: "auto",
  bisect: { mode: "auto", runs: 12 },
  strictLockfile: false,
};

/** One policy for everything. */
export function everywhere(policy: Policy): Policies {
  const same = () => policy;
  return {
    mode: "propose",
    branches: new Map(),
    settledAfter: longestOf(policy.cooldown),
    forProject: same,
    forDependency: same,
  };
}

/** After as many days every release has cooled, whatever its size. */
export function longestOf({ days, major = 0, minor = 0, patch = 0 }: Cooldown): number {
  return Math.max(days, major, minor, patch);
}

/** A dependency, as far as `allow` asks about it. */
type Allowable = Pick<Dependency, "name" | "scope" | "kind">;

/** Whether a dependency may be updated at all. */
export function isAllowed(rules: readonly AllowRule[], dependency: Allowable): boolean {
  return rules.length === 0 || rules.some((rule) => allows(rule, dependency));
}

/** Whether version updates are wanted of a package that only a lockfile names: something says `indirect`. */
export function allowsIndirect(rules: readonly AllowRule[], name: string): boolean {
  return rules.some(
    ({ dependencyType, pattern }) => dependencyType === "indirect" && matchesPattern(pattern, name),
  );
}

/** Whether a version update of this size is allowed; of a dependency that is. */
export function allowsSize(rules: readonly AllowRule[], dependency: Allowable, size: UpdateSize): boolean {
  const fitting = rules.filter((rule) => allows(rule, dependency));
  return (
    fitting.length === 0 ||
    fitting.some(({ updateTypes }) => updateTypes.length === 0 || updateTypes.includes(size))
  );
}

/** `direct` forbids no security update of what is not, as the rival has it. */
function allows({ pattern, dependencyType }: AllowRule, { name, scope, kind }: Allowable): boolean {
  if (!matchesPattern(pattern, name)) return false;
  if (dependencyType === "all" || dependencyType === "direct") return true;
  if (dependencyType === "indirect") return kind === "transitive";
  return dependencyType === dependencyTypeOf(scope);
}

/** In days, for one package and one size of update. */
export function cooldownFor(cooldown: Cooldown, name: string, size: UpdateSize): number {
  const { include, exclude, days } = cooldown;
  if (exclude.some((pattern) => matchesPattern(pattern, name))) return 0;
  if (include.length > 0 && !include.some((pattern) => matchesPattern(pattern, name))) return 0;
  return cooldown[size] || days;
}

/** Whether a name fits a pattern in which `*` stands for any characters; case does not count. */
export function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.toLowerCase().split("*");
  const text = name.toLowerCase();
  const [first = "", ...rest] = parts;
  if (rest.length === 0) return text === first;
  const last = rest.pop() ?? "";
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > text.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

/** As the rival's configuration calls them. */
export function dependencyTypeOf(scope: Scope): "production" | "development" {
  return scope === "development" ? "development" : "production";
}
