import type { ProposalPolicy, Scope, UpdateSize } from "./types.ts";

/** What the repository asked for, defaults filled in. */
export interface Policy extends ProposalPolicy {
  readonly groups: readonly GroupRule[];
  /** Whether packages that are released in lockstep share a pull request where each major has its own. */
  readonly groupRelated: boolean;
  readonly ignore: readonly IgnoreRule[];
  /** Globs of paths whose projects are left out, unless they are members of a workspace that is not. */
  readonly excludePaths: readonly string[];
  readonly cooldown: Cooldown;
  /** When version updates may be proposed; always, where it is absent. Security updates never wait for it. */
  readonly schedule?: Schedule;
  /** How many pull requests for version updates may be open at a time. Security updates do not count. */
  readonly openPullRequestsLimit: number;
  readonly versioningStrategy: VersioningStrategy;
}

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
}

export interface IgnoreRule {
  /** With `*` for any characters. */
  readonly pattern: string;
  /** Ranges in the ecosystem's own syntax. With neither versions nor sizes the dependency is never updated. */
  readonly versions: readonly string[];
  /** Of no effect on security updates. */
  readonly updateTypes: readonly UpdateSize[];
}

/** For how many days a release waits, counted from its publication; security fixes never wait. */
export interface Cooldown {
  readonly days: number;
  readonly major?: number;
  readonly minor?: number;
  readonly patch?: number;
  /** With patterns, only these wait. Empty: all do. */
  readonly include: readonly string[];
  /** Wins over `include`. */
  readonly exclude: readonly string[];
}

export interface Schedule {
  readonly interval: "daily" | "weekly" | "monthly" | "quarterly" | "semiannually" | "yearly";
  /** For `weekly`; 0 is Sunday, as `Date.getDay` has it. */
  readonly day: number;
  /** From this time of the day on: minutes after midnight. */
  readonly minute: number;
  /** IANA name. */
  readonly timezone: string;
}

/** What holds with an empty configuration file, and with none. */
export const defaultPolicy: Policy = {
  groups: [],
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
};

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
