import { merge, refresh } from "./changes.ts";
import type { Identity, PullRow, RepositoryRow } from "./emulate.ts";
import type { Json, World } from "./world.ts";

/**
 * The two mutations of GitHub's GraphQL interface that switch auto-merge on and off; no other question is answered.
 * https://docs.github.com/graphql/reference/mutations#enablepullrequestautomerge
 */
export async function mutate(world: World, identity: Identity | undefined, asked: Json): Promise<Response> {
  const query = String(asked["query"]);
  const variables = Object.fromEntries(Object.entries(asked["variables"] ?? {}));
  const name = /(enable|disable)PullRequestAutoMerge/.exec(query)?.[0];
  const pull = world.store.pullRequests.all().find(({ node_id: id }) => id === variables["id"]);
  const repository = pull === undefined ? undefined : world.store.repos.get(pull.repo_id);
  if (name === undefined || pull === undefined || repository === undefined)
    return fault("NOT_FOUND", "Could not resolve to a node with the global id.");
  if (identity?.installation !== undefined && identity.installation.permissions["pull_requests"] !== "write")
    return fault("FORBIDDEN", "Resource not accessible by integration");
  const answer = Response.json({ data: { [name]: { clientMutationId: null } } });
  if (name.startsWith("disable")) {
    world.store.pullRequests.update(pull.id, { auto_merge: null });
    return answer;
  }
  const refusal = whyNot(repository, await refresh(world, repository, pull));
  if (refusal !== undefined) return fault("UNPROCESSABLE", refusal);
  const method = String(variables["mergeMethod"] ?? "MERGE").toLowerCase();
  world.store.pullRequests.update(pull.id, { auto_merge: { merge_method: method } });
  return answer;
}

function whyNot(repository: RepositoryRow, pull: PullRow): string | undefined {
  if (!repository.allow_auto_merge) return "Auto merge is not allowed for this repository";
  if (pull.state !== "open" || pull.draft) return "Pull request is not open or is a draft";
  return pull.mergeable_state === "blocked"
    ? undefined
    : `Pull request Pull request is in ${pull.mergeable_state} status`;
}

/** GitHub answers 200 and tells what went wrong in the body. */
function fault(type: string, message: string): Response {
  return Response.json({ data: null, errors: [{ type, message }] });
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
