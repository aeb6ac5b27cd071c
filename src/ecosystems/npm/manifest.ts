import { ManifestError } from "../../domain/errors.ts";
import type { Dependency, Publication, Scope } from "../../domain/types.ts";
import { isTable, listOfTexts, tableOf, textOf, textsOf } from "../../text/data.ts";
import { type JsonText, parseJson, readJson } from "../../text/json.ts";
import { type Override, overridesIn } from "./overrides.ts";
import { packageManagerOf } from "./pinned.ts";
import { publicationOf } from "./publication.ts";
import { whyHeld } from "./requirement.ts";
import { type Tool, toolsIn } from "./tools.ts";

/** A `package.json`, as far as it says what a project needs. https://docs.npmjs.com/cli/v11/configuring-npm/package-json */
export interface PackageJson {
  readonly path: string;
  readonly name?: string;
  readonly version?: string;
  readonly engines: Readonly<Record<string, string>>;
  /** Such as `pnpm@9.1.0`; from `devEngines` perhaps with a range, or without a version. */
  readonly packageManager?: string;
  /** The globs of a workspace root; absent for every other manifest. */
  readonly workspaces?: readonly string[];
  readonly publication?: Publication;
  /** Whether it has a field `pnpm`, which only those before 11 read. */
  readonly hasPnpmSettings: boolean;
  readonly requirements: readonly Requirement[];
  readonly tools: readonly Tool[];
  /** Of every package manager; those of a root count. */
  readonly overrides: readonly Override[];
}

/** One line of one of the dependency tables. */
export interface Requirement extends Omit<Dependency, "version"> {
  readonly section: Section;
}

export type Section = (typeof sections)[number]["key"];

/** Later tables win where npm reads a name from two of them, so they are kept in npm's order. */
const sections = [
  { key: "dependencies", scope: "runtime" },
  { key: "devDependencies", scope: "development" },
  { key: "optionalDependencies", scope: "optional" },
  { key: "peerDependencies", scope: "peer" },
] as const satisfies readonly { key: string; scope: Scope }[];

/** Only the globs of a workspace root, for what needs no places. Throws `ManifestError`. */
export function workspacesIn(path: string, text: string): readonly string[] | undefined {
  return globsOf(tableOf(parseJson(path, text)));
}

function globsOf({ workspaces }: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  return listOfTexts(workspaces) ?? listOfTexts(tableOf(workspaces)["packages"]);
}

/** Reads a `package.json`. Throws `ManifestError` when it is no JSON object or a dependency table is no table. */
export function readPackageJson(path: string, text: string): PackageJson {
  const json = readJson(path, text);
  const { value } = json;
  if (!isTable(value)) {
    throw new ManifestError(path, "is not a JSON object", { at: "line 1, column 1" });
  }
  const name = textOf(value["name"]);
  const version = textOf(value["version"]);
  const packageManager = packageManagerOf(value);
  const workspaces = globsOf(value);
  const publication = publicationOf(value);
  return {
    path,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(packageManager === undefined ? {} : { packageManager }),
    ...(workspaces === undefined ? {} : { workspaces }),
    ...(publication === undefined ? {} : { publication }),
    hasPnpmSettings: isTable(value["pnpm"]),
    engines: textsOf(value["engines"]),
    tools: toolsIn(json),
    overrides: overridesIn(path, json),
    requirements: sections.flatMap(({ key, scope }) => requirementsIn(path, json, value[key], key, scope)),
  };
}

function requirementsIn(
  path: string,
  json: JsonText,
  entries: unknown,
  section: Section,
  scope: Scope,
): Requirement[] {
  if (entries === undefined || entries === null) return [];
  if (typeof entries !== "object" || Array.isArray(entries)) {
    throw new ManifestError(path, `"${section}" is not a table of names and versions`, {
      mend: `Write it as { "name": "range" }`,
    });
  }
  return Object.keys(entries).flatMap((name) => {
    const found = json.stringAt([section, name]);
    if (found === undefined) {
      throw new ManifestError(path, `the version of "${name}" in "${section}" is not a string`);
    }
    const held = whyHeld(name, found.raw);
    return [
      {
        name,
        requirement: found.raw,
        span: found.span,
        scope,
        section,
        ...(held === undefined ? {} : { held }),
      },
    ];
  });
}
