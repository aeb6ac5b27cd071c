import { isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from "yaml";
import { ManifestError } from "../../domain/errors.ts";
import type { Dependency, Span } from "../../domain/types.ts";
import { levelsOfPnpm, type Override, overrideOf } from "./overrides.ts";
import { whyHeld } from "./requirement.ts";

/** A `pnpm-workspace.yaml`. https://pnpm.io/pnpm-workspace_yaml */
export interface PnpmWorkspace {
  readonly path: string;
  /** The globs of the workspace's members. */
  readonly packages: readonly string[];
  /** The entries of `catalog` and of each of `catalogs`. */
  readonly catalog: readonly CatalogEntry[];
  readonly overrides: readonly Override[];
  /** Keys of settings that would make pnpm run code of the repository, or of a package that it names. */
  readonly runs: readonly string[];
}

export interface CatalogEntry extends Omit<Dependency, "version" | "scope"> {
  /** `default` for the unnamed one. */
  readonly catalog: string;
}

const dangerous = ["configDependencies", "pnpmfile", "globalPnpmfile"];

/** Reads a `pnpm-workspace.yaml`. Throws `ManifestError` with the place. */
export function readPnpmWorkspace(path: string, text: string): PnpmWorkspace {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new ManifestError(path, `is not valid YAML: ${error.message}`, {
      at: `line ${line}, column ${col}`,
    });
  }
  const top = document.contents;
  if (!isMap(top)) return { path, packages: [], catalog: [], overrides: [], runs: [] };
  const packages: unknown = document.toJS({ maxAliasCount: 50 });
  const named = mapAt(top, "catalogs");
  return {
    path,
    packages: globsIn(packages),
    catalog: [
      ...entriesOf(text, "default", mapAt(top, "catalog")),
      ...(named?.items ?? []).flatMap(({ key, value }) =>
        isScalar(key) && isMap(value) ? entriesOf(text, String(key.value), value) : [],
      ),
    ],
    overrides: scalarsOf(text, mapAt(top, "overrides")).flatMap(({ key, value, span }) =>
      overrideOf({ path, table: "pnpm-workspace", value, span }, levelsOfPnpm(key)),
    ),
    runs: dangerous.filter((key) => top.has(key)),
  };
}

function globsIn(data: unknown): string[] {
  if (typeof data !== "object" || data === null || !("packages" in data) || !Array.isArray(data.packages))
    return [];
  return data.packages.filter((glob): glob is string => typeof glob === "string");
}

function mapAt(top: YAMLMap, key: string): YAMLMap | undefined {
  const value = top.get(key, true);
  return isMap(value) ? value : undefined;
}

function entriesOf(text: string, catalog: string, entries: YAMLMap | undefined): CatalogEntry[] {
  return scalarsOf(text, entries).map(({ key: name, value: requirement, span, isPlain }) => {
    const held = isPlain
      ? whyHeld(name, requirement)
      : { code: "unsupported-requirement", detail: "it is not written plainly" };
    return { name, requirement, span, catalog, ...(held === undefined ? {} : { held }) };
  });
}

interface ScalarEntry {
  readonly key: string;
  /** Between its quotes, if it has any. */
  readonly value: string;
  readonly span: Span;
  /** Whether the text is the value: an anchor, a block or an escape is not, so that there is nothing to splice. */
  readonly isPlain: boolean;
}

/** The entries of a map that are texts. */
function scalarsOf(text: string, entries: YAMLMap | undefined): ScalarEntry[] {
  return (entries?.items ?? []).flatMap(({ key, value }): ScalarEntry[] => {
    if (!isScalar(key) || !isScalar(value) || typeof value.value !== "string" || !value.range) return [];
    const [start, end] = value.range;
    const raw = text.slice(start, end);
    const inner = /^(["'])([\s\S]*)\1$/.exec(raw)?.[2];
    const from = inner === undefined ? start : start + 1;
    const found = inner ?? raw;
    const span = { start: from, end: from + found.length };
    return [{ key: String(key.value), value: found, span, isPlain: found === value.value }];
  });
}
