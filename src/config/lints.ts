import type { Fault } from "../domain/errors.ts";
import { matchesPattern } from "../domain/policy.ts";
import { nextRun } from "../domain/schedule.ts";
import type { Repository } from "../domain/types.ts";
import type { ReadFile } from "./file.ts";
import { byPlace } from "./faults.ts";
import { foldersOf } from "./match.ts";
import { toSchedule } from "./read-options.ts";
import { addressOf } from "./registries.ts";
import type { ConfigurationFile, Entry, Registry } from "./schema/file.ts";
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
    ...Object.entries(read.file.registries ?? {}).flatMap(([name, registry]) =>
      ofRegistry(name, registry, context),
    ),
    ...unnamedBases(read.file),
    ...(read.file.updates ?? []).flatMap((entry, index) => ofEntry(entry, index, read.file, context)),
    ...sections.flatMap((section) => lints.flatMap((lint) => lint(section, context))),
  ];
  return warnings
    .map(({ keys, message }) => ({ ...read.document.placeOf(keys, true), message }))
    .toSorted(byPlace);
}

type Keys = readonly (string | number)[];

interface Warning {
  readonly keys: Keys;
  readonly message: string;
}

/** A place of the file where options may stand. */
interface Section {
  readonly keys: Keys;
  readonly options: Omit<Options, "enabled" | "group">;
  /** Whether each update that no group holds has a pull request of its own. */
  readonly isUngrouped: boolean;
}

function sectionsOf(file: ConfigurationFile): readonly Section[] {
  const general = file["default-groups"];
  return [
    { keys: [], options: file, isUngrouped: general === false },
    ...(file.updates ?? []).map((entry, index) => ({
      keys: ["updates", index],
      options: entry,
      isUngrouped: !(entry["default-groups"] ?? general ?? false),
    })),
    ...(file.rules ?? []).map((rule, index) => ({
      keys: ["rules", index],
      options: rule,
      isUngrouped: false,
    })),
    ...Object.entries(file["multi-ecosystem-groups"] ?? {}).map(([name, options]) => ({
      keys: ["multi-ecosystem-groups", name],
      options,
      isUngrouped: false,
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
];

function withoutEffect({ keys, options }: Section): readonly Warning[] {
  const unheeded = ["vendor", "insecure-external-code-execution"] as const;
  return [
    ...unheeded
      .filter((key) => options[key] !== undefined && !meansDefault.has(options[key]))
      .map((key) => ({ keys: [...keys, key], message: `"${key}" is accepted and has no effect yet` })),
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
        message: `"${key}" is accepted and has no effect yet`,
      })),
  ];
}

const meansDefault = new Set<unknown>(["auto", false, "deny"]);

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

/** With entries, a registry takes npm's place only for those that name it. */
function unnamedBases({ updates = [], registries = {} }: ConfigurationFile): readonly Warning[] {
  const named = updates.flatMap((entry) => entry.registries ?? []);
  if (updates.length === 0 || named.includes("*")) return [];
  return Object.entries(registries)
    .filter(([name, registry]) => registry["replaces-base"] === true && !named.includes(name))
    .map(([name]) => ({
      keys: ["registries", name, "replaces-base"],
      message: 'no entry of "updates" names this registry: it replaces none',
    }));
}

/** What a registry says that has no effect, what secrets it names, and whether the operator has them for its host. */
function ofRegistry(name: string, registry: Registry, { secrets = [] }: LintContext): readonly Warning[] {
  const keys = ["registries", name];
  if (registry.type !== "npm-registry")
    return [
      {
        keys,
        message: `registries of the type ${registry.type} are for what is not supported yet: this one is never asked`,
      },
    ];
  if (addressOf(registry.url ?? "") === undefined)
    return [
      {
        keys,
        message: 'without a "url" of the web this registry has no effect, such as https://npm.acme.example',
      },
    ];
  return [
    ...Object.keys(registry)
      .filter((key) => !keysOfNpm.has(key))
      .map((key) => ({
        keys: [...keys, key],
        message: `"${key}" has no effect: the operator keeps what registries ask for, by host`,
      })),
    ...(["token", "username", "password"] as const).flatMap((field) =>
      ofSecret([...keys, field], field, registry, secrets),
    ),
  ];
}

const keysOfNpm = new Set(["type", "url", "token", "username", "password", "replaces-base"]);

function ofSecret(
  keys: Keys,
  field: "token" | "username" | "password",
  registry: Registry,
  secrets: readonly Secret[],
): readonly Warning[] {
  const value = registry[field];
  if (value === undefined) return [];
  const host = hostOf(registry.url ?? "");
  const secret = /^\$\{\{\s*secrets\.(\w+)\s*\}\}$/.exec(value)?.[1];
  if (secret === undefined && field === "username") return [];
  if (secret === undefined)
    return [{ keys, message: "a secret is written here, and is not used: write ${{secrets.NAME}}" }];
  const known = secrets.find((it) => it.name === secret);
  if (known === undefined)
    return [
      { keys, message: `the operator has no secret ${secret}: without it only public packages are found` },
    ];
  return hostOf(`https://${known.host}`) === host
    ? []
    : [{ keys, message: `the operator's secret ${secret} is not for ${host}, and is not sent there` }];
}

function hostOf(address: string): string {
  return URL.parse(address.includes("://") ? address : `https://${address}`)?.host ?? "";
}

function inherited(file: ConfigurationFile): readonly Warning[] {
  if (file["enable-beta-ecosystems"] === undefined) return [];
  return [{ keys: ["enable-beta-ecosystems"], message: '"enable-beta-ecosystems" has no effect' }];
}
