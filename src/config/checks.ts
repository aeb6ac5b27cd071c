import type { Fault } from "../domain/errors.ts";
import type { ConfigurationDocument } from "./document.ts";
import { excludedIn } from "./match.ts";
import { nearest } from "../text/nearest.ts";
import { type ConfigurationFile, type Entry, keysOfRival } from "./schema/file.ts";
import { isHarmless } from "./schema/options.ts";

/** In all folders of an entry. */
const mostExcluded = 1_000;

/** Whether a path is that of the rival's file, which may say less and must say more. */
function isOfRival(path: string): boolean {
  return /(?:^|\/)dependabot\.ya?ml$/.test(path);
}

/** What is wrong although every value is of the right kind. */
export function checksOf(
  path: string,
  file: ConfigurationFile,
  document: ConfigurationDocument,
): readonly Fault[] {
  return [
    ...(isOfRival(path) ? checksOfRival(file, document) : []),
    ...(file.updates ?? []).flatMap((entry, index) => checksOfEntry(entry, index, file, document)),
    ...schedulesOf(file).flatMap(({ keys, schedule }) => checksOfSchedule(schedule, keys, document)),
  ];
}

function checksOfRival(file: ConfigurationFile, document: ConfigurationDocument): readonly Fault[] {
  const own = Object.keys(file)
    .filter((key) => !keysOfRival.includes(key))
    .map((key) => ({
      ...document.placeOf([key], true),
      message: `"${key}" does not belong into dependabot.yml: rename the file to .github/steeplejack.yml to use it`,
    }));
  const version =
    file.version === 2
      ? []
      : [
          {
            ...document.placeOf(["version"]),
            message: `"version" is ${file.version ?? "missing"}: expected 2`,
          },
        ];
  const updates =
    file.updates === undefined
      ? [{ line: 1, column: 1, message: `"updates" is missing: expected a list of what to update` }]
      : [];
  return [...own, ...version, ...updates];
}

function checksOfEntry(
  entry: Entry,
  index: number,
  file: ConfigurationFile,
  document: ConfigurationDocument,
): readonly Fault[] {
  const keys = ["updates", index];
  const name = `updates[${index}]`;
  const fault = (message: string, key?: string): Fault => ({
    ...document.placeOf(key === undefined ? keys : [...keys, key], key !== undefined),
    message,
  });
  const { directory, directories, registries, patterns } = entry;
  const multi = entry["multi-ecosystem-group"];
  const names = Object.keys(file.registries ?? {});
  const groups = Object.keys(file["multi-ecosystem-groups"] ?? {});
  return [
    ...(directory === undefined && directories === undefined
      ? [fault(`"${name}" names no folder: add "directory" or "directories", such as directory: /`)]
      : []),
    ...(excludedIn(entry).length <= mostExcluded && excludedIn(entry).every(isHarmless)
      ? []
      : [fault(`"${name}.exclude-paths" has too many wildcards together with its folders`, "exclude-paths")]),
    ...(directory !== undefined && directories !== undefined
      ? [fault(`"${name}" has both "directory" and "directories": keep one of them`, "directories")]
      : []),
    ...(registries === undefined || registries === "*" ? [] : registries)
      .filter((registry) => !names.includes(registry))
      .map((registry) => fault(unknown(`${name}.registries`, registry, "registry", names), "registries")),
    ...(multi === undefined || groups.includes(multi)
      ? []
      : [fault(unknown(`${name}.multi-ecosystem-group`, multi, "group", groups), "multi-ecosystem-group")]),
    ...(multi !== undefined && (patterns ?? []).length === 0
      ? [fault(`"${name}.patterns" is missing: expected what belongs to the group "${multi}", such as ["*"]`)]
      : []),
  ];
}

function unknown(name: string, value: string, kind: string, known: readonly string[]): string {
  const near = nearest(value, known);
  const guess = near === undefined ? "" : `. Did you mean "${near}"?`;
  return `"${name}" is "${value}": there is no ${kind} of this name${guess}`;
}

type Schedule = NonNullable<ConfigurationFile["schedule"]>;
type Keys = readonly (string | number)[];

function schedulesOf(file: ConfigurationFile): readonly { keys: Keys; schedule: Schedule }[] {
  const places: [Keys, { schedule?: Schedule | undefined }][] = [
    [[], file],
    ...(file.updates ?? []).map((entry, index): [Keys, typeof entry] => [["updates", index], entry]),
    ...(file.rules ?? []).map((rule, index): [Keys, typeof rule] => [["rules", index], rule]),
    ...Object.entries(file["multi-ecosystem-groups"] ?? {}).map(([name, group]): [Keys, typeof group] => [
      ["multi-ecosystem-groups", name],
      group,
    ]),
  ];
  return places.flatMap(([keys, { schedule }]) =>
    schedule === undefined ? [] : [{ keys: [...keys, "schedule"], schedule }],
  );
}

function checksOfSchedule(schedule: Schedule, keys: Keys, document: ConfigurationDocument): readonly Fault[] {
  if (typeof schedule === "string") return [];
  const fault = (message: string): Fault => ({ ...document.placeOf(keys), message });
  if (schedule.interval === "cron" && schedule.cronjob === undefined)
    return [fault(`"schedule.cronjob" is missing: with interval: cron it says when, such as "0 5 * * 1"`)];
  if (schedule.interval !== "cron" && schedule.cronjob !== undefined)
    return [fault(`"schedule.cronjob" is of effect with interval: cron only`)];
  if (schedule.at !== undefined && schedule.interval !== undefined)
    return [fault(`"schedule" has both "interval" and "at": keep one of them`)];
  return [];
}
