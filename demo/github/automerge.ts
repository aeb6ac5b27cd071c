import { merge, refresh } from "./changes.ts";
import type { PullRow, RepositoryRow } from "./emulate.ts";
import type { World } from "./world.ts";

/** https://docs.github.com/graphql/reference/mutations#enablepullrequestautomerge, and its opposite. */
export async function switchAutoMerge(
  world: World,
  repository: RepositoryRow,
  pull: PullRow,
  wanted: { readonly method: string } | undefined,
): Promise<string | undefined> {
  const refusal = wanted && whyNot(repository, await refresh(world, repository, pull));
  if (refusal !== undefined) return refusal;
  world.store.pullRequests.update(pull.id, { auto_merge: wanted ? { merge_method: wanted.method } : null });
  return undefined;
}

function whyNot(repository: RepositoryRow, pull: PullRow): string | undefined {
  if (!repository.allow_auto_merge) return "Auto merge is not allowed for this repository";
  if (pull.state !== "open" || pull.draft) return "Pull request is not open or is a draft";
  return pull.mergeable_state === "blocked"
    ? undefined
    : `Pull request Pull request is in ${pull.mergeable_state} status`;
}

/** Merges what waited for a check or a review that is there now. */
export async function mergeWaiting(world: World, repository: RepositoryRow, by: string): Promise<void> {
  const waiting = world.store.pullRequests
    .findBy("repo_id", repository.id)
    .filter(({ state, auto_merge: wanted }) => state === "open" && wanted !== null && wanted !== undefined);
  for (const pull of waiting) {
    const current = await refresh(world, repository, pull);
    if (current.mergeable_state !== "clean") continue;
    await merge(world, repository, pull, by, { ...pull.auto_merge });
  }
}
