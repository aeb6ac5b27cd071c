import { switchAutoMerge } from "./automerge.ts";
import type { Identity, PullRow, RepositoryRow } from "./emulate.ts";
import type { Front } from "./front.ts";
import { dequeue, enqueue, placeIn } from "./queue.ts";
import { textOf } from "./routes.ts";
import type { Json, World } from "./world.ts";

interface Asked {
  readonly world: World;
  readonly identity: Identity | undefined;
  readonly actor: string;
  readonly asked: Json;
}

/** The few questions and mutations of GitHub's GraphQL interface that the App knows; no other is answered. */
export async function answerGraphql(on: Asked, change: Front["change"]): Promise<Response> {
  const query = textOf(on.asked["query"]);
  if (/object\(oid:/.test(query)) return blobs(on, query);
  const mutation = Object.keys(mutations).find((name) => query.includes(`${name}(`));
  const { world } = on;
  const pull = world.store.pullRequests.all().find(({ node_id: id }) => id === variablesOf(on)["id"]);
  const repository = pull === undefined ? undefined : world.store.repos.get(pull.repo_id);
  if (query.includes("isInMergeQueue") && pull !== undefined && repository !== undefined)
    return place(world, repository, pull);
  if (mutation === undefined || pull === undefined || repository === undefined)
    return fault("NOT_FOUND", "Could not resolve to a node with the global id.");
  if (
    on.identity?.installation !== undefined &&
    on.identity.installation.permissions["pull_requests"] !== "write"
  )
    return fault("FORBIDDEN", "Resource not accessible by integration");
  return change(repository, on.actor, async () => {
    const refusal = await mutations[mutation]?.(on, repository, pull);
    return refusal === undefined
      ? Response.json({ data: { [mutation]: { clientMutationId: null } } })
      : fault("UNPROCESSABLE", refusal);
  });
}

type Mutation = (on: Asked, repository: RepositoryRow, pull: PullRow) => Promise<string | undefined>;

/** By name; each gives why it is refused. https://docs.github.com/graphql/reference/mutations */
const mutations: Readonly<Record<string, Mutation>> = {
  enablePullRequestAutoMerge: (on, repository, pull) => {
    const method = (textOf(variablesOf(on)["mergeMethod"]) || "MERGE").toLowerCase();
    return switchAutoMerge(on.world, repository, pull, { method });
  },
  enqueuePullRequest: (on, repository, pull) =>
    enqueue(on.world, repository, pull, { head: variablesOf(on)["head"], by: on.actor }),
  dequeuePullRequest: ({ world, actor }, repository, pull) => dequeue(world, repository, pull, actor),
  disablePullRequestAutoMerge: ({ world }, repository, pull) =>
    switchAutoMerge(world, repository, pull, undefined),
};

/** https://docs.github.com/graphql/reference/objects#removedfrommergequeueevent */
function place(world: World, repository: RepositoryRow, pull: PullRow): Response {
  const { isQueued, reason } = placeIn(world, repository, pull);
  const nodes = reason === undefined ? [] : [{ reason }];
  return Response.json({ data: { node: { isInMergeQueue: isQueued, timelineItems: { nodes } } } });
}

/** The texts of blobs by their SHAs. https://docs.github.com/graphql/reference/objects#blob */
function blobs({ world, identity, asked }: Asked, query: string): Response {
  const { owner, name } = Object.fromEntries(Object.entries(asked["variables"] ?? {}));
  const fullName = `${textOf(owner)}/${textOf(name)}`;
  const repository = world.repository(fullName);
  const reach = identity?.installation;
  const isCovered =
    repository !== undefined &&
    (!repository.private ||
      reach?.repositorySelection === "all" ||
      reach?.repositoryIds.includes(repository.id) === true);
  if (!isCovered) return fault("NOT_FOUND", `Could not resolve to a Repository with the name '${fullName}'.`);
  const git = world.git(repository);
  const found = [...query.matchAll(/(\w+): object\(oid: "([0-9a-f]{40})"\)/g)].map(
    ([, alias = "", sha = ""]) => {
      const text = git.text(sha);
      return [alias, { text, isTruncated: false }];
    },
  );
  return Response.json({ data: { repository: Object.fromEntries(found) } });
}

function variablesOf({ asked }: Asked): Json {
  return Object.fromEntries(Object.entries(asked["variables"] ?? {}));
}

/** GitHub answers 200 and tells what went wrong in the body. */
function fault(type: string, message: string): Response {
  return Response.json({ data: null, errors: [{ type, message }] });
}
