import type { PullRequests } from "../domain/ports.ts";
import type { PullRequestState } from "../domain/pull-request.ts";
import { safeText } from "../text/markdown.ts";
import { noteOf } from "./note.ts";

const key = "merge";

/** Says, in one comment whoever wants it merged, why GitHub does not let the App merge it. */
export async function tellRefusal(
  { number, marker }: Pick<PullRequestState, "number" | "marker">,
  reason: string,
  pulls: Pick<PullRequests, "say">,
): Promise<void> {
  const isAsked = marker.merge !== undefined;
  const who = isAsked ? "I was asked to merge this" : "The configuration lets this be merged";
  const back = isAsked ? "; `@steeplejack cancel merge` takes it back" : "";
  const text = `${who}, and GitHub does not let me yet: ${safeText(reason, 300)} I try again when something happens here${back}.`;
  await pulls.say(number, key, `${text}\n\n${noteOf(key)}`);
}
