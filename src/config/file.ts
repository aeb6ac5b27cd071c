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
  /** Whether it is only a part of a faulty file. */
  readonly isPart?: true;
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

/** What may be obeyed of a faulty file without the rest of it: it makes updates fewer or later, and nothing happen more. */
const holdingBack = [
  "extends",
  "mode",
  "limits",
  "final",
  "allow",
  "ignore",
  "exclude-paths",
  "cooldown",
  "schedule",
  "open-pull-requests-limit",
] as const;

/** Of a faulty file, those options that hold updates back and have no fault themselves. */
export function whatHoldsBack(path: string, text: string): ReadFile {
  const document = documentOf(path, text);
  const values = tableOf(document.value);
  const kept = Object.fromEntries(
    holdingBack.flatMap((key) => {
      const value =
        key === "final" && Array.isArray(values[key])
          ? values[key].filter((name) => holdingBack.some((it) => it === name))
          : values[key];
      return value !== undefined && fileShape.shape[key].safeParse(value).success ? [[key, value]] : [];
    }),
  );
  return { path, document, file: fileShape.parse(kept), isPart: true };
}

/** An empty one where the text is no YAML. */
function documentOf(path: string, text: string): ConfigurationDocument {
  try {
    return readDocument(path, text);
  } catch (error) {
    if (error instanceof ConfigurationError) return readDocument(path, "");
    throw error;
  }
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
