import semver from "semver";
import { listOfTexts } from "../../text/data.ts";
import { type Match, matchShape } from "../schema/file.ts";
import { ecosystemsOf } from "./managers.ts";
import { patternsOfExpression, patternsOfName } from "./names.ts";
import { globsOf } from "./options.ts";
import type { Table } from "./presets.ts";

/** What a rule of Renovate fits. */
export type MigratedMatch =
  | { readonly kind: "match"; readonly match: Match }
  /** It is about kinds of updates that there are none of here, such as digests. */
  | { readonly kind: "never" }
  /** It asks what cannot be asked here, or asks it in a way that cannot be said. */
  | { readonly kind: "unsayable"; readonly key: string };

/** The conditions of one of `packageRules`, under their old names too. */
export function toMatch(values: Table): MigratedMatch {
  let match: Match = {};
  for (const [key, value] of Object.entries(values)) {
    if (!isCondition(key)) continue;
    const written = Object.hasOwn(renamed, key) ? (renamed[key] ?? key) : key;
    const read = Object.hasOwn(conditions, written) ? conditions[written]?.(textsIn(value)) : undefined;
    if (read === "never") return { kind: "never" };
    const joined = read === undefined ? undefined : together(match, read);
    if (joined === undefined || !matchShape.safeParse(joined).success) return { kind: "unsayable", key };
    match = joined;
  }
  return { kind: "match", match };
}

/** Whether a key says what a rule fits, and not what it does. */
export function isCondition(key: string): boolean {
  return /^(?:match|exclude[A-Z])/.test(key) || Object.hasOwn(renamed, key);
}

const renamed: Readonly<Record<string, string>> = {
  packageNames: "matchPackageNames",
  packagePatterns: "matchPackagePatterns",
  depTypeList: "matchDepTypes",
  updateTypes: "matchUpdateTypes",
  managers: "matchManagers",
  datasources: "matchDatasources",
  languages: "matchCategories",
  paths: "matchFileNames",
  matchPaths: "matchFileNames",
  matchFiles: "matchFileNames",
  matchLanguages: "matchCategories",
  matchDepNames: "matchPackageNames",
  matchDepPatterns: "matchPackagePatterns",
  matchDepPrefixes: "matchPackagePrefixes",
  excludeDepNames: "excludePackageNames",
  excludeDepPatterns: "excludePackagePatterns",
  excludeDepPrefixes: "excludePackagePrefixes",
};

/** What npm's kinds of dependencies are called here. */
const kindsOf = new Map<string, NonNullable<Match["kinds"]>[number]>([
  ["dependencies", "production"],
  ["devDependencies", "development"],
  ["optionalDependencies", "optional"],
  ["peerDependencies", "peer"],
  ["overrides", "override"],
  ["pnpm.overrides", "override"],
  ["resolutions", "override"],
  ["packageManager", "package-manager"],
  ["engines", "engine"],
]);
const plainTypes = new Set(["dependencies", "devDependencies", "dev-dependencies"]);

type Condition = (texts: readonly string[]) => Match | "never" | undefined;

const conditions: Readonly<Record<string, Condition>> = {
  matchPackageNames: (texts) => {
    const names = patternsIn(
      texts.filter((text) => !text.startsWith("!")),
      patternsOfName,
    );
    const without = patternsIn(
      texts.filter((text) => text.startsWith("!")).map((text) => text.slice(1)),
      patternsOfName,
    );
    if (names === undefined || without === undefined) return undefined;
    return { ...asNames(names), ...(without.length === 0 ? {} : { "exclude-names": [...without] }) };
  },
  matchPackagePatterns: (texts) => asNames(patternsIn(texts, patternsOfExpression)),
  matchPackagePrefixes: (texts) => asNames(texts.map((text) => `${text}*`)),
  excludePackageNames: (texts) => asExcluded(patternsIn(texts, patternsOfName)),
  excludePackagePatterns: (texts) => asExcluded(patternsIn(texts, patternsOfExpression)),
  excludePackagePrefixes: (texts) => asExcluded(texts.map((text) => `${text}*`)),
  matchDepTypes: (texts) => {
    const kinds = texts.map((text) => kindsOf.get(text));
    if (texts.some((text) => !plainTypes.has(text)) && !kinds.includes(undefined))
      return { kinds: [...new Set(kinds.flatMap((kind) => kind ?? []))] };
    const isProduction = texts.includes("dependencies");
    const isDevelopment = texts.some((text) => /^dev-?dependencies$/i.test(text));
    if (isProduction && isDevelopment) return {};
    if (isProduction) return { "dependency-type": "production" };
    if (isDevelopment && texts.length === 1) return { "dependency-type": "development" };
    return texts.length === 1 && texts[0] === "action" ? { ecosystems: ["github-actions"] } : undefined;
  },
  matchUpdateTypes: (texts) => {
    const sizes = (["major", "minor", "patch"] as const).filter((size) => texts.includes(size));
    if (sizes.length === 0) return "never";
    return sizes.length === 3 ? {} : { "update-types": sizes };
  },
  matchCurrentVersion: (texts) => {
    const range = rangeIn(texts[0] ?? "");
    return range === undefined || texts.length > 1 ? undefined : { "current-version": range };
  },
  matchManagers: asEcosystems,
  matchDatasources: asEcosystems,
  matchCategories: asEcosystems,
  matchFileNames: (texts) =>
    texts.some((text) => text.startsWith("!") || text.startsWith("/"))
      ? undefined
      : { paths: texts.map((text) => text.replace(/^\+\(([^()|]*)\)$/, "$1")).flatMap(globsOf) },
  /** The rule that stands for `vulnerabilityAlerts`. */
  matchVulnerabilities: () => ({ severity: "low" }),
};

/** How people write that something is stable, or is not yet. */
const known = new Map([
  ["!/^0/", ">=1.0.0"],
  ["!/^v?0/", ">=1.0.0"],
  ["/^[^0]/", ">=1.0.0"],
  ["/^[1-9]/", ">=1.0.0"],
  ["/^0/", "<1.0.0"],
]);

/** A range of npm. `undefined` for other expressions. */
function rangeIn(text: string): string | undefined {
  const isRange = text !== "" && !/^[!/]/.test(text) && semver.validRange(text) !== null;
  return known.get(text) ?? (isRange ? text : undefined);
}

function asEcosystems(texts: readonly string[]): Match | undefined {
  const ecosystems = ecosystemsOf(texts);
  return ecosystems === undefined ? undefined : { ecosystems: [...ecosystems] };
}

function asNames(names: readonly string[] | undefined): Match | undefined {
  if (names === undefined) return undefined;
  return names.length === 0 || names.includes("*") ? {} : { names: [...names] };
}

function asExcluded(names: readonly string[] | undefined): Match | undefined {
  return names === undefined ? undefined : { "exclude-names": [...names] };
}

function patternsIn(
  texts: readonly string[],
  read: (text: string) => readonly string[] | undefined,
): readonly string[] | undefined {
  const all = texts.map(read);
  return all.includes(undefined) ? undefined : [...new Set(all.flatMap((patterns) => patterns ?? []))];
}

/** Names are one condition, however many keys say them; of other things all must fit. */
function together(a: Match, b: Match): Match | undefined {
  if (a.paths !== undefined && b.paths !== undefined) return undefined;
  const ecosystems =
    a.ecosystems === undefined || b.ecosystems === undefined
      ? (a.ecosystems ?? b.ecosystems)
      : a.ecosystems.filter((name) => b.ecosystems?.includes(name));
  const lists = (["names", "exclude-names"] as const).flatMap((key) =>
    a[key] === undefined && b[key] === undefined
      ? []
      : [[key, [...(a[key] ?? []), ...(b[key] ?? [])]] as const],
  );
  return {
    ...a,
    ...b,
    ...(ecosystems === undefined ? {} : { ecosystems }),
    ...Object.fromEntries(lists),
  };
}

function textsIn(value: unknown): readonly string[] {
  return (typeof value === "string" ? [value] : listOfTexts(value)) ?? [];
}
