import type { z } from "zod";
import type { Fault } from "../domain/errors.ts";
import type { ConfigurationDocument, Place } from "./document.ts";
import { nearest } from "../text/nearest.ts";
import { knownKeys } from "./schema/file.ts";

/** Nobody reads more of them, and to guess what was meant takes time. */
const mostFaults = 50;

/** What zod found, in words for the author of the file; one fault for each unknown key. */
export function faultsOf(
  issues: readonly z.core.$ZodIssue[],
  document: ConfigurationDocument,
): readonly Fault[] {
  return issues.slice(0, mostFaults).flatMap((issue) => faults(issue, [], document));
}

/** By line, then by column. */
export function byPlace(a: Place, b: Place): number {
  return a.line - b.line || a.column - b.column;
}

type Keys = readonly (string | number)[];

function faults(issue: z.core.$ZodIssue, before: Keys, document: ConfigurationDocument): readonly Fault[] {
  const keys = [...before, ...issue.path.filter((key) => typeof key !== "symbol")];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.slice(0, mostFaults).map((key) => ({
      ...document.placeOf([...keys, key], true),
      message: `there is no option "${named([...keys, key])}"${guess(key, knownKeys)}`,
    }));
  }
  const value = valueAt(document.value, keys);
  if (issue.code === "invalid_union") {
    // The alternative of the value's own type tells the most; where there is none, all of them are told.
    const inner = issue.errors.find((errors) =>
      errors.every(({ path, code }) => path.length > 0 || code !== "invalid_type"),
    );
    if (inner !== undefined && value !== undefined) return inner.flatMap((it) => faults(it, keys, document));
    const wanted = issue.errors.flatMap(([first]) => (first === undefined ? [] : [expectation(first)]));
    return [{ ...document.placeOf(keys), message: told(keys, value, [...new Set(wanted)].join(" or ")) }];
  }
  const choices = issue.code === "invalid_value" ? issue.values.map(String) : [];
  const hint = typeof value === "string" ? guess(value, choices) : "";
  return [{ ...document.placeOf(keys), message: told(keys, value, expectation(issue), hint) }];
}

function told(keys: Keys, value: unknown, expected: string, hint = ""): string {
  const name = keys.length === 0 ? "the file" : `"${named(keys)}"`;
  if (value === undefined) return `${name} is missing: expected ${expected}`;
  return `${name} is ${shown(value)}: expected ${expected}${hint === "" ? "" : hint}`;
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") return typeNames[issue.expected] ?? issue.expected;
  if (issue.code === "invalid_value") {
    const choices = issue.values.map(String).join(", ");
    return issue.values.length === 1 ? choices : `one of ${choices}`;
  }
  if (issue.code === "too_small")
    return issue.origin === "string" ? "some text" : `at least ${issue.minimum}`;
  if (issue.code === "too_big") {
    if (issue.origin !== "string" && issue.origin !== "array") return `at most ${issue.maximum}`;
    return `no more than ${issue.maximum} ${issue.origin === "string" ? "characters" : "items"}`;
  }
  const message = issue.code === "invalid_key" ? issue.issues[0]?.message : undefined;
  return message ?? issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

const typeNames: Readonly<Record<string, string>> = {
  array: "a list",
  record: "a table of names and values",
  object: "a table of names and values",
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function guess(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? "" : `. Did you mean "${near}"?`;
}

/** `updates[0].schedule.interval` */
function named(keys: Keys): string {
  return keys
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${key}`))
    .join("")
    .slice(0, 200);
}

function valueAt(value: unknown, keys: Keys): unknown {
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? Reflect.get(inner, key)
        : undefined,
    value,
  );
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a table";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
