import semver from "semver";
import type { Dependency, LockGraph, Reason, Scope, Span } from "../../domain/types.ts";
import { isTable, tableOf } from "../../text/data.ts";
import type { JsonText } from "../../text/json.ts";
import type { Manager } from "./managers/manager.ts";
import { whyHeld } from "./requirement.ts";

/** One entry of the tables in which a root decides the version of a package for all who need it. */
export interface Override {
  /** The file that it is written in. */
  readonly path: string;
  readonly table: OverrideTable;
  /** As written, levels joined by ` > `: `a > b`, `lodash@<4.17.21`, `**\/left-pad`. */
  readonly key: string;
  readonly name: string;
  /** The requirements or versions that it is about, where the key names them. */
  readonly range?: string;
  /** Who must ask for the package; empty where it does not matter. */
  readonly parents: readonly string[];
  /** As written: a requirement, `$name` for the requirement of a direct dependency, `-` to install none. */
  readonly value: string;
  readonly span: Span;
}

export type OverrideTable = "overrides" | "resolutions" | "pnpm.overrides" | "pnpm-workspace";

/** Which tables a package manager reads. */
const tablesOf: Readonly<Record<Manager["id"], readonly OverrideTable[]>> = {
  npm: ["overrides"],
  yarn: ["resolutions"],
  pnpm: ["pnpm.overrides", "pnpm-workspace", "resolutions"],
  bun: ["overrides", "resolutions"],
};

/** The entries of a `package.json`. Those that cannot be told what package they are about are left out. */
export function overridesIn(path: string, json: JsonText): readonly Override[] {
  const top = tableOf(json.value);
  return [
    ...leaves(top["overrides"], ["overrides"]).flatMap((keys) => {
      const own = keys.slice(1);
      // `{ "a": { ".": "1.0.0" } }` is about `a` itself.
      const levels = own.at(-1) === "." ? own.slice(0, -1) : own;
      return at(path, json, "overrides", keys, levels);
    }),
    ...Object.keys(tableOf(top["resolutions"])).flatMap((key) =>
      at(path, json, "resolutions", ["resolutions", key], levelsOfYarn(key)),
    ),
    ...Object.keys(tableOf(tableOf(top["pnpm"])["overrides"])).flatMap((key) =>
      at(path, json, "pnpm.overrides", ["pnpm", "overrides", key], levelsOfPnpm(key)),
    ),
  ];
}

/** The paths to the texts in a table of tables. */
function leaves(value: unknown, keys: readonly string[]): (readonly string[])[] {
  if (typeof value === "string") return [keys];
  return isTable(value) ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...keys, key])) : [];
}

function at(
  path: string,
  json: JsonText,
  table: OverrideTable,
  keys: readonly string[],
  levels: readonly string[],
): readonly Override[] {
  const found = json.stringAt(keys);
  return found === undefined ? [] : overrideOf({ path, table, value: found.raw, span: found.span }, levels);
}

/** An entry from the levels of its key, outermost first: none where the last names no package. */
export function overrideOf(
  entry: Pick<Override, "path" | "table" | "value" | "span">,
  levels: readonly string[],
): readonly Override[] {
  const { name, range } = splitSelector(levels.at(-1) ?? "");
  // As Yarn writes it itself: a requirement of the same package, and no alias.
  const prefix = /^npm:(?=[\^~<>=v]*\d)/.exec(entry.value)?.[0].length ?? 0;
  const value = entry.value.slice(prefix);
  const span = { ...entry.span, start: entry.span.start + prefix };
  if (name === "" || name.includes("*")) return [];
  const parents = levels.slice(0, -1).filter((level) => level !== "**");
  return [
    {
      ...entry,
      value,
      span,
      key: levels.join(" > "),
      name,
      ...(range === undefined ? {} : { range }),
      parents,
    },
  ];
}

/** `@acme/a@^1` is @acme/a where `^1` is asked for. */
export function splitSelector(selector: string): { readonly name: string; readonly range?: string } {
  const place = selector.indexOf("@", 1);
  if (place === -1) return { name: selector };
  return { name: selector.slice(0, place), range: selector.slice(place + 1).replace(/^npm:/, "") };
}

/** `a/**\/@acme/b` has three levels. https://yarnpkg.com/configuration/manifest#resolutions */
function levelsOfYarn(key: string): readonly string[] {
  // A range that is an address or a patch may have slashes of its own.
  if (/@(?!npm:)[a-z]+:/.test(key)) return [];
  return key.match(/(?:@[^/]+\/)?[^/]+/g) ?? [];
}

/** `a@1>b` has two; the `>` of a range follows `@`, a space or a bar. https://pnpm.io/settings#overrides */
export function levelsOfPnpm(key: string): readonly string[] {
  return key.split(/(?<=[^ |@])>/);
}

/** The entries that a package manager heeds, at the version that the project pins. */
export function heeded(
  overrides: readonly Override[],
  manager: Manager["id"],
  packageManager = "",
): readonly Override[] {
  // https://pnpm.io/settings: the field of the manifest is not read from 11 on.
  const isLate = Number(/^pnpm@\D*(\d+)/.exec(packageManager)?.[1] ?? 0) >= 11;
  return overrides.filter(
    ({ table }) => tablesOf[manager].includes(table) && !(isLate && table === "pnpm.overrides"),
  );
}

/** What an entry requires, as a requirement of its own; none where it follows another or installs nothing. */
export function requirementsOf(
  overrides: readonly Override[],
  direct: readonly Pick<Dependency, "name" | "scope">[],
  graph: LockGraph | undefined,
): readonly (Omit<Dependency, "registry"> & { readonly kind: "override" })[] {
  return overrides
    .filter(({ value }) => value !== "" && value !== "-" && !value.startsWith("$"))
    .map((override) => {
      const { name, value: requirement, span } = override;
      const locked = graph?.packages.filter((found) => found.name === name && found.manifest === undefined);
      const held = whyHeld(name, requirement) ?? whyNotRaised(override, locked);
      const versions = new Set(locked?.map(({ version }) => version));
      const [only] = versions;
      const version = semver.valid(requirement, { loose: true }) ?? (versions.size === 1 ? only : undefined);
      return {
        name,
        requirement,
        span,
        kind: "override",
        scope: scopeOf(name, direct, locked ?? []),
        ...(version === undefined ? {} : { version }),
        ...(held === undefined ? {} : { held }),
      };
    });
}

function whyNotRaised(
  { key, name, range, path }: Override,
  locked: readonly unknown[] | undefined,
): Reason | undefined {
  if (range !== undefined) {
    return reason(`\`${key}\` in ${path} is about some versions of ${name} only, and newer ones are others`);
  }
  if (locked?.length !== 0) return undefined;
  return reason(`\`${key}\` in ${path} has no effect: ${name} is not in the lockfile`);
}

/** As those have it who ask for it themselves, else as the lockfile knows it. */
function scopeOf(
  name: string,
  direct: readonly Pick<Dependency, "name" | "scope">[],
  locked: readonly { readonly scope: Scope }[],
): Scope {
  const scopes = direct.filter((other) => other.name === name).map(({ scope }) => scope);
  const known = scopes.length > 0 ? scopes : locked.map(({ scope }) => scope);
  return known.length > 0 && known.every((scope) => scope === "development") ? "development" : "runtime";
}

/**
 * Why a direct dependency cannot be raised beside the entries for its name. An entry without conditions is raised along
 * with it; npm lets one stand beside a dependency of its root only where both say the same.
 */
export function whyOverridden(
  { name, requirement, version }: Pick<Dependency, "name" | "requirement" | "version">,
  overrides: readonly Override[],
  isStrict: boolean,
): Reason | undefined {
  for (const override of overrides) {
    const { value, key, path } = override;
    if (override.name !== name || override.parents.length > 0 || value === `$${name}`) continue;
    if (override.range !== undefined) {
      if (bears(override.range, requirement, version)) {
        return reason(`\`${key}\` in ${path} decides some of its versions, and perhaps the next: ${value}`);
      }
      continue;
    }
    const isRaised = value !== "-" && !value.startsWith("$") && whyHeld(name, value) === undefined;
    if (isRaised && (value === requirement || !isStrict)) continue;
    return reason(
      `\`${key}\` in ${path} decides its version: ${JSON.stringify(value)}, beside ${JSON.stringify(requirement)} here`,
    );
  }
  return undefined;
}

/** Whether a range of an entry may touch a requirement: it does not where it ends below what is in use. */
function bears(range: string, requirement: string, version: string | undefined): boolean {
  const options = { loose: true };
  if (semver.validRange(range, options) === null || semver.validRange(requirement, options) === null)
    return true;
  if (version !== undefined && semver.gtr(version, range, options)) return false;
  return semver.intersects(range, requirement, options);
}

function reason(detail: string): Reason {
  return { code: "override", detail };
}
