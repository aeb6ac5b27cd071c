import { tableOf, textOf, textsOf } from "../../text/data.ts";
import { type Catalogs, catalogIn } from "./catalogs.ts";
import { levelsOfPnpm, type Override, overrideOf } from "./overrides.ts";
import { type NpmSettings, withSlash } from "./npmrc.ts";
import { dangerousSettings, globsIn } from "./pnpm-workspace-file.ts";
import { mapAt, readYaml, scalarsOf } from "./yaml.ts";

/** A `pnpm-workspace.yaml`. https://pnpm.io/pnpm-workspace_yaml */
export interface PnpmWorkspace extends Catalogs {
  /** The globs of the workspace's members. */
  readonly packages: readonly string[];
  readonly overrides: readonly Override[];
  /** Keys of settings that would make pnpm run code of the repository, or of a package that it names. */
  readonly runs: readonly string[];
}

/** Reads a `pnpm-workspace.yaml`. Throws `ManifestError` with the place. */
export function readPnpmWorkspace(path: string, text: string): PnpmWorkspace {
  const { top, value: whole } = readYaml(path, text);
  if (top === undefined) return { path, packages: [], catalog: [], overrides: [], runs: [] };
  return {
    path,
    packages: globsIn(tableOf(whole)),
    catalog: catalogIn(text, top),
    overrides: scalarsOf(text, mapAt(top, "overrides")).flatMap(({ key, value, span }) =>
      overrideOf({ path, table: "pnpm-workspace", value, span }, levelsOfPnpm(key)),
    ),
    runs: dangerousSettings.filter((key) => top.has(key)),
  };
}

/**
 * The registries that a `pnpm-workspace.yaml` names, over those of the `.npmrc` beside it, under the same rules.
 * https://pnpm.io/settings#registries
 */
export function withPnpmRegistries(path: string, text: string, npmrc: NpmSettings): NpmSettings {
  const { registry: main, registries } = tableOf(readYaml(path, text).value);
  const named = textsOf(registries);
  const registry = textOf(main) ?? named["default"];
  return {
    ...npmrc,
    ...(registry === undefined ? {} : { registry: withSlash(registry) }),
    scopes: new Map([
      ...npmrc.scopes,
      ...Object.entries(named)
        .filter(([scope]) => scope.startsWith("@"))
        .map(([scope, address]) => [scope, withSlash(address)] as const),
    ]),
  };
}
