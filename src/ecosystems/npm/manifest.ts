import { createRequire } from "node:module";
import type npa from "npm-package-arg";
import semver from "semver";
import { ManifestError, messageOf } from "../../domain/errors.ts";
import type { Dependency, Publication, Reason, Scope } from "../../domain/types.ts";
import { isTable, listOfTexts, tableOf, textOf, textsOf } from "../../text/data.ts";
import { type JsonText, parseJson, readJson } from "../../text/json.ts";
import { publicationOf } from "./publication.ts";

/** A `package.json`, as far as it says what a project needs. https://docs.npmjs.com/cli/v11/configuring-npm/package-json */
export interface PackageJson {
  readonly path: string;
  readonly name?: string;
  readonly version?: string;
  readonly engines: Readonly<Record<string, string>>;
  /** Such as `pnpm@9.1.0`. */
  readonly packageManager?: string;
  /** The globs of a workspace root; absent for every other manifest. */
  readonly workspaces?: readonly string[];
  readonly publication?: Publication;
  readonly requirements: readonly Requirement[];
  /** The names that the root's `overrides` or `resolutions` decide, with what is written there; `undefined` for a nested rule. */
  readonly overrides: ReadonlyMap<string, string | undefined>;
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
  const packageManager = textOf(value["packageManager"]);
  const workspaces = globsOf(value);
  const publication = publicationOf(value);
  return {
    path,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(packageManager === undefined ? {} : { packageManager }),
    ...(workspaces === undefined ? {} : { workspaces }),
    ...(publication === undefined ? {} : { publication }),
    engines: textsOf(value["engines"]),
    overrides: new Map(
      Object.entries({ ...tableOf(value["resolutions"]), ...tableOf(value["overrides"]) }).map(
        ([key, rule]) => [key, textOf(rule)],
      ),
    ),
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

/** Why a requirement is none that a release of the registry could replace; `undefined` for a version or a range. */
export function whyHeld(name: string, requirement: string): Reason | undefined {
  if (plainName.test(name) && isPlainRange(requirement)) return undefined;
  const protocol = /^(workspace|catalog|portal|patch|link|jsr|exec):/.exec(requirement)?.[1];
  if (protocol === "workspace" || protocol === "link" || protocol === "portal") {
    return { code: "local", detail: `\`${requirement}\` names a package of this repository` };
  }
  if (protocol === "catalog") {
    return { code: "catalog", detail: `\`${requirement}\` is decided in the workspace's catalog` };
  }
  if (protocol !== undefined)
    return unsupported(`\`${requirement}\` uses the \`${protocol}:\` protocol, which npm has not`);
  if (requirement.includes("\\")) return unsupported("it is written with escaped characters");
  try {
    const kind = kinds[reader().resolve(name, requirement).type];
    return kind && { code: kind.code, detail: `\`${requirement}\` ${kind.is}` };
  } catch (error) {
    return unsupported(`npm does not understand \`${requirement}\`: ${messageOf(error)}`);
  }
}

/** What nearly all are: npm's own reading of a requirement tries addresses first, and takes a hundred times as long. */
function isPlainRange(requirement: string): boolean {
  if (/^[\^~]?\d{1,9}\.\d{1,9}\.\d{1,9}$/.test(requirement)) return true;
  return !/[/:\\@]/.test(requirement) && semver.validRange(requirement, { loose: true }) !== null;
}
const plainName = /^(?!(?:node_modules|favicon\.ico)$)(?:@[a-z\d][a-z\d._-]*\/)?[a-z\d][a-z\d._-]*$/;

function unsupported(detail: string): Reason {
  return { code: "unsupported-requirement", detail };
}

let loaded: typeof npa | undefined;

/** npm's own reader of requirements; most manifests do without it, so it is loaded when it is met. */
function reader(): typeof npa {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is that module
  loaded ??= createRequire(import.meta.url)("npm-package-arg") as typeof npa;
  return loaded;
}

const kinds: Readonly<Record<npa.Result["type"], { code: string; is: string } | undefined>> = {
  version: undefined,
  range: undefined,
  tag: { code: "tag", is: "is a tag: it follows whatever the maintainers tag" },
  alias: { code: "alias", is: "installs another package under this name" },
  git: { code: "git", is: "is a git repository, not a release" },
  remote: { code: "tarball", is: "is the address of an archive, not a release" },
  file: { code: "local", is: "is a file, not a release" },
  directory: { code: "local", is: "is a folder, not a release" },
};
