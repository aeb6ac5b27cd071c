import type { Check, PullRequestState } from "../domain/pull-request.ts";
import { nothing, type Verdict } from "./actions.ts";

/** What of a pull request decides whether it is merged without a person. */
export interface SeenForMerging {
  readonly pull: PullRequestState;
  readonly checks: readonly Check[];
  /** The names of those that its base asks for. */
  readonly required: readonly string[];
  /** From 0 to 1: the lowest of its moves; see `confidenceOf`. */
  readonly confidence: number;
  readonly now: Date;
}

/** In milliseconds: GitHub knows by then whether a pull request merges. */
const soon = 10_000;

/**
 * Merges what the configuration lets be merged without a person: only with the App's commits alone, no draft, and every
 * check passed, of which there must be one, and all that the base asks for. Pure.
 */
export function decideMerging(seen: SeenForMerging): Verdict {
  const { pull, checks, required, confidence, now } = seen;
  const { automerge } = pull.marker;
  if (automerge === undefined || pull.state !== "open") return nothing;
  const { method, after, confidence: least = 0 } = automerge;
  const isFit = pull.isOurs && !pull.isDraft && confidence >= least;
  const isRed = checks.some(({ outcome }) => outcome === "failed");
  // GitHub itself would wait for required checks only.
  if (pull.autoMerge && (!isFit || isRed))
    return { actions: [{ kind: "auto-merge", wanted: false, method }] };
  if (!isFit || pull.autoMerge) return nothing;
  const passed = new Set(checks.flatMap(({ name, outcome }) => (outcome === "passed" ? [name] : [])));
  const isGreen =
    checks.length > 0 &&
    checks.every(({ outcome }) => outcome === "passed") &&
    required.every((name) => passed.has(name));
  if (!isGreen || pull.mergeable === false) return nothing;
  const wait = after === undefined ? 0 : Date.parse(after) - now.getTime();
  if (wait > 0) return { actions: [], again: wait };
  if (pull.mergeable === undefined) return { actions: [], again: soon };
  return { actions: [{ kind: "merge", method }] };
}
