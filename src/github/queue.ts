import type { Octokit } from "@octokit/rest";
import { z } from "zod";
import type { QueuePlace } from "../domain/pull-request.ts";

const answer = z.object({
  node: z
    .object({
      isInMergeQueue: z.boolean(),
      timelineItems: z.object({ nodes: z.array(z.object({ reason: z.string().nullish() })) }),
    })
    .nullable(),
});

const asking = `query ($id: ID!) { node(id: $id) { ... on PullRequest {
  isInMergeQueue
  timelineItems(last: 1, itemTypes: [REMOVED_FROM_MERGE_QUEUE_EVENT]) { nodes { ... on RemovedFromMergeQueueEvent { reason } } }
} } }`;
const entering = `mutation ($id: ID!, $head: GitObjectID) {
  enqueuePullRequest(input: { pullRequestId: $id, expectedHeadOid: $head }) { clientMutationId }
}`;
const leaving = `mutation ($id: ID!) {
  dequeuePullRequest(input: { id: $id }) { clientMutationId }
}`;

/** Where a pull request is with regard to the merge queue. https://docs.github.com/graphql/reference/objects#pullrequest */
export async function queuePlace(octokit: Octokit, id: string): Promise<QueuePlace> {
  const { node } = answer.parse(await octokit.graphql(asking, { id }));
  const reason = node?.timelineItems.nodes[0]?.reason;
  return {
    isQueued: node?.isInMergeQueue === true,
    ...(typeof reason === "string" ? { removedFor: reason } : {}),
  };
}

/** Puts a pull request into the queue with this head, unless it is there; gives why GitHub does not let it. */
export async function enqueue(octokit: Octokit, id: string, head: string): Promise<string | undefined> {
  if ((await queuePlace(octokit, id)).isQueued) return undefined;
  return refusalOf(octokit.graphql(entering, { id, head }));
}

/** Takes it out, where it is there. */
export async function dequeue(octokit: Octokit, id: string): Promise<void> {
  if ((await queuePlace(octokit, id)).isQueued) await refusalOf(octokit.graphql(leaving, { id }));
}

/** Whether a refused merge means that the base has a queue, through which all has to go. */
export function namesQueue(reason: string): boolean {
  return /merge queue/i.test(reason);
}

async function refusalOf(asked: Promise<unknown>): Promise<string | undefined> {
  try {
    await asked;
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.name === "GraphqlResponseError") return error.message;
    throw error;
  }
}
