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
  const { pull, checks, required } = seen;
  const { automerge } = pull.marker;
  if (automerge === undefined || pull.state !== "open") return nothing;
  const { method } = automerge;
  const isRed = checks.some(({ outcome }) => outcome === "failed");
  // GitHub itself would wait for required checks only.
  if (pull.autoMerge && (!isFit(seen) || isRed))
    return { actions: [{ kind: "auto-merge", wanted: false, method }] };
  if (!isFit(seen) || pull.autoMerge) return nothing;
  const passed = new Set(checks.flatMap(({ name, outcome }) => (outcome === "passed" ? [name] : [])));
  const isGreen =
    checks.length > 0 &&
    checks.every(({ outcome }) => outcome === "passed") &&
    required.every((name) => passed.has(name));
  if (!isGreen || pull.mergeable === false) return nothing;
  const wait = untilRipe(seen);
  if (wait > 0) return { actions: [], again: wait };
  if (pull.mergeable === undefined) return { actions: [], again: soon };
  return { actions: [{ kind: "merge", method }] };
}

/** Whether it is merged without anybody's doing, as soon as the checks that run have passed. Pure. */
export function isOnItsWay(seen: Omit<SeenForMerging, "required">): boolean {
  const { pull, checks } = seen;
  if (pull.marker.automerge === undefined || pull.state !== "open" || pull.autoMerge) return false;
  const isWell = checks.every(({ outcome }) => outcome === "passed" || outcome === "pending");
  return isWell && isFit(seen) && untilRipe(seen) <= 0;
}

function isFit({ pull, confidence }: Pick<SeenForMerging, "pull" | "confidence">): boolean {
  return pull.isOurs && !pull.isDraft && confidence >= (pull.marker.automerge?.confidence ?? 0);
}

/** In milliseconds. */
function untilRipe({ pull, now }: Pick<SeenForMerging, "pull" | "now">): number {
  const { after } = pull.marker.automerge ?? {};
  return after === undefined ? 0 : Date.parse(after) - now.getTime();
}
