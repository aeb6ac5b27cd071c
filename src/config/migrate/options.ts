import { isTable, listOfTexts, textOf } from "../../text/data.ts";
import { type Options, optionsShape } from "../schema/options.ts";
import type { Merged, Unmatched } from "./expand.ts";
import { modulesAndTests, type Table } from "./presets.ts";
import { asUsual, silent, whyNone } from "./told.ts";
import { toScheduleOption } from "./schedule.ts";

export interface Translated {
  readonly options: Options;
  readonly unmatched: readonly Unmatched[];
}

/** Everything that one place says, and what the top says where that matters. */
interface Around {
  readonly values: Table;
  readonly top: Table;
}

/** What a key means here. `undefined`: its value is not understood. */
type Answer = { readonly options?: Options; readonly lost?: string } | undefined;

/** What the options of one place are called here. Keys of which `isElsewhere` are left to others. */
export function toOptions(
  { values, placeOf }: Pick<Merged, "values" | "placeOf">,
  top: Table,
  isElsewhere: (key: string) => boolean,
): Translated {
  const options: Record<string, unknown> = {};
  const unmatched: Unmatched[] = [];
  for (const [key, value] of Object.entries(values)) {
    if (isElsewhere(key) || silent.has(key)) continue;
    const lose = (why: string) => unmatched.push({ place: placeOf(key), why });
    const translate = Object.hasOwn(translations, key) ? translations[key] : undefined;
    if (translate === undefined) {
      lose(whyNone(key));
      continue;
    }
    const answer = translate(value, { values, top });
    if (answer === undefined) lose(`its value is not understood`);
    if (answer?.lost !== undefined) lose(answer.lost);
    for (const [option, said] of Object.entries(answer?.options ?? {})) {
      if (isSayable(option, said)) options[option] = said;
      else lose(`"${option}" cannot have this value`);
    }
  }
  return { options: optionsShape.parse(options), unmatched };
}

function isSayable(option: string, value: unknown): boolean {
  return optionsShape.safeParse({ [option]: value }).success;
}

const strategies: Readonly<Record<string, Options["versioning-strategy"]>> = {
  auto: "auto",
  replace: "increase-if-necessary",
  "update-lockfile": "increase-if-necessary",
  bump: "increase",
  widen: "widen",
  "in-range-only": "lockfile-only",
};

const mergeMethods: Readonly<Record<string, "merge" | "squash" | "rebase">> = {
  "merge-commit": "merge",
  squash: "squash",
  rebase: "rebase",
  "fast-forward": "rebase",
};

const translations: Readonly<Record<string, (value: unknown, around: Around) => Answer>> = {
  enabled: (value) => (typeof value === "boolean" ? { options: value ? {} : { enabled: false } } : undefined),
  labels: (value, around) => withLabels(listOfTexts(value), around),
  addLabels: (_, around) => withLabels(listOfTexts(around.values["labels"]) ?? [], around),
  assignees: (value) => people("assignees", value),
  reviewers: (value) => people("reviewers", value),
  schedule: (value, around) => {
    const lines = typeof value === "string" ? [value] : listOfTexts(value);
    if (lines === undefined) return undefined;
    const { schedule, lost } = toScheduleOption(lines, timezoneOf(around));
    return { ...(schedule === undefined ? {} : { options: { schedule } }), ...(lost && { lost }) };
  },
  automerge: (value, { values }) => {
    if (typeof value !== "boolean") return undefined;
    const method = mergeMethods[String(values["automergeStrategy"])];
    if (!value) return { options: { automerge: false } };
    // Without sizes, majors would be left to people.
    const sizes = { "update-types": ["major" as const, "minor" as const, "patch" as const] };
    return { options: { automerge: { ...sizes, ...(method === undefined ? {} : { method }) } } };
  },
  minimumReleaseAge: cooldown,
  stabilityDays: cooldown,
  rangeStrategy: (value) => {
    if (value === "pin")
      return {
        options: { "versioning-strategy": "increase" },
        lost: "requirements are not pinned to one version: `increase` raises them with each update",
      };
    const strategy = typeof value === "string" ? strategies[value] : undefined;
    return strategy === undefined ? undefined : { options: { "versioning-strategy": strategy } };
  },
  rebaseWhen: (value) => ({
    options: value === "never" ? { "rebase-strategy": "disabled" } : {},
    ...(value === "behind-base-branch" && {
      lost: "pull requests are made anew where they conflict, and not whenever their base moves",
    }),
  }),
  commitMessagePrefix: commitMessage,
  semanticCommits: commitMessage,
  semanticCommitType: commitMessage,
  semanticCommitScope: commitMessage,
  prConcurrentLimit: limit,
  branchConcurrentLimit: (value, { values }) => ("prConcurrentLimit" in values ? {} : limit(value)),
  dependencyDashboardApproval: (value) =>
    typeof value === "boolean" ? { options: { approval: value } } : undefined,
  separateMinorPatch: (value) =>
    value === true
      ? { lost: "of a dependency that has both, the minor is proposed; only groups are parted" }
      : {},
  postUpdateOptions: (value) => {
    const asked = listOfTexts(value);
    if (asked === undefined) return undefined;
    const own = asked.filter((name) => /^(?:npm|yarn|pnpm)Dedupe/.test(name));
    const others = asked.filter((name) => !own.includes(name));
    const lost = [
      ...(own.length === 0
        ? []
        : [`${own.join(", ")}: \`lock-maintenance: true\` makes copies one, in a pull request of its own`]),
      ...(others.length === 0
        ? []
        : [`${others.join(", ")}: for what is not supported yet, or with no equal`]),
    ];
    return lost.length === 0 ? {} : { lost: lost.join("; ") };
  },
  ...Object.fromEntries(
    Object.entries(asUsual).map(([key, { values, why }]) => [
      key,
      (value: unknown): Answer => (values.includes(value) ? {} : { lost: why }),
    ]),
  ),
  prCreation: (value) =>
    value === "immediate" ? {} : { lost: "pull requests are opened before their checks ran" },
  lockFileMaintenance: (value, around) => {
    if (!isTable(value)) return undefined;
    if (value["enabled"] !== true) return { options: { "lock-maintenance": false } };
    const lines = [value["schedule"] ?? []].flat().filter((line) => typeof line === "string");
    const { schedule } = toScheduleOption(lines, timezoneOf(around));
    return { options: { "lock-maintenance": schedule === undefined ? true : { schedule } } };
  },
  vulnerabilityAlerts: (value) =>
    isTable(value)
      ? { options: value["enabled"] === false ? { security: { response: "report" } } : {} }
      : undefined,
  ignorePaths: (value) => {
    const paths = listOfTexts(value);
    if (paths === undefined) return undefined;
    if (paths.join("\n") === modulesAndTests.join("\n")) return {};
    return { options: { "exclude-paths": paths.flatMap(globsOf) } };
  },
  baseBranches: targetBranch,
  baseBranchPatterns: targetBranch,
};

function withLabels(labels: readonly string[] | undefined, { values, top }: Around): Answer {
  if (labels === undefined) return undefined;
  const inherited = values === top || "labels" in values ? [] : (listOfTexts(top["labels"]) ?? []);
  const added = listOfTexts(values["addLabels"]) ?? [];
  return { options: { labels: [...new Set([...inherited, ...labels, ...added])] } };
}

function people(key: "assignees" | "reviewers", value: unknown): Answer {
  const all = listOfTexts(value);
  if (all === undefined) return undefined;
  const teams = all.filter((name) => name.startsWith("team:"));
  const users = all.filter((name) => !name.startsWith("team:"));
  return {
    options: users.length === 0 ? {} : { [key]: users },
    ...(teams.length > 0 && {
      lost: `write teams with their organisation, such as acme/${teams[0]?.slice(5)}`,
    }),
  };
}

function timezoneOf({ values, top }: Around): string | undefined {
  return textOf(values["timezone"]) ?? textOf(top["timezone"]);
}

function cooldown(value: unknown): Answer {
  const days = daysOf(value);
  return days === undefined ? undefined : { options: { cooldown: { "default-days": days } } };
}

const daysIn: Readonly<Record<string, number>> = {
  minute: 1 / 1_440,
  hour: 1 / 24,
  day: 1,
  week: 7,
  month: 30,
  year: 365,
};

/** `3 days`, `1 week`; none for `null`. A part of a day counts as a whole one. */
function daysOf(value: unknown): number | undefined {
  if (value === null) return 0;
  if (typeof value === "number") return value;
  const [, count, unit = "day"] =
    /^(\d+(?:\.\d+)?) ?(minute|hour|day|week|month|year|d|w|h)?s?$/i.exec(textOf(value) ?? "") ?? [];
  const name = { d: "day", w: "week", h: "hour" }[unit.toLowerCase()] ?? unit.toLowerCase();
  return count === undefined ? undefined : Math.ceil(Number(count) * (daysIn[name] ?? 1));
}

/** Of several keys, which are only told once. */
function commitMessage(_: unknown, { values, top }: Around): Answer {
  const all = { ...top, ...values };
  const own = textOf(all["commitMessagePrefix"])?.replace(/:\s*$/, "");
  if (own !== undefined && own !== "")
    return own.includes("{{")
      ? { lost: "a prefix cannot be made from a template" }
      : { options: { "commit-message": { prefix: own } } };
  const type = textOf(all["semanticCommitType"]);
  if (all["semanticCommits"] !== "enabled" && type === undefined && all["semanticCommitScope"] === undefined)
    return {};
  if (all["semanticCommits"] === "disabled") return {};
  const scope = all["semanticCommitScope"] ?? (all["semanticCommitScope"] === null ? null : "deps");
  const isSplit = type === undefined && all["semanticPrefix"] !== undefined;
  const named = typeof scope === "string" && scope !== "deps" ? `(${scope})` : "";
  return {
    options: {
      "commit-message": {
        prefix: `${isSplit ? "fix" : (type ?? "chore")}${named}`,
        ...(isSplit ? { "prefix-development": `chore${named}` } : {}),
        ...(scope === "deps" ? { include: "scope" as const } : {}),
      },
    },
  };
}

/** 0 means that there is none. */
function limit(value: unknown): Answer {
  if (typeof value !== "number" || !(value >= 0)) return undefined;
  return { options: { "open-pull-requests-limit": value === 0 ? 1_000 : Math.min(1_000, Math.ceil(value)) } };
}

function targetBranch(value: unknown): Answer {
  const branches = typeof value === "string" ? [value] : listOfTexts(value);
  const [branch] = branches ?? [];
  if (branch === undefined || branch.startsWith("/")) return undefined;
  if (branch === "$default") return {};
  return branches?.length === 1
    ? { options: { "target-branch": branch } }
    : { lost: "for several branches write one entry of `updates` for each, with its `target-branch`" };
}

/** Renovate leaves out what contains a path without wildcards. */
export function globsOf(path: string): readonly string[] {
  const plain = path.replace(/^\.?\/+/, "").replace(/\/+$/, "");
  if (plain === "") return [];
  if (/[*?{[]/.test(plain)) return [plain];
  return /\.[a-z0-9]+$/i.test(plain) ? [plain, `**/${plain}`] : [`${plain}/**`, `**/${plain}/**`];
}
