import { gravity } from "../domain/advisory.ts";
import type { Scan } from "../pipeline/scan.ts";

/** The command was called in a way that it does not understand: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What `--fail-on` may name. */
export const failOnWords = [
  "outdated",
  "major",
  "vulnerable",
  "low",
  "moderate",
  "high",
  "critical",
] as const;
export type FailOn = (typeof failOnWords)[number];

/** Whether a scan found what `--fail-on` names: a severity stands for itself and all graver ones. */
export function isFound(what: FailOn, { groups, findings }: Scan): boolean {
  if (what === "outdated") return groups.length > 0;
  if (what === "major") return groups.some(({ updates }) => updates.some(({ size }) => size === "major"));
  if (what === "vulnerable") return findings.length > 0;
  return findings.some(({ advisory }) => gravity(advisory.severity) >= gravity(what));
}

/** `high,outdated`; throws `UsageError`. */
export function readFailOn(text: string): FailOn[] {
  return text.split(",").map((word) => {
    const known = failOnWords.find((it) => it === word.trim());
    if (known === undefined) throw new UsageError(`--fail-on knows ${failOnWords.join(", ")}, not "${word}"`);
    return known;
  });
}

/** A date such as `2026-06-01`, or a time in ISO 8601; throws `UsageError`. A date means its first moment, in UTC. */
export function readDate(text: string): Date {
  const date = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(text) || Number.isNaN(date.getTime())) {
    throw new UsageError(`--as-of takes a date such as 2026-06-01 or 2026-06-01T12:00:00Z, not "${text}"`);
  }
  return date;
}
