import { isTable, listOfTexts, textOf } from "../../text/data.ts";
import type { ConfigurationFile, Match } from "../schema/file.ts";
import { optionsShape } from "../schema/options.ts";
import { expanded, merged, type Piece, type Unmatched } from "./expand.ts";
import { isCondition, toMatch } from "./match.ts";
import { toOptions } from "./options.ts";
import type { Table } from "./presets.ts";

type Rule = NonNullable<ConfigurationFile["rules"]>[number];

export interface MigratedRules {
  readonly rules: readonly Rule[];
  readonly unmatched: readonly Unmatched[];
}

const sizes = ["major", "minor", "patch"] as const;
const ownKeys = new Set<string>([...sizes, "groupName", "allowedVersions"]);

/** Whether a key of the top says what holds for some updates only, and so becomes a rule. */
export function isSized(key: string): boolean {
  return (sizes as readonly string[]).includes(key);
}

/** One of `packageRules`. A condition that cannot be said leaves the whole rule out: without it, it would fit too much. */
export function toRules(piece: Piece, top: Table): MigratedRules {
  const { pieces, unmatched } = expanded(piece.values, piece.place);
  const { values } = merged(pieces);
  const at = (key: string) => `${piece.place}.${key}`;
  const found = toMatch(values);
  if (found.kind === "never") return { rules: [], unmatched };
  if (found.kind === "unsayable") {
    const why = `${whyUnsayable[found.key] ?? "this condition cannot be said here"}: without it the rule would fit too much, and so it is left out`;
    return { rules: [], unmatched: [...unmatched, { place: at(found.key), why }] };
  }
  const { match } = found;
  const translated = toOptions({ values, placeOf: at }, top, (key) => isCondition(key) || ownKeys.has(key));
  const ignored = ignoreOf(values, top);
  const options = { ...translated.options, ...automergeOf(translated.options, match), ...ignored.options };
  const group = groupOf(values, top);
  const description = textOf([values["description"]].flat()[0])?.slice(0, 1_000);
  const rule: Rule = {
    ...(description === undefined ? {} : { description }),
    match,
    ...options,
    ...(group.name === undefined ? {} : { group: group.name }),
  };
  const says = Object.keys(options).length > 0 || group.name !== undefined;
  const inner = sizes.flatMap((size) => {
    const said = values[size];
    const conditions = Object.entries(values).filter(([key]) => isCondition(key));
    return isTable(said)
      ? [
          toRules(
            {
              place: at(size),
              values: { ...Object.fromEntries(conditions), matchUpdateTypes: [size], ...said },
            },
            top,
          ),
        ]
      : [];
  });
  return {
    rules: [
      ...(says ? [rule] : []),
      ...apart(match, group),
      ...patchesApart(match, group, (values["separateMinorPatch"] ?? top["separateMinorPatch"]) === true),
      ...inner.flatMap(({ rules }) => rules),
    ],
    unmatched: [
      ...unmatched,
      ...translated.unmatched,
      ...[
        { key: "groupName", why: group.lost },
        { key: "allowedVersions", why: ignored.lost },
      ].flatMap(({ key, why }) => (why === undefined ? [] : [{ place: at(key), why }])),
      ...inner.flatMap((each) => each.unmatched),
    ],
  };
}

const whyUnsayable: Readonly<Record<string, string>> = {
  matchSourceUrls: "where a package's source is kept is not known when rules are asked; name the packages",
  matchSourceUrlPrefixes:
    "where a package's source is kept is not known when rules are asked; name the packages",
  matchCurrentVersion: "of expressions only those for what is stable are understood; write a range",
  matchCurrentValue:
    "rules ask about the version in use, and not about what is required; see `current-version`",
  matchBaseBranches: "write an entry of `updates` for each branch, with its `target-branch`",
  matchRepositories: "write the rule in the file of that repository",
};

/** Where a rule is about small updates only, the sizes that are merged need not be said again. */
function automergeOf({ automerge }: Pick<Rule, "automerge">, match: Match): Pick<Rule, "automerge"> {
  const isSmall = match["update-types"]?.includes("major") === false;
  if (!isSmall || typeof automerge !== "object") return {};
  const { "update-types": _sizes, ...more } = automerge;
  return { automerge: Object.keys(more).length === 0 ? true : more };
}

interface Group {
  readonly name?: string;
  readonly isWhole: boolean;
  readonly lost?: string;
}

function groupOf(values: Table, top: Table): Group {
  const isWhole = (values["separateMajorMinor"] ?? top["separateMajorMinor"]) === false;
  const written = textOf(values["groupName"]);
  if (written === undefined) return { isWhole };
  const name = written.replaceAll("/", "-").slice(0, 90);
  if (written.includes("{{") || !optionsShape.safeParse({ group: name }).success)
    return { isWhole, lost: "a group's name cannot be made from a template" };
  return { name, isWhole };
}

/** Renovate parts the majors of a group from the rest. */
function apart(match: Match, { name, isWhole }: Group): readonly Rule[] {
  const types = match["update-types"] ?? sizes;
  if (name === undefined || isWhole || !types.includes("major") || types.length === 1) return [];
  return [{ match: { ...match, "update-types": ["major"] }, group: `${name} (major)` }];
}

/** And patches from minors, where it is told to. */
function patchesApart(match: Match, { name }: Group, isParted: boolean): readonly Rule[] {
  const types = match["update-types"] ?? sizes;
  if (name === undefined || !isParted || !types.includes("patch") || types.length === 1) return [];
  return [{ match: { ...match, "update-types": ["patch"] }, group: `${name} (patch)` }];
}

/** `ignoreDeps` */
export function ignoredEverywhere(top: Table): NonNullable<Rule["ignore"]> {
  return (listOfTexts(top["ignoreDeps"]) ?? [])
    .filter((name) => name !== "" && name.length <= 300)
    .slice(0, 900)
    .map((name) => ({ "dependency-name": name }));
}

const opposites: Readonly<Record<string, string>> = { "<": ">=", "<=": ">", ">": "<=", ">=": "<" };

/** What is not allowed is ignored, besides what is ignored everywhere: a rule's list takes the place of that. */
function ignoreOf(values: Table, top: Table): { options: Pick<Rule, "ignore">; lost?: string } {
  const allowed = values["allowedVersions"];
  if (allowed === undefined) return { options: {} };
  const [, operator = "", version] = /^\s*(<=?|>=?)\s*v?(\d[\w.+-]*)\s*$/.exec(textOf(allowed) ?? "") ?? [];
  const opposite = opposites[operator];
  if (opposite === undefined || version === undefined)
    return { options: {}, lost: "write it as `ignore`, with the versions that are not wanted" };
  return { options: { ignore: [...ignoredEverywhere(top), { versions: [`${opposite}${version}`] }] } };
}
