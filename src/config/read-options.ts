import {
  type AllowRule,
  type AutomergePolicy,
  type BisectPolicy,
  type Cooldown,
  defaultPolicy,
  type GroupRule,
  type IgnoreRule,
  type Policy,
  type Schedule,
} from "../domain/policy.ts";
import type { CommitMessagePolicy, UpdateSize } from "../domain/types.ts";
import { readNamedSchedule } from "./phrases.ts";
import type { Effective } from "./layers.ts";
import type { Options } from "./schema/options.ts";

/** The options as the domain knows them, defaults filled in; what an entry adds is not in it. */
export function toPolicy({ options, origins }: Effective): Policy {
  const schedule = options.schedule === undefined ? undefined : toSchedule(options.schedule);
  const separator = options["pull-request-branch-name"]?.separator;
  const limit = options["open-pull-requests-limit"] ?? defaultPolicy.openPullRequestsLimit;
  const limitOrigin = origins.get("open-pull-requests-limit");
  return {
    entry: "",
    ...(origins.size === 0 ? {} : { origins }),
    allow: (options.allow ?? []).map(toAllow),
    groups: Object.entries(options.groups ?? {}).map(([name, group]) =>
      toGroup(name, group, origins.get(`groups.${name}`)),
    ),
    ...toOwnGroup(options.group, origins.get("group")),
    groupRelated: options["group-related"] ?? defaultPolicy.groupRelated,
    defaultGroups: options["default-groups"] ?? defaultPolicy.defaultGroups,
    ignore: (options.ignore ?? []).map((rule, index) => toIgnore(rule, origins.get(`ignore.${index}`))),
    excludePaths: options["exclude-paths"]?.flatMap(withContents) ?? defaultPolicy.excludePaths,
    cooldown: toCooldown(options.cooldown ?? {}),
    security: {
      severity: options.security?.severity ?? defaultPolicy.security.severity,
      response: options.security?.response ?? defaultPolicy.security.response,
    },
    ...(options.approval === true ? { approval: optional("origin", origins.get("approval")) } : {}),
    openPullRequestsLimit: limit,
    ...(limit > 0 ? {} : { noVersionUpdates: `\`open-pull-requests-limit\` is 0${at(limitOrigin)}` }),
    ...(options.enabled === false ? { disabledBy: origins.get("enabled") ?? "" } : {}),
    versioningStrategy: options["versioning-strategy"] ?? defaultPolicy.versioningStrategy,
    bisect: toBisect(options.bisect),
    ...optional("automerge", toAutomerge(options.automerge)),
    strictLockfile: options.lockfile === "strict",
    ...optional("lockMaintenance", toMaintenance(options["lock-maintenance"])),
    ...optional("schedule", schedule),
    ...optional("labels", options.labels),
    ...optional("assignees", options.assignees?.map(withoutAt)),
    ...optional("reviewers", options.reviewers?.map(withoutAt)),
    ...optional("milestone", options.milestone === undefined ? undefined : Number(options.milestone)),
    ...optional("branchSeparator", separator),
    ...optional("rebaseStrategy", options["rebase-strategy"]),
    ...optional("commitMessage", toCommitMessage(options["commit-message"])),
  };
}

/** ` (.github/dependabot.yml:12)` */
export function at(origin: string | undefined): string {
  return origin === undefined ? "" : ` (${origin})`;
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [key in Key]?: Value } {
  const held: { [key in Key]?: Value } = {};
  if (value !== undefined) held[key] = value;
  return held;
}

function toMaintenance(option: Options["lock-maintenance"]): Policy["lockMaintenance"] {
  if (option === undefined || option === false) return undefined;
  const asked = option === true || option.schedule === undefined ? undefined : toSchedule(option.schedule);
  return { schedule: asked ?? { kind: "interval", interval: "weekly", day: 1, timezone: "Etc/UTC" } };
}

type Allow = NonNullable<Options["allow"]>[number];
type Ignore = NonNullable<Options["ignore"]>[number];
type Group = NonNullable<Options["groups"]>[string];

function toAllow(rule: Allow): AllowRule {
  return {
    pattern: rule["dependency-name"] ?? "*",
    dependencyType: rule["dependency-type"] ?? "all",
    updateTypes: (rule["update-types"] ?? []).map((type) => sizes[type]),
  };
}

function toIgnore(rule: Ignore, origin: string | undefined): IgnoreRule {
  return {
    pattern: rule["dependency-name"] ?? "*",
    versions: listOf(rule.versions).map(String),
    updateTypes: listOf(rule["update-types"]).map((type) => sizes[type]),
    ...optional("origin", origin),
  };
}

/** The group that a rule names. */
function toOwnGroup(
  found: Options["group"],
  origin: string | undefined,
): Pick<Policy, "group" | "groupLimit"> {
  if (found === undefined) return {};
  if (typeof found === "string") return { group: found };
  const { name, "open-pull-requests-limit": most } = found;
  return { group: name, ...optional("groupLimit", toLimit(name, most, origin)) };
}

function toLimit(group: string, most: number | undefined, origin: string | undefined) {
  return most === undefined ? undefined : { group, most, ...optional("origin", origin) };
}

function toGroup(name: string, group: Group, origin: string | undefined): GroupRule {
  return {
    name,
    patterns: listOf(group.patterns),
    excludePatterns: listOf(group["exclude-patterns"]),
    ...optional("dependencyType", group["dependency-type"]),
    updateTypes: listOf(group["update-types"]),
    appliesTo: group["applies-to"] === "security-updates" ? "security" : "version",
    ...(group["group-by"] === undefined ? {} : { byName: true }),
    ...optional("limit", toLimit(name, group["open-pull-requests-limit"], origin)),
  };
}

function toBisect(found: Options["bisect"] = {}): BisectPolicy {
  const { mode, runs } = typeof found === "string" ? { mode: found } : found;
  return { mode: mode ?? defaultPolicy.bisect.mode, runs: runs ?? defaultPolicy.bisect.runs };
}

/** A major says of itself that it may break: it is merged only where it is named. */
function toAutomerge(found: Options["automerge"] = false): AutomergePolicy | undefined {
  if (found === false) return undefined;
  const said = found === true ? {} : found;
  return {
    updateTypes: said["update-types"] ?? ["minor", "patch"],
    ...optional("dependencyType", said["dependency-type"]),
    minAgeDays: said["min-age-days"] ?? 0,
    minConfidence: said["min-confidence"] ?? 0,
    ...optional("method", said.method),
  };
}

const sizes: Readonly<Record<`version-update:semver-${UpdateSize}`, UpdateSize>> = {
  "version-update:semver-major": "major",
  "version-update:semver-minor": "minor",
  "version-update:semver-patch": "patch",
};

function toCooldown(found: NonNullable<Options["cooldown"]>): Cooldown {
  const { "semver-major-days": major, "semver-minor-days": minor, "semver-patch-days": patch } = found;
  return {
    days: found["default-days"] ?? defaultPolicy.cooldown.days,
    ...optional("major", major),
    ...optional("minor", minor),
    ...optional("patch", patch),
    ...optional("transitive", found["transitive-days"]),
    include: found.include ?? [],
    exclude: found.exclude ?? [],
  };
}

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** `undefined` where no interval and no words are given: then it is always time. */
export function toSchedule(found: NonNullable<Options["schedule"]>): Schedule | undefined {
  const table = typeof found === "string" ? { at: found } : found;
  const timezone = table.timezone ?? "UTC";
  const words = table.at ?? (table.interval === "cron" ? table.cronjob : undefined);
  if (words !== undefined) {
    const named = readNamedSchedule(words);
    return named && { ...named, timezone };
  }
  if (table.interval === undefined || table.interval === "cron") return undefined;
  const [hour = "0", minute = "0"] = (table.time ?? "").split(":");
  return {
    kind: "interval",
    interval: table.interval,
    day: weekdays.indexOf(table.day ?? "monday"),
    ...optional("minute", table.time === undefined ? undefined : Number(hour) * 60 + Number(minute)),
    timezone,
  };
}

function toCommitMessage(message: Options["commit-message"]): CommitMessagePolicy | undefined {
  if (message === undefined) return undefined;
  return {
    ...optional("prefix", message.prefix),
    ...optional("prefixDevelopment", message["prefix-development"]),
    includeScope: message.include === "scope",
  };
}

/** A path without wildcards at its end may be a folder: then all in it is meant. */
function withContents(path: string): readonly string[] {
  const last = path.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return last.includes("*") ? [path] : [path, `${path.replace(/\/+$/, "")}/**`];
}

function listOf<Item extends string | number>(value: readonly Item[] | Item | undefined): readonly Item[] {
  if (value === undefined) return [];
  return typeof value === "object" ? value : [value];
}

function withoutAt(account: string): string {
  return account.replace(/^@/, "");
}
