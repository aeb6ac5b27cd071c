import type { Fault } from "../domain/errors.ts";
import { matchesPattern } from "../domain/policy.ts";
import { nextRun } from "../domain/schedule.ts";
import type { Repository } from "../domain/types.ts";
import type { ReadFile } from "./file.ts";
import { byPlace } from "./faults.ts";
import { foldersOf } from "./match.ts";
import { toSchedule } from "./read-options.ts";
import { registryLints } from "./registry-lints.ts";
import type { ConfigurationFile, Entry } from "./schema/file.ts";
import type { Options } from "./schema/options.ts";
import type { Secret } from "./secrets.ts";

/** What the lints know besides the file. */
export interface LintContext {
  /** The ids of those that are supported. */
  readonly ecosystems: readonly string[];
  readonly repository: Repository;
  readonly now: Date;
  readonly secrets?: readonly Secret[];
  readonly defaultBranch?: string;
  /** The names of all dependencies, where a scan has found them: then patterns that fit none are told. */
  readonly names?: readonly string[];
}

/** What a valid file says that may surprise its author, by line: what has no effect, and what has another than it seems. */
export function lintsOf(read: ReadFile, context: LintContext): readonly Fault[] {
  const sections = sectionsOf(read.file);
  const warnings = [
    ...inherited(read.file),
    ...registryLints(read.file, context.secrets ?? []),
    ...(read.file.updates ?? []).flatMap((entry, index) => ofEntry(entry, index, read.file, context)),
    ...sections.flatMap((section) => lints.flatMap((lint) => lint(section, context))),
  ];
  return warnings
    .map(({ keys, message }) => ({ ...read.document.placeOf(keys, true), message }))
    .toSorted(byPlace);
}

type Keys = readonly (string | number)[];

export interface Warning {
  readonly keys: Keys;
  readonly message: string;
}

/** A place of the file where options may stand. */
interface Section {
  readonly keys: Keys;
  readonly options: Omit<Options, "enabled" | "group">;
  /** Whether each update that no group holds has a pull request of its own. */
  readonly isUngrouped: boolean;
  readonly hasDashboard: boolean;
}

function sectionsOf(file: ConfigurationFile): readonly Section[] {
  const general = file["default-groups"];
  const hasDashboard = file.dashboard !== false;
  return [
    { keys: [], options: file, isUngrouped: general === false, hasDashboard },
    ...(file.updates ?? []).map((entry, index) => ({
      keys: ["updates", index],
      options: entry,
      isUngrouped: !(entry["default-groups"] ?? general ?? false),
      hasDashboard,
    })),
    ...(file.rules ?? []).map((rule, index) => ({
      keys: ["rules", index],
      options: rule,
      isUngrouped: false,
      hasDashboard,
    })),
    ...Object.entries(file["multi-ecosystem-groups"] ?? {}).map(([name, options]) => ({
      keys: ["multi-ecosystem-groups", name],
      options,
      isUngrouped: false,
      hasDashboard,
    })),
  ];
}

const lints: readonly ((section: Section, context: LintContext) => readonly Warning[])[] = [
  withoutEffect,
  floods,
  limitBelowGroups,
  limitOfGroup,
  neverFires,
  fitsNothing,
  neverApproved,
];

function withoutEffect({ keys, options }: Section): readonly Warning[] {
  return [
    ...Object.entries(unheeded)
      .filter(([key]) => !meansDefault.has(Reflect.get(options, key)))
      .map(([key, why]) => ({ keys: [...keys, key], message: `"${key}" has no effect: ${why}` })),
    ...(options["target-branch"] === undefined || keys.length === 0 || keys[0] === "updates"
      ? []
      : [
          {
            keys: [...keys, "target-branch"],
            message: '"target-branch" has an effect at the top and in an entry of "updates" only',
          },
        ]),
    ...Object.keys(options["pull-request-branch-name"] ?? {})
      .filter((key) => key !== "separator")
      .map((key) => ({
        keys: [...keys, "pull-request-branch-name", key],
        message: `"${key}" has no effect: branches are named after their groups, by which they are found again, and only "separator" can be chosen`,
      })),
  ];
}

const unheeded = {
  vendor: "copies of dependencies are kept by Go modules and Bundler, which are not supported yet",
  "insecure-external-code-execution": "no code of a repository or of a package is ever run",
};
const meansDefault = new Set<unknown>([undefined, false, "deny"]);

/** The most frequent surprise: groups do not hold security updates unless they say so. */
function floods({ keys, options, isUngrouped }: Section): readonly Warning[] {
  const groups = Object.values(options.groups ?? {});
  if (!isUngrouped || groups.length === 0) return [];
  if (groups.some((group) => group["applies-to"] === "security-updates")) return [];
  const message =
    'these groups hold version updates only: each vulnerable dependency gets a pull request of its own. Add a group with "applies-to: security-updates"';
  return [{ keys: [...keys, "groups"], message }];
}

function limitBelowGroups({ keys, options }: Section): readonly Warning[] {
  const limit = options["open-pull-requests-limit"];
  const groups = Object.values(options.groups ?? {}).filter(
    (group) => group["applies-to"] !== "security-updates",
  ).length;
  if (limit === undefined || limit === 0 || groups <= limit) return [];
  const message = `${groups} groups do not fit into a limit of ${limit} open pull requests: the last ones wait for the first`;
  return [{ keys: [...keys, "open-pull-requests-limit"], message }];
}

/** A limit of a group that never counts. */
function limitOfGroup({ keys, options }: Section): readonly Warning[] {
  const around = options["open-pull-requests-limit"];
  return Object.entries(options.groups ?? {}).flatMap(([name, group]) => {
    const limit = group["open-pull-requests-limit"];
    if (limit === undefined) return [];
    const at = [...keys, "groups", name, "open-pull-requests-limit"];
    if (group["applies-to"] === "security-updates")
      return [{ keys: at, message: "security updates are never limited: this has no effect" }];
    if (around === undefined || limit <= around) return [];
    return [{ keys: at, message: `the limit of ${around} around it is lower: this one is never reached` }];
  });
}

function neverFires({ keys, options }: Section, { repository, now }: LintContext): readonly Warning[] {
  const schedule = options.schedule === undefined ? undefined : toSchedule(options.schedule);
  if (nextRun(schedule, repository, now) !== undefined) return [];
  return [{ keys: [...keys, "schedule"], message: "this schedule never comes" }];
}

/** Without a dashboard there is no box to tick. */
function neverApproved({ keys, options, hasDashboard }: Section): readonly Warning[] {
  if (options.approval !== true || hasDashboard) return [];
  return [
    {
      keys: [...keys, "approval"],
      message:
        '"approval" waits for a box in the dashboard, and "dashboard: false" goes without: nothing is ever opened',
    },
  ];
}

function fitsNothing({ keys, options }: Section, { names }: LintContext): readonly Warning[] {
  if (names === undefined) return [];
  const written: Warning[] = [];
  const check = (pattern: string, ...at: Keys) => {
    if (pattern === "*" || names.some((name) => matchesPattern(pattern, name))) return;
    written.push({ keys: [...keys, ...at], message: `"${pattern}" fits no dependency of this repository` });
  };
  for (const [name, { patterns = [] }] of Object.entries(options.groups ?? {}))
    [patterns].flat().forEach((pattern, index) => check(pattern, "groups", name, "patterns", index));
  for (const key of ["ignore", "allow"] as const)
    (options[key] ?? []).forEach((rule, index) => {
      const isOfLock = "dependency-type" in rule && rule["dependency-type"] === "indirect";
      if (!isOfLock) check(rule["dependency-name"] ?? "*", key, index);
    });
  return written;
}

function ofEntry(
  entry: Entry,
  index: number,
  file: ConfigurationFile,
  { ecosystems, defaultBranch }: LintContext,
): readonly Warning[] {
  const ecosystem = entry["package-ecosystem"];
  const branch = entry["target-branch"];
  const keys = ["updates", index];
  const twin = (file.updates ?? [])
    .slice(0, index)
    .some(
      (other) =>
        other["package-ecosystem"] === ecosystem &&
        other["target-branch"] === branch &&
        foldersOf(other).some((folder) => foldersOf(entry).includes(folder)),
    );
  return [
    ...(ecosystems.includes(ecosystem)
      ? []
      : [
          {
            keys: [...keys, "package-ecosystem"],
            message: `${ecosystem} is not supported yet: this entry has no effect. Supported: ${ecosystems.join(", ")}`,
          },
        ]),
    ...(branch === undefined || branch === defaultBranch
      ? []
      : [
          {
            keys: [...keys, "target-branch"],
            message: `a scan of a folder leaves this entry aside: it is for the branch ${branch}`,
          },
        ]),
    ...(entry.schedule === undefined &&
    entry["multi-ecosystem-group"] === undefined &&
    file.schedule === undefined
      ? [{ keys, message: "without a schedule, new pull requests may come at any time" }]
      : []),
    ...(twin ? [{ keys, message: "an entry before this one is for the same folder, and wins" }] : []),
    ...(entry.schedule !== undefined && entry["multi-ecosystem-group"] !== undefined
      ? [{ keys: [...keys, "schedule"], message: "the schedule of its group is set aside for this one" }]
      : []),
  ];
}

function inherited(file: ConfigurationFile): readonly Warning[] {
  if (file["enable-beta-ecosystems"] === undefined) return [];
  return [
    {
      keys: ["enable-beta-ecosystems"],
      message: '"enable-beta-ecosystems" has no effect: all that are supported are enabled',
    },
  ];
}
