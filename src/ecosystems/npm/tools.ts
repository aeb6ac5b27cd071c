import semver from "semver";
import type { Dependency, Reason, Span } from "../../domain/types.ts";
import { tableOf, textOf, textsOf } from "../../text/data.ts";
import type { JsonText } from "../../text/json.ts";

/** What a manifest says of a program to work with it. */
export interface Tool {
  readonly program: string;
  /** As written; of a `packageManager` what follows the name, with the checksum. */
  readonly requirement: string;
  readonly span: Span;
  readonly field: "packageManager" | "devEngines" | "engines";
}

const programs = ["npm", "pnpm", "yarn", "bun", "node"];

/**
 * The entries of `packageManager`, `devEngines` and `engines` of a `package.json` that name a package manager or Node.js.
 * https://nodejs.org/api/packages.html#packagemanager, https://docs.npmjs.com/cli/v11/configuring-npm/package-json#devengines
 */
export function toolsIn(json: JsonText): readonly Tool[] {
  const top = tableOf(json.value);
  const devEngines = tableOf(top["devEngines"]);
  return [
    ...packageManagerIn(json),
    ...["packageManager", "runtime"].flatMap((key) => devEnginesAt(json, key, devEngines[key])),
    ...Object.keys(textsOf(top["engines"])).flatMap((name) => toolAt(json, ["engines", name], name)),
  ];
}

function packageManagerIn(json: JsonText): Tool[] {
  const found = json.stringAt(["packageManager"]);
  const program = found?.raw.split("@", 1)[0] ?? "";
  if (found === undefined || !programs.includes(program) || found.raw === program) return [];
  const span = { start: found.span.start + program.length + 1, end: found.span.end };
  return [{ program, requirement: found.raw.slice(program.length + 1), span, field: "packageManager" }];
}

/** One, or a list of those that will do. */
function devEnginesAt(json: JsonText, key: string, found: unknown): Tool[] {
  const one = (value: unknown, ...place: number[]) =>
    toolAt(json, ["devEngines", key, ...place, "version"], textOf(tableOf(value)["name"]));
  return Array.isArray(found) ? found.flatMap((value, index) => one(value, index)) : one(found);
}

function toolAt(
  json: JsonText,
  keys: readonly ["devEngines" | "engines", ...(string | number)[]],
  program = "",
): Tool[] {
  const found = json.stringAt(keys);
  if (found === undefined || !programs.includes(program)) return [];
  return [{ program, requirement: found.raw, span: found.span, field: keys[0] }];
}

/** The tools of a manifest as dependencies; `root` are those of the root of its project, which pins one for all. */
export function requirementsOfTools(tools: readonly Tool[], root: readonly Tool[]): readonly Dependency[] {
  const pinned = root.find(({ field }) => field === "packageManager");
  return tools.map((tool): Dependency => {
    const { program, requirement, span, field } = tool;
    const known = pinned?.program === program ? semver.valid(pinned.requirement) : null;
    const version = (field === "packageManager" ? semver.valid(requirement) : known) ?? lowestOf(tool);
    const held = whyHeld(tool, version);
    return {
      name: packageOf(program, version),
      requirement,
      span,
      scope: "development",
      kind: field === "engines" ? "engine" : "package-manager",
      ...(version === undefined ? {} : { version }),
      ...(held === undefined ? {} : { held }),
    };
  });
}

/** What is promised in `engines` does not tell what is in use, and of Node.js nothing is asked. */
function lowestOf({ program, field, requirement }: Tool): string | undefined {
  if (program === "node" || field !== "devEngines" || semver.validRange(requirement) === null)
    return undefined;
  return semver.minVersion(requirement)?.version;
}

function whyHeld({ program, requirement, field }: Tool, version: string | undefined): Reason | undefined {
  if (program === "node") {
    const detail = "Node.js is not released through this registry: what it is to be is decided by hand";
    return { code: "runtime", detail };
  }
  if (version !== undefined) return undefined;
  if (field !== "engines") {
    return { code: "unsupported-requirement", detail: `\`${requirement}\` names no version of ${program}` };
  }
  const detail = `it promises what the project works with, and no \`packageManager\` tells which ${program} is in use`;
  return { code: "engines", detail };
}

/** From 2 on Yarn is released under another name: no update leads from the one to the other. */
function packageOf(program: string, version: string | undefined): string {
  const isModern = program === "yarn" && version !== undefined && semver.major(version) >= 2;
  return isModern ? "@yarnpkg/cli-dist" : program;
}
