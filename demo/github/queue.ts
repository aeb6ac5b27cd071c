import { merge, mergeOf, moveBranch, refresh } from "./changes.ts";
import type { PullRow, RepositoryRow } from "./emulate.ts";
import { type Entry, keyOf, queuesOf } from "./queues.ts";
import type { World } from "./world.ts";

export function placeIn(
  world: World,
  repository: RepositoryRow,
  pull: PullRow,
): { isQueued: boolean; reason?: string } {
  const { entries, removed } = queuesOf(world);
  const isQueued =
    entries.get(keyOf(repository, pull.base_ref))?.some((one) => one.pull === pull.id) === true;
  const reason = removed.get(pull.id);
  return { isQueued, ...(reason === undefined ? {} : { reason }) };
}

/**
 * https://docs.github.com/graphql/reference/mutations#enqueuepullrequest: the branch
 * `gh-readonly-queue/<base>/pr-<number>-<sha>` holds the merge that is checked. Gives why it is refused.
 */
export async function enqueue(
  world: World,
  repository: RepositoryRow,
  row: PullRow,
  { head, by }: { readonly head: unknown; readonly by: string },
): Promise<string | undefined> {
  const pull = await refresh(world, repository, row);
  const all = queuesOf(world).entries.get(keyOf(repository, pull.base_ref));
  if (all === undefined) return "Merge queue is not enabled for this branch";
  if (all.some((one) => one.pull === pull.id)) return "Pull request is already in the queue";
  if (head !== undefined && head !== pull.head_sha) return "Head branch was modified.";
  if (pull.state !== "open" || !["clean", "unstable", "behind"].includes(pull.mergeable_state))
    return `Pull request is in ${pull.mergeable_state} status`;
  const base = all.at(-1)?.head ?? world.branch(repository, pull.base_ref) ?? "";
  const merged = mergeOf(world, repository, base, pull.head_sha);
  if ("conflicts" in merged) return "Pull request is in dirty status";
  const author = { name: "github-merge-queue[bot]", email: "merge-queue@users.noreply.github.com" };
  const message = `Merge pull request #${pull.number}`;
  const at = new Date(Date.now() + 1_000 * queuesOf(world).made++);
  const commit = world
    .git(repository)
    .commit({ tree: merged.tree, parents: [base, pull.head_sha], message, author, at });
  const branch = `gh-readonly-queue/${pull.base_ref}/pr-${pull.number}-${base}`;
  moveBranch(world, repository, branch, commit.sha);
  const entry = { pull: pull.id, branch, head: commit.sha, base };
  all.push(entry);
  await tellPull(world, repository, pull, "enqueued", by);
  tellGroup(world, repository, entry, pull, { action: "checks_requested" });
  return undefined;
}

/** https://docs.github.com/graphql/reference/mutations#dequeuepullrequest */
export async function dequeue(
  world: World,
  repository: RepositoryRow,
  pull: PullRow,
  by: string,
): Promise<string | undefined> {
  if (!placeIn(world, repository, pull).isQueued) return "Pull request is not in the queue";
  await remove(world, repository, pull, { reason: "MANUAL", by });
  return undefined;
}

/** Merges what has passed all that its base requires, in order, and takes out what has failed. */
export async function advanceQueues(world: World, repository: RepositoryRow): Promise<void> {
  for (const [key, all] of queuesOf(world).entries) {
    if (!key.startsWith(`${repository.id} `)) continue;
    for (let entry = all[0]; entry !== undefined; entry = all[0]) {
      const pull = world.store.pullRequests.get(entry.pull);
      if (pull === undefined || pull.state !== "open") {
        all.shift();
        continue;
      }
      const outcome = outcomeOf(world, repository, entry, pull.base_ref);
      if (outcome === "pending") break;
      if (outcome === "failed") {
        await remove(world, repository, pull, { reason: "FAILED_CHECKS", by: "github-merge-queue[bot]" });
        continue;
      }
      all.shift();
      moveBranch(world, repository, entry.branch, undefined);
      tellGroup(world, repository, entry, pull, { action: "destroyed", reason: "merged" });
      await merge(world, repository, pull, "github-merge-queue[bot]", { through: "queue" });
    }
  }
}

function outcomeOf(
  world: World,
  repository: RepositoryRow,
  { head }: Entry,
  base: string,
): "passed" | "failed" | "pending" {
  const required =
    world.store.branchProtections.findBy("repo_id", repository.id).find((one) => one.branch_name === base)
      ?.required_status_checks?.contexts ?? [];
  const runs = world.store.checkRuns.findBy("repo_id", repository.id).filter((run) => run.head_sha === head);
  const all = required.map((name) => runs.findLast((run) => run.name === name));
  if (all.some((run) => run === undefined || run.status !== "completed")) return "pending";
  return all.every((run) => run?.conclusion === "success") ? "passed" : "failed";
}

async function remove(
  world: World,
  repository: RepositoryRow,
  pull: PullRow,
  { reason, by }: { readonly reason: string; readonly by: string },
): Promise<void> {
  const { entries, removed } = queuesOf(world);
  const all = entries.get(keyOf(repository, pull.base_ref)) ?? [];
  const at = all.findIndex((one) => one.pull === pull.id);
  const [entry] = all.splice(at, 1);
  removed.set(pull.id, reason);
  if (entry === undefined) return;
  moveBranch(world, repository, entry.branch, undefined);
  tellGroup(world, repository, entry, pull, { action: "destroyed", reason: "dequeued" });
  await tellPull(world, repository, pull, "dequeued", by, reason);
}

async function tellPull(
  world: World,
  repository: RepositoryRow,
  { number }: PullRow,
  action: "enqueued" | "dequeued",
  by: string,
  reason?: string,
): Promise<void> {
  const sender = by.endsWith("[bot]") ? { login: by, type: "Bot" } : await world.user(by);
  world.raise(repository, "pull_request", {
    action,
    number,
    pull_request: { number },
    ...(reason === undefined ? {} : { reason }),
    sender,
  });
}

/** https://docs.github.com/webhooks/webhook-events-and-payloads#merge_group */
function tellGroup(
  world: World,
  repository: RepositoryRow,
  { branch, head, base }: Entry,
  pull: PullRow,
  what: { readonly action: "checks_requested" } | { readonly action: "destroyed"; readonly reason: string },
): void {
  world.raise(repository, "merge_group", {
    ...what,
    merge_group: {
      head_sha: head,
      head_ref: `refs/heads/${branch}`,
      base_sha: base,
      base_ref: `refs/heads/${pull.base_ref}`,
    },
    sender: { login: "github-merge-queue[bot]", type: "Bot" },
  });
}
