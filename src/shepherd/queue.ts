import type { PullRequests } from "../domain/ports.ts";
import type { Merging, MergeMethod, PullRequestState } from "../domain/pull-request.ts";
import { tellTakenOut } from "./refusal.ts";

/**
 * Merges, or puts into the merge queue of the base: once for each head. What the queue has taken out again is told, and not
 * put in once more before something is new or a person asks.
 */
export async function mergeOrQueue(
  pull: PullRequestState,
  method: MergeMethod | undefined,
  pulls: PullRequests,
): Promise<Merging | { readonly kind: "taken out" }> {
  if (pull.marker.queued === pull.headSha) {
    const { isQueued, removedFor } = await pulls.queuePlace(pull);
    if (isQueued) return { kind: "queued" };
    await tellTakenOut(pull, removedFor, pulls);
    return { kind: "taken out" };
  }
  const merging = await pulls.merge(pull, method);
  if (merging.kind === "queued") await pulls.mark(pull, { ...pull.marker, queued: pull.headSha });
  return merging;
}
