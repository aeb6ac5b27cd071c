import type { Check, PullRequestState } from "../../domain/pull-request.ts";

/** What becomes of a pull request that a person asked to have merged. */
export type MergeStep =
  | { readonly kind: "merge"; readonly method: "squash" | undefined }
  /** It conflicts with its base. */
  | { readonly kind: "rebase" }
  | { readonly kind: "wait"; readonly for: readonly string[] };

/** Merges only what has no failed, no running and no missing required check. Pure. */
export function mergeStep(
  { state, isDraft, mergeable, isOurs, marker }: PullRequestState,
  checks: readonly Check[],
  required: readonly string[],
): MergeStep | undefined {
  if (state !== "open" || isDraft || marker.merge === undefined) return undefined;
  const passed = new Set(checks.flatMap(({ name, outcome }) => (outcome === "passed" ? [name] : [])));
  const open = checks.flatMap(({ name, outcome }) => (outcome === "passed" ? [] : [name]));
  const missing = required.filter((name) => !passed.has(name) && !open.includes(name));
  if (open.length + missing.length > 0) return { kind: "wait", for: [...open, ...missing] };
  if (mergeable === false && isOurs) return { kind: "rebase" };
  if (mergeable !== true) return { kind: "wait", for: [] };
  return { kind: "merge", method: marker.merge === "squash" ? "squash" : undefined };
}
