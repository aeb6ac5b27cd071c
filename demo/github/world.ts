import type { AccountRow, GithubStore, Identity, Inside, PullRow, RepositoryRow } from "./emulate.ts";
import type { Outbox } from "./deliveries.ts";
import { gitOf, type Git } from "./git.ts";

export type Json = Record<string, unknown>;

/** What the parts of the emulator share: emulate's inside, asked as somebody who may do everything. */
export interface World {
  readonly store: GithubStore;
  readonly tokens: Map<string, Identity>;
  readonly baseUrl: string;
  readonly appId: number;
  readonly slug: string;
  readonly outbox: Outbox;
  git(repository: RepositoryRow): Git;
  repository(fullName: string): RepositoryRow | undefined;
  owner(repository: RepositoryRow): AccountRow;
  pull(repository: RepositoryRow, number: number): PullRow | undefined;
  branch(repository: RepositoryRow, name: string): string | undefined;
  /** Sends a request to emulate's own routes as the system. */
  ask(repository: RepositoryRow, method: string, path: string, body?: Json): Promise<Response>;
  /** The JSON of a repository's own resource, such as `/pulls/1`; of the repository itself for an empty path. */
  show(repository: RepositoryRow, path: string): Promise<Json>;
  user(login: string): Promise<Json>;
  /** Queues an event until the request that caused it is done. */
  raise(repository: RepositoryRow, event: string, payload: Json): void;
  readonly raised: Raised[];
  /** Whether a pull request's mergeability is unknown to the first who asks. */
  readonly mergeableLater: boolean;
  /** What a row looked like before the request under way, for `changes` in an `edited` payload. */
  before: { readonly title?: string; readonly body: string | null } | undefined;
}

interface Raised {
  readonly repository: RepositoryRow;
  readonly event: string;
  readonly payload: Json;
}

export function makeWorld(
  inside: Inside,
  of: Pick<World, "appId" | "slug" | "outbox" | "mergeableLater">,
): World {
  const { store, tokens, baseUrl } = inside;
  const inner = inside.app.fetch.bind(inside.app);
  const raised: Raised[] = [];

  const owner = (repository: RepositoryRow): AccountRow => {
    const accounts = repository.owner_type === "User" ? store.users : store.orgs;
    const found = accounts.get(repository.owner_id);
    if (found === undefined) throw new Error(`${repository.full_name} has no owner`);
    return found;
  };

  const systemToken = (repository: RepositoryRow): string => {
    const token = `system_${repository.owner_type}_${repository.owner_id}`;
    const permissions = Object.fromEntries(
      "contents pull_requests issues checks statuses metadata administration workflows members"
        .split(" ")
        .map((name) => [name, "write"]),
    );
    tokens.set(token, {
      login: owner(repository).login,
      id: repository.owner_id,
      scopes: [],
      installation: {
        installationId: 0,
        appId: of.appId,
        accountId: repository.owner_id,
        accountType: repository.owner_type,
        permissions,
        repositoryIds: [],
        repositorySelection: "all",
      },
    });
    return token;
  };

  const ask: World["ask"] = (repository, method, path, body) =>
    inner(
      new Request(`${baseUrl}/repos/${repository.full_name}${path}`, {
        method,
        headers: { authorization: `token ${systemToken(repository)}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );

  const world: World = {
    store,
    tokens,
    baseUrl,
    ...of,
    before: undefined,
    git: (repository) => gitOf(store, repository.id),
    repository: (fullName) =>
      store.repos.findBy("full_name", fullName)[0] ??
      store.repos.all().find((one) => one.full_name.toLowerCase() === fullName.toLowerCase()),
    owner,
    pull: (repository, number) =>
      store.pullRequests.findBy("repo_id", repository.id).find((row) => row.number === number),
    branch: (repository, name) =>
      store.refs.findBy("repo_id", repository.id).find((row) => row.ref === `refs/heads/${name}`)?.sha,
    ask,
    show: async (repository, path) => object(await (await ask(repository, "GET", path)).json()),
    user: async (login) => object(await (await inner(new Request(`${baseUrl}/users/${login}`))).json()),
    raised,
    raise: (repository, event, payload) => raised.push({ repository, event, payload }),
  };

  inside.webhooks.dispatch = async (event, _action, payload, account, name) => {
    const repository = name === undefined ? undefined : world.repository(`${account}/${name}`);
    if (repository === undefined || event === "push" || event === "create") return; // these are told by what became of the refs
    for (const told of await complete(world, repository, event, payload))
      world.raise(repository, told.event, told.payload);
  };
  return world;
}

/** Corrects what emulate says of an event to what GitHub says: https://docs.github.com/webhooks/webhook-events-and-payloads */
async function complete(
  world: World,
  repository: RepositoryRow,
  event: string,
  payload: Json,
): Promise<readonly { event: string; payload: Json }[]> {
  const changes = payload["action"] === "edited" ? { changes: changesSince(world, payload) } : {};
  const issue = payload["issue"] === undefined ? undefined : object(payload["issue"]);
  const number = issue?.["number"];
  const pull = typeof number === "number" ? world.pull(repository, number) : undefined;
  if (event === "issues" && pull !== undefined) {
    const { issue: _, ...rest } = payload;
    return [{ event: "pull_request", payload: { ...rest, ...changes, number, pull_request: { number } } }];
  }
  if (event === "issue_comment" && pull !== undefined) {
    return [
      {
        event,
        payload: {
          ...payload,
          ...changes,
          issue: { ...issue, pull_request: pullLinks(world, repository, pull) },
        },
      },
    ];
  }
  if (event === "pull_request") {
    return [
      { event, payload: { ...payload, ...changes, number: object(payload["pull_request"])["number"] } },
    ];
  }
  if (event === "check_run") {
    const run = object(payload["check_run"]);
    const told = { ...run, app: actionsApp, pull_requests: pullsAt(world, repository, run["head_sha"]) };
    const created = { event, payload: { ...payload, check_run: told } };
    const alsoCompleted = payload["action"] === "created" && run["status"] === "completed";
    return alsoCompleted
      ? [created, { event, payload: { ...created.payload, action: "completed" } }]
      : [created];
  }
  return [{ event, payload: { ...payload, ...changes } }];
}

function changesSince(world: World, payload: Json): Json {
  const now = object(payload["comment"] ?? payload["pull_request"] ?? payload["issue"] ?? {});
  const was = world.before;
  if (was === undefined) return {};
  return {
    ...(was.title !== undefined && was.title !== now["title"] ? { title: { from: was.title } } : {}),
    ...(was.body === now["body"] ? {} : { body: { from: was.body ?? "" } }),
  };
}

export const actionsApp = { id: 15368, slug: "github-actions", name: "GitHub Actions" };

export function pullLinks(world: World, repository: RepositoryRow, pull: PullRow): Json {
  const page = `${world.baseUrl}/${repository.full_name}/pull/${pull.number}`;
  return {
    url: `${world.baseUrl}/repos/${repository.full_name}/pulls/${pull.number}`,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    merged_at: pull.merged_at,
  };
}

/** The short form of the open pull requests with this head, as check events carry it. */
export function pullsAt(world: World, repository: RepositoryRow, sha: unknown): readonly Json[] {
  return world.store.pullRequests
    .findBy("repo_id", repository.id)
    .filter((pull) => pull.state === "open" && pull.head_sha === sha)
    .map((pull) => ({
      id: pull.id,
      number: pull.number,
      url: `${world.baseUrl}/repos/${repository.full_name}/pulls/${pull.number}`,
      head: { ref: pull.head_ref, sha: pull.head_sha, repo: { id: repository.id, name: repository.name } },
      base: { ref: pull.base_ref, sha: pull.base_sha, repo: { id: repository.id, name: repository.name } },
    }));
}

export function object(value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("emulate answered something else than an object");
  return Object.fromEntries(Object.entries(value));
}

export function list(value: unknown): readonly Json[] {
  if (!Array.isArray(value)) throw new Error("emulate answered something else than a list");
  return value.map(object);
}
