import { LineCounter, parseDocument, type Document } from "yaml";
import { z } from "zod";
import { ConfigurationError } from "../domain/errors.ts";
import {
  type Cooldown,
  defaultPolicy,
  type GroupRule,
  type IgnoreRule,
  type Policy,
  type Schedule,
  versioningStrategies,
} from "../domain/policy.ts";
import type { UpdateSize } from "../domain/types.ts";

/** A configuration longer than this is a mistake or an attack. */
const maxLength = 200_000;
const maxAliases = 50;

const pattern = z.string().min(1).max(300);
const days = z.number().int().min(0).max(3_650);
const size = z.enum(["major", "minor", "patch"]);
const ignoredSize = z.enum([
  "version-update:semver-major",
  "version-update:semver-minor",
  "version-update:semver-patch",
]);
const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;

const groupShape = z.strictObject({
  "applies-to": z.enum(["version-updates", "security-updates"]).optional(),
  patterns: z.array(pattern).optional(),
  "exclude-patterns": z.array(pattern).optional(),
  "dependency-type": z.enum(["production", "development"]).optional(),
  "update-types": z.array(size).optional(),
});

const ignoreShape = z.strictObject({
  "dependency-name": pattern.optional(),
  versions: z.union([z.array(z.string()), z.string().transform((it) => [it])]).optional(),
  "update-types": z.array(ignoredSize).optional(),
});

const cooldownShape = z.strictObject({
  "default-days": days.optional(),
  "semver-major-days": days.optional(),
  "semver-minor-days": days.optional(),
  "semver-patch-days": days.optional(),
  include: z.array(pattern).max(150).optional(),
  exclude: z.array(pattern).max(150).optional(),
});

const scheduleShape = z.strictObject({
  interval: z.enum(["daily", "weekly", "monthly", "quarterly", "semiannually", "yearly"]),
  day: z.enum(weekdays).optional(),
  time: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time such as 05:30")
    .optional(),
  timezone: z.string().refine(isTimezone, "an IANA time zone such as Europe/Berlin").optional(),
});

const commitMessageShape = z.strictObject({
  prefix: z.string().max(50).optional(),
  "prefix-development": z.string().max(50).optional(),
  include: z.literal("scope").optional(),
});

/** `.github/steeplejack.yml`, as far as it is understood. */
const configurationShape = z.strictObject({
  version: z.literal(1).optional(),
  groups: z
    .record(z.string().regex(/^[a-z](?:[a-z|_-]*[a-z])?$/i, "letters, `|`, `_` and `-`"), groupShape)
    .optional(),
  "group-related": z.boolean().optional(),
  ignore: z.array(ignoreShape).optional(),
  "exclude-paths": z.array(pattern).max(200).optional(),
  cooldown: cooldownShape.optional(),
  schedule: scheduleShape.optional(),
  "open-pull-requests-limit": z.number().int().min(0).max(1_000).optional(),
  "versioning-strategy": z.enum(versioningStrategies).optional(),
  labels: z.array(z.string().min(1).max(50)).optional(),
  "commit-message": commitMessageShape.optional(),
});

/** Reads what a repository's file says, with defaults for the rest. Throws `ConfigurationError` with every fault. */
export function readPolicy(path: string, text: string): Policy {
  const found = readConfiguration(path, text);
  const cooldown = found.cooldown === undefined ? defaultPolicy.cooldown : toCooldown(found.cooldown);
  const message = found["commit-message"];
  return {
    groups: Object.entries(found.groups ?? {}).map(([name, group]) => toGroup(name, group)),
    groupRelated: found["group-related"] ?? defaultPolicy.groupRelated,
    ignore: (found.ignore ?? []).map(toIgnore),
    excludePaths: found["exclude-paths"] ?? defaultPolicy.excludePaths,
    cooldown,
    openPullRequestsLimit: found["open-pull-requests-limit"] ?? defaultPolicy.openPullRequestsLimit,
    versioningStrategy: found["versioning-strategy"] ?? defaultPolicy.versioningStrategy,
    ...(found.schedule === undefined ? {} : { schedule: toSchedule(found.schedule) }),
    ...(found.labels === undefined ? {} : { labels: found.labels }),
    ...(message === undefined
      ? {}
      : {
          commitMessage: {
            ...(message.prefix === undefined ? {} : { prefix: message.prefix }),
            ...(message["prefix-development"] === undefined
              ? {}
              : { prefixDevelopment: message["prefix-development"] }),
            includeScope: message.include === "scope",
          },
        }),
  };
}

function readConfiguration(path: string, text: string): z.infer<typeof configurationShape> {
  if (text.length > maxLength) throw new ConfigurationError(path, [`is longer than ${maxLength} characters`]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const broken = document.errors.map(({ message, pos }) => `${placeAt(lines, pos[0])}: ${message}`);
  if (broken.length > 0) throw new ConfigurationError(path, broken);
  const value = plain(path, document);
  const parsed = configurationShape.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  throw new ConfigurationError(
    path,
    parsed.error.issues.flatMap((issue) => faults(issue, document, lines)),
  );
}

function plain(path: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases });
  } catch (error) {
    throw new ConfigurationError(path, [`uses more than ${maxAliases} aliases`], { cause: error });
  }
}

function faults(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): string[] {
  const keys = issue.path.filter((key) => typeof key !== "symbol");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const where = place(document, lines, [...keys, key], true);
      const near = nearest(key, knownKeys);
      return `${where}: there is no option "${[...keys, key].join(".")}"${near === undefined ? "" : `. Did you mean "${near}"?`}`;
    });
  }
  return [`${place(document, lines, keys, false)}: "${keys.join(".")}": ${lowerFirst(issue.message)}`];
}

/** The place of a value, or of the nearest thing around it that is there. */
function place(
  document: Document,
  lines: LineCounter,
  keys: readonly (string | number)[],
  ofKey: boolean,
): string {
  for (let length = keys.length; length > 0; length--) {
    const node: unknown = document.getIn(keys.slice(0, length), true);
    if (typeof node !== "object" || node === null || !("range" in node) || !Array.isArray(node.range))
      continue;
    const [start] = node.range;
    if (typeof start === "number") return placeAt(lines, start, ofKey && length === keys.length);
  }
  return "line 1";
}

function placeAt(lines: LineCounter, offset: number, lineOnly = false): string {
  const { line, col } = lines.linePos(offset);
  return lineOnly ? `line ${line}` : `line ${line}, column ${col}`;
}

function toGroup(name: string, group: z.infer<typeof groupShape>): GroupRule {
  return {
    name,
    patterns: group.patterns ?? [],
    excludePatterns: group["exclude-patterns"] ?? [],
    ...(group["dependency-type"] === undefined ? {} : { dependencyType: group["dependency-type"] }),
    updateTypes: group["update-types"] ?? [],
    appliesTo: group["applies-to"] === "security-updates" ? "security" : "version",
  };
}

function toIgnore(rule: z.infer<typeof ignoreShape>): IgnoreRule {
  return {
    pattern: rule["dependency-name"] ?? "*",
    versions: rule.versions ?? [],
    updateTypes: (rule["update-types"] ?? []).flatMap((type) => sizes[type]),
  };
}

const sizes: Readonly<Record<z.infer<typeof ignoredSize>, UpdateSize>> = {
  "version-update:semver-major": "major",
  "version-update:semver-minor": "minor",
  "version-update:semver-patch": "patch",
};

function toCooldown(found: z.infer<typeof cooldownShape>): Cooldown {
  const { "semver-major-days": major, "semver-minor-days": minor, "semver-patch-days": patch } = found;
  return {
    days: found["default-days"] ?? defaultPolicy.cooldown.days,
    ...(major === undefined ? {} : { major }),
    ...(minor === undefined ? {} : { minor }),
    ...(patch === undefined ? {} : { patch }),
    include: found.include ?? [],
    exclude: found.exclude ?? [],
  };
}

function toSchedule(found: z.infer<typeof scheduleShape>): Schedule {
  const [hour = "0", minute = "0"] = (found.time ?? "00:00").split(":");
  return {
    interval: found.interval,
    day: weekdays.indexOf(found.day ?? "monday"),
    minute: Number(hour) * 60 + Number(minute),
    timezone: found.timezone ?? "UTC",
  };
}

function isTimezone(name: string): boolean {
  return Intl.supportedValuesOf("timeZone").includes(name) || ["UTC", "Etc/UTC", "GMT"].includes(name);
}

const knownKeys = [
  configurationShape,
  groupShape,
  ignoreShape,
  cooldownShape,
  scheduleShape,
  commitMessageShape,
].flatMap((shape) => Object.keys(shape.shape));

/** The known word that takes the fewest changes to reach, if they are few. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((name) => ({ name, distance: distance(word, name) }))
    .toSorted((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(2, word.length / 3) ? best.name : undefined;
}

/** Levenshtein's: how many characters to add, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
