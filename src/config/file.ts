import { ConfigurationError } from "../domain/errors.ts";
import { tableOf } from "../text/data.ts";
import { checksOf } from "./checks.ts";
import { type ConfigurationDocument, readDocument } from "./document.ts";
import { byPlace, faultsOf } from "./faults.ts";
import type { Layer } from "./layers.ts";
import { type ConfigurationFile, fileShape } from "./schema/file.ts";
import { optionsShape } from "./schema/options.ts";

/** A configuration file that the schema has passed. */
export interface ReadFile {
  /** As people know it: `.github/dependabot.yml`, or `acme/.github//.github/steeplejack.yml`. */
  readonly path: string;
  readonly document: ConfigurationDocument;
  readonly file: ConfigurationFile;
}

/** Reads one file. Throws `ConfigurationError` with every fault, by line. */
export function readFile(path: string, text: string): ReadFile {
  const document = readDocument(path, text);
  const parsed = fileShape.safeParse(document.value);
  const faults = parsed.success
    ? checksOf(path, parsed.data, document)
    : faultsOf(parsed.error.issues, document);
  if (parsed.success && faults.length === 0) return { path, document, file: parsed.data };
  throw new ConfigurationError(path, faults.toSorted(byPlace).slice(0, 100));
}

/** The options that stand at a place of a file, as a layer. */
export function layerAt(
  { path, document }: ReadFile,
  at: readonly (string | number)[],
  value: unknown,
): Layer {
  const options = Object.fromEntries(
    Object.entries(tableOf(value)).filter(([key]) => Object.hasOwn(optionsShape.shape, key)),
  );
  return { source: path, options, originOf: (keys) => originOf({ path, document }, [...at, ...keys]) };
}

/** `.github/steeplejack.yml:12` */
export function originOf(
  { path, document }: Pick<ReadFile, "path" | "document">,
  keys: readonly (string | number)[],
): string {
  return `${path}:${document.placeOf(keys, true).line}`;
}
