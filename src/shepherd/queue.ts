import type { PullRequests } from "../domain/ports.ts";
import type { Merging, MergeMethod, PullRequestState } from "../domain/pull-request.ts";
import { safeText } from "../text/markdown.ts";
import { noteOf } from "./note.ts";

const key = "queue";

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
    await pulls.say(pull.number, key, takenOut(pull, removedFor));
    return { kind: "taken out" };
  }
  const merging = await pulls.merge(pull, method);
  if (merging.kind === "queued") await pulls.mark(pull, { ...pull.marker, queued: pull.headSha });
  return merging;
}

function takenOut({ base, headSha }: PullRequestState, reason: string | undefined): string {
  const why = reason === undefined ? "" : ` (${safeText(reason.toLowerCase().replaceAll("_", " "), 100)})`;
  return `The merge queue of ${safeText(base, 100)} took this out again${why}, at ${headSha.slice(0, 7)}. It stays open; a new version of it goes into the queue again, and so it does for \`@steeplejack merge\`.\n\n${noteOf(key)}`;
}
