import { isMap, isScalar, type YAMLMap } from "yaml";
import type { Dependency } from "../../domain/types.ts";
import { isTable, tableOf } from "../../text/data.ts";
import { readJson } from "../../text/json.ts";
import { whyHeld } from "./requirement.ts";
import { mapAt, readYaml, scalarsOf } from "./yaml.ts";

/** The catalogs of a project, in the file that defines them. */
export interface Catalogs {
  readonly path: string;
  /** The entries of `catalog` and of each of `catalogs`. */
  readonly catalog: readonly CatalogEntry[];
}

export interface CatalogEntry extends Omit<Dependency, "version" | "scope"> {
  /** `default` for the unnamed one. */
  readonly catalog: string;
}

/** The catalogs of a `.yarnrc.yml`. https://yarnpkg.com/features/catalogs Throws `ManifestError` with the place. */
export function readYarnCatalogs(path: string, text: string): Catalogs {
  const { top } = readYaml(path, text);
  return { path, catalog: top === undefined ? [] : catalogIn(text, top) };
}

/** The entries of `catalog` and `catalogs` in a YAML file's top. */
export function catalogIn(text: string, top: YAMLMap): CatalogEntry[] {
  return [
    ...entriesOf(text, "default", mapAt(top, "catalog")),
    ...(mapAt(top, "catalogs")?.items ?? []).flatMap(({ key, value }) =>
      isScalar(key) && isMap(value) ? entriesOf(text, String(key.value), value) : [],
    ),
  ];
}

function entriesOf(text: string, catalog: string, entries: YAMLMap | undefined): CatalogEntry[] {
  return scalarsOf(text, entries).map(({ key: name, value: requirement, span, isPlain }) => {
    const held = isPlain
      ? whyHeld(name, requirement)
      : { code: "unsupported-requirement", detail: "it is not written plainly" };
    return { name, requirement, span, catalog, ...(held === undefined ? {} : { held }) };
  });
}

/** The catalogs of bun: in `workspaces` of the root's `package.json`, or at its top. https://bun.com/docs/pm/catalogs */
export function readBunCatalogs(path: string, text: string): Catalogs {
  const json = readJson(path, text);
  const top = tableOf(json.value);
  const places = [
    { keys: ["workspaces"], of: tableOf(top["workspaces"]) },
    { keys: [], of: top },
  ];
  const tables = places.flatMap(({ keys, of }) => [
    { catalog: "default", keys: [...keys, "catalog"], entries: of["catalog"] },
    ...Object.entries(tableOf(of["catalogs"])).map(([catalog, entries]) => ({
      catalog,
      keys: [...keys, "catalogs", catalog],
      entries,
    })),
  ]);
  return {
    path,
    catalog: tables.flatMap(({ catalog, keys, entries }) =>
      (isTable(entries) ? Object.keys(entries) : []).flatMap((name): CatalogEntry[] => {
        const found = json.stringAt([...keys, name]);
        if (found === undefined) return [];
        const held = whyHeld(name, found.raw);
        const entry = { name, requirement: found.raw, span: found.span, catalog };
        return [{ ...entry, ...(held === undefined ? {} : { held }) }];
      }),
    ),
  };
}
