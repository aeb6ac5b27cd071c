import { dump } from "js-yaml";
import type { Pins, Ranged } from "./pins.ts";

const tables = ["dependencies", "devDependencies", "optionalDependencies"];

/**
 * A lockfile that pnpm made for exact versions, with what the manifests require in its importers and catalogs: nothing
 * else in it tells what was asked for, and nothing else is what `--frozen-lockfile` compares.
 */
export function withPnpmRanges(lockfile: string, { pins, isAll }: Pins): Ranged {
  const wanted = Map.groupBy(pins, ({ of, name }) =>
    "catalog" in of ? inCatalog(of.catalog, name) : inImporter(of.folder || ".", name),
  );
  const written = new Set<string>();
  const keys: string[] = [];
  const lines = lockfile.split("\n").map((line) => {
    const [, indent, key, value] = /^( *)('.*?'|[^\s'].*?):(?: (.*))?$/.exec(line) ?? [];
    if (indent === undefined || key === undefined) return line;
    keys.splice(indent.length / 2, keys.length, key === "specifier" ? key : plain(key));
    if (value === undefined || key !== "specifier") return line;
    const place = placeIn(keys);
    const [pin, ...others] = wanted.get(place) ?? [];
    const isClear = others.every(({ requirement }) => requirement === pin?.requirement);
    if (pin === undefined || !isClear || plain(value) !== pin.pinned) return line;
    written.add(place);
    return `${indent}specifier: ${dump(pin.requirement, { lineWidth: -1 }).trimEnd()}`;
  });
  return { text: lines.join("\n"), isSettled: isAll && written.size === wanted.size };
}

/** Of the keys that lead to a `specifier`; a lockfile of version 6 may have the root's without `importers`. */
function placeIn([first = "", second = "", third = "", fourth = ""]: readonly string[]): string {
  if (first === "catalogs") return inCatalog(second, third);
  if (first === "importers") return tables.includes(third) ? inImporter(second, fourth) : "";
  return tables.includes(first) ? inImporter(".", second) : "";
}

function inCatalog(catalog: string, name: string): string {
  return `catalog ${catalog} ${name}`;
}

function inImporter(folder: string, name: string): string {
  return `importer ${folder} ${name}`;
}

function plain(scalar: string): string {
  return scalar.startsWith("'") ? scalar.slice(1, -1).replaceAll("''", "'") : scalar;
}
