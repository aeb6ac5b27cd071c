import { z } from "zod";
import type { PullRequests } from "../domain/ports.ts";
import type { Comment, PullRequestState } from "../domain/pull-request.ts";
import { safeText } from "../text/markdown.ts";
import { noteOf, readNote } from "./note.ts";

const keys = { merge: "merge", queue: "queue" } as const;
const shape = z.object({ head: z.string() });

/** Says, in one comment whoever wants it merged, why GitHub does not let the App merge it. */
export async function tellRefusal(
  { number, marker, headSha }: Pick<PullRequestState, "number" | "marker" | "headSha">,
  reason: string,
  pulls: Pick<PullRequests, "say">,
): Promise<void> {
  const isAsked = marker.merge !== undefined;
  const who = isAsked ? "I was asked to merge this" : "The configuration lets this be merged";
  const back = isAsked ? "; `@steeplejack cancel merge` takes it back" : "";
  const text = `${who}, and GitHub does not let me yet: ${safeText(reason, 300)} I try again when something happens here${back}.`;
  await pulls.say(number, keys.merge, `${text}\n\n${noteOf(keys.merge, { head: headSha })}`);
}

/** Says in one comment that the merge queue of its base took it out again, and why. */
export async function tellTakenOut(
  { number, base, headSha }: PullRequestState,
  reason: string | undefined,
  pulls: Pick<PullRequests, "say">,
): Promise<void> {
  const why = reason === undefined ? "" : ` (${safeText(reason.toLowerCase().replaceAll("_", " "), 100)})`;
  const text = `The merge queue of ${safeText(base, 100)} took this out again${why}, at ${headSha.slice(0, 7)}. It stays open; a new version of it goes into the queue again, and so it does for \`@steeplejack merge\`.`;
  await pulls.say(number, keys.queue, `${text}\n\n${noteOf(keys.queue, { head: headSha })}`);
}

/** Whether one of the two was told of the head that it has now: something has to happen before it is merged. */
export function isRefused(
  comments: readonly Comment[],
  { headSha }: Pick<PullRequestState, "headSha">,
): boolean {
  return Object.values(keys).some((key) => readNote(comments, key, shape)?.head === headSha);
}
