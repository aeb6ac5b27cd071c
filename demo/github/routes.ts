import { docs, latest, merge, moveBranch, mergeOf, setRef, showPull, statusesOf } from "./changes.ts";
import type { Identity, PullRow, RepositoryRow } from "./emulate.ts";
import { hasQueue } from "./queues.ts";
import { list, object, pullLinks, type Json, type World } from "./world.ts";

/** A request that the front has let through: the token is good and the repository is in its reach. */
export interface Call {
  readonly world: World;
  readonly method: string;
  readonly url: URL;
  readonly body: Json;
  readonly identity: Identity | undefined;
  /** The login that acts: the App's bot for an installation. */
  readonly actor: string;
  /** Passes the request on to emulate: as it came, or with another body, method and path after the repository's. */
  forward(body?: Json, as?: { readonly method: string; readonly path: string }): Promise<Response>;
}

type RepositoryCall = Call & { readonly repository: RepositoryRow; readonly match: readonly string[] };
type Handler = (call: RepositoryCall) => Promise<Response>;

export const notFound = () =>
  Response.json({ message: "Not Found", documentation_url: docs, status: "404" }, { status: 404 });
export const forbidden = () =>
  Response.json(
    { message: "Resource not accessible by integration", documentation_url: docs, status: "403" },
    { status: 403 },
  );
const invalid = (errors: readonly Json[]) =>
  Response.json(
    { message: "Validation Failed", errors, documentation_url: docs, status: "422" },
    { status: 422 },
  );

/** What emulate lacks or has wrong, by the path after `/repos/OWNER/NAME`. All else goes to emulate. */
const routes: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  ["GET", /^\/pulls$/, listPulls],
  ["POST", /^\/pulls$/, openPull],
  ["GET", /^\/pulls\/(\d+)$/, withPull(getPull)],
  ["PATCH", /^\/pulls\/(\d+)$/, withPull(changePull)],
  ["GET", /^\/pulls\/(\d+)\/files$/, withPull((call, pull) => compared(call, pull, "files"))],
  ["GET", /^\/pulls\/(\d+)\/commits$/, withPull((call, pull) => compared(call, pull, "commits"))],
  ["PUT", /^\/pulls\/(\d+)\/merge$/, withPull(mergePull)],
  [
    "GET",
    /^\/pulls\/(\d+)\/merge$/,
    withPull(async (_, pull) => (pull.merged ? new Response(null, { status: 204 }) : notFound())),
  ],
  ["PUT", /^\/pulls\/(\d+)\/update-branch$/, withPull(updateBranch)],
  ["GET", /^\/issues$/, listIssues],
  ["GET", /^\/issues\/(\d+)$/, withIssue(async (call, pull) => Response.json(await asIssue(call, pull)))],
  ["PATCH", /^\/issues\/(\d+)$/, withIssue(changeIssue)],
  ["POST", /^\/(?:issues\/comments\/(\d+)|issues\/(\d+))\/reactions$/, react],
  [
    "GET",
    /^\/(?:issues\/comments\/(\d+)|issues\/(\d+))\/reactions$/,
    async (call) => paged(call, reactionsOf(call)),
  ],
  ["GET", /^\/check-runs\/(\d+)\/annotations$/, annotations],
  ["POST", /^\/statuses\/([0-9a-f]{40})$/, addStatus],
  ["GET", /^\/commits\/(.+)\/status$/, combinedStatus],
  [
    "GET",
    /^\/commits\/(.+)\/statuses$/,
    async (call) => paged(call, statusesOf(call.world, call.repository, await resolve(call))),
  ],
  ["GET", /^\/commits\/(.+)\/pulls$/, commitPulls],
  ["POST", /^\/git\/trees$/, makeTree],
  ["POST", /^\/releases$/, makeRelease],
  [
    "GET",
    /^\/rules\/branches\/(.+)$/,
    async ({ world, repository, match }) =>
      Response.json(
        hasQueue(world, repository, match[0] ?? "") ? [{ type: "merge_queue", parameters: {} }] : [],
      ),
  ],
  ["GET", /^\/branches\/([^/]+)$/, showBranch],
  ["GET", /^\/collaborators\/([^/]+)\/permission$/, permission],
];

export async function route(call: Call, repository: RepositoryRow, path: string): Promise<Response> {
  for (const [method, pattern, handler] of routes) {
    const match = method === call.method ? pattern.exec(path) : null;
    if (match !== null)
      return handler({
        ...call,
        repository,
        match: match.slice(1).map((part) => decodeURIComponent(part ?? "")),
      });
  }
  return call.forward();
}

/** https://docs.github.com/rest/apps/installations#list-repositories-accessible-to-the-app-installation */
export async function installationRepositories(call: Call): Promise<Response> {
  const installation = call.identity?.installation;
  if (installation === undefined)
    return Response.json(
      { message: "Must authenticate with an installation access token", documentation_url: docs },
      { status: 403 },
    );
  const rows = call.world.store.repos
    .all()
    .filter(
      (one) =>
        one.owner_id === installation.accountId &&
        one.owner_type === installation.accountType &&
        (installation.repositorySelection === "all" || installation.repositoryIds.includes(one.id)),
    );
  const shown = await Promise.all(rows.map((row) => call.world.show(row, "")));
  const response = paged(call, shown);
  const page: unknown = await response.json();
  return Response.json(
    { total_count: rows.length, repository_selection: installation.repositorySelection, repositories: page },
    { headers: link(response) },
  );
}

function withPull(handler: (call: RepositoryCall, pull: PullRow) => Promise<Response>): Handler {
  return async (call) => {
    if (!reads(call, "pull_requests")) return forbidden();
    const pull = call.world.pull(call.repository, Number(call.match[0]));
    return pull === undefined ? notFound() : handler(call, pull);
  };
}

function withIssue(handler: (call: RepositoryCall, pull: PullRow) => Promise<Response>): Handler {
  return async (call) => {
    const pull = call.world.pull(call.repository, Number(call.match[0]));
    if (pull === undefined) return call.forward();
    const allowed =
      call.method === "GET"
        ? reads(call, "pull_requests") || reads(call, "issues")
        : writes(call, "pull_requests") || writes(call, "issues");
    return allowed ? handler(call, pull) : forbidden();
  };
}

function reads({ identity, repository }: RepositoryCall, name: string): boolean {
  return (
    !repository.private ||
    identity?.installation === undefined ||
    identity.installation.permissions[name] !== undefined
  );
}

function writes({ identity }: Call, name: string): boolean {
  return identity?.installation === undefined
    ? identity !== undefined
    : identity.installation.permissions[name] === "write";
}

async function listPulls(call: RepositoryCall): Promise<Response> {
  const response = await call.forward();
  if (response.status !== 200) return response;
  const heavy = new Set(
    "mergeable mergeable_state rebaseable merged merged_by comments review_comments commits additions deletions changed_files maintainer_can_modify".split(
      " ",
    ),
  );
  const shown = list(await response.json()).map((pull) =>
    Object.fromEntries(Object.entries(pull).filter(([key]) => !heavy.has(key))),
  );
  return Response.json(shown, { headers: link(response) });
}

const workedOut = new WeakMap<World, Set<string>>();

/** GitHub works out whether a head merges into its base when it is asked, and says `null` until it knows. */
async function getPull({ world, repository }: RepositoryCall, { number }: PullRow): Promise<Response> {
  const shown = await showPull(world, repository, number);
  const done = workedOut.get(world) ?? new Set();
  workedOut.set(world, done);
  const base = world.branch(repository, textOf(object(shown["base"])["ref"]));
  const question = `${repository.id} ${textOf(object(shown["head"])["sha"])} ${base}`;
  if (!world.mergeableLater || shown["state"] !== "open" || done.has(question)) return Response.json(shown);
  done.add(question);
  return Response.json({ ...shown, mergeable: null, mergeable_state: "unknown" });
}

async function openPull(call: RepositoryCall): Promise<Response> {
  const { world, repository, body } = call;
  if (!writes(call, "pull_requests")) return forbidden();
  const owner = world.owner(repository).login;
  const head = textOf(body["head"]).replace(`${owner}:`, "");
  const [from, to] = [world.branch(repository, head), world.branch(repository, textOf(body["base"]))];
  if (from === undefined) return invalid([{ resource: "PullRequest", field: "head", code: "invalid" }]);
  if (to === undefined) return invalid([{ resource: "PullRequest", field: "base", code: "invalid" }]);
  const twin = world.store.pullRequests
    .findBy("repo_id", repository.id)
    .some((pull) => pull.state === "open" && pull.head_ref === head && pull.base_ref === body["base"]);
  if (twin) return custom(`A pull request already exists for ${owner}:${head}.`);
  if (world.git(repository).between(to, from).length === 0)
    return custom(`No commits between ${textOf(body["base"])} and ${head}`);
  if (textOf(body["body"]).length > 65_536) return custom("body is too long (maximum is 65536 characters)");
  const made = await call.forward();
  if (made.status !== 201) return made;
  return Response.json(await showPull(world, repository, Number(object(await made.json())["number"])), {
    status: 201,
  });
}

function custom(message: string): Response {
  return invalid([{ resource: "PullRequest", code: "custom", message }]);
}

async function changePull(call: RepositoryCall, pull: PullRow): Promise<Response> {
  const { world, repository, body } = call;
  if (!writes(call, "pull_requests")) return forbidden();
  if (textOf(body["body"]).length > 65_536) return custom("body is too long (maximum is 65536 characters)");
  if (body["state"] === "open" && pull.state === "closed") {
    const head = world.branch(repository, pull.head_ref);
    if (pull.merged || head !== pull.head_sha) {
      return invalid([
        { resource: "PullRequest", code: "invalid", field: "state", message: "state cannot be changed." },
      ]);
    }
  }
  const response = await call.forward();
  return response.status === 200 ? respond(showPull(world, repository, pull.number)) : response;
}

async function compared(call: RepositoryCall, pull: PullRow, what: "files" | "commits"): Promise<Response> {
  const shown = await call.world.show(call.repository, `/compare/${pull.base_sha}...${pull.head_sha}`);
  return paged(call, list(shown[what] ?? []));
}

async function mergePull(call: RepositoryCall, pull: PullRow): Promise<Response> {
  if (!writes(call, "contents")) return forbidden();
  return merge(call.world, call.repository, pull, call.actor, call.body);
}

async function updateBranch(call: RepositoryCall, pull: PullRow): Promise<Response> {
  const { world, repository } = call;
  if (!writes(call, "contents") || !writes(call, "pull_requests")) return forbidden();
  const expected = call.body["expected_head_sha"];
  if (expected !== undefined && expected !== pull.head_sha)
    return invalid([{ message: "expected head sha didn't match current head ref." }]);
  const base = world.branch(repository, pull.base_ref) ?? pull.base_sha;
  const merged = mergeOf(world, repository, base, pull.head_sha);
  if ("conflicts" in merged) return invalid([{ message: "merge conflict between base and head" }]);
  const author = { name: call.actor, email: `${call.actor}@users.noreply.github.com` };
  const message = `Merge branch '${pull.base_ref}' into ${pull.head_ref}`;
  const commit = world
    .git(repository)
    .commit({ tree: merged.tree, parents: [pull.head_sha, base], message, author, at: new Date() });
  moveBranch(world, repository, pull.head_ref, commit.sha);
  return Response.json(
    { message: "Updating pull request branch.", url: pullLinks(world, repository, pull)["url"] },
    { status: 202 },
  );
}

async function listIssues(call: RepositoryCall): Promise<Response> {
  const { world, repository } = call;
  const pulls = world.store.issues.findBy("repo_id", repository.id).filter((one) => one.is_pull_request);
  // emulate leaves pull requests out of this list and GitHub does not. Nothing else runs meanwhile.
  for (const issue of pulls) Object.assign(issue, { is_pull_request: false });
  try {
    const response = await call.forward();
    if (response.status !== 200) return response;
    const shown = list(await response.json()).map((issue) => {
      const pull = world.pull(repository, Number(issue["number"]));
      if (pull === undefined) return issue;
      const links = pullLinks(world, repository, pull);
      return { ...issue, html_url: links["html_url"], pull_request: links };
    });
    return Response.json(shown, { headers: link(response) });
  } finally {
    for (const issue of pulls) Object.assign(issue, { is_pull_request: true });
  }
}

/** https://docs.github.com/rest/checks/runs#list-check-run-annotations: a list, where emulate has a table. */
async function annotations(call: RepositoryCall): Promise<Response> {
  const response = await call.forward();
  if (response.status !== 200) return response;
  const shown = list(object(await response.json())["check_annotations"]);
  return Response.json(shown, { headers: link(response) });
}

async function asIssue({ world, repository }: RepositoryCall, pull: PullRow): Promise<Json> {
  const shown = await showPull(world, repository, pull.number);
  const url = `${world.baseUrl}/repos/${repository.full_name}/issues/${pull.number}`;
  const keep =
    "number state locked title body user labels assignee assignees milestone comments created_at updated_at closed_at author_association draft".split(
      " ",
    );
  return {
    ...Object.fromEntries(keep.map((key) => [key, shown[key]])),
    id: world.store.issues.findBy("repo_id", repository.id).find((one) => one.number === pull.number)?.id,
    url,
    repository_url: `${world.baseUrl}/repos/${repository.full_name}`,
    comments_url: `${url}/comments`,
    labels_url: `${url}/labels{/name}`,
    html_url: shown["html_url"],
    state_reason: null,
    pull_request: pullLinks(world, repository, pull),
  };
}

async function changeIssue(call: RepositoryCall, pull: PullRow): Promise<Response> {
  const { title, body: text, state, labels } = call.body;
  const asPull = Object.fromEntries(
    Object.entries({ title, body: text, state }).filter(([, value]) => value !== undefined),
  );
  if (Object.keys(asPull).length > 0)
    await call.forward(asPull, { method: "PATCH", path: `/pulls/${pull.number}` });
  if (Array.isArray(labels))
    await call.forward({ labels }, { method: "PUT", path: `/issues/${pull.number}/labels` });
  return Response.json(await asIssue(call, pull));
}

const reactions = new WeakMap<World, Map<string, Json[]>>();

function reactionsOf({ world, repository, match }: RepositoryCall): Json[] {
  const all = reactions.get(world) ?? new Map<string, Json[]>();
  reactions.set(world, all);
  const key = `${repository.id} ${match.join("/")}`;
  const found = all.get(key) ?? [];
  all.set(key, found);
  return found;
}

async function react(call: RepositoryCall): Promise<Response> {
  const { content } = call.body;
  if (!writes(call, "issues") && !writes(call, "pull_requests")) return forbidden();
  const known = ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"];
  if (typeof content !== "string" || !known.includes(content))
    return invalid([{ resource: "Reaction", field: "content", code: "invalid" }]);
  const all = reactionsOf(call);
  const twin = all.find((one) => one["content"] === content && object(one["user"])["login"] === call.actor);
  if (twin !== undefined) return Response.json(twin);
  const made = {
    id: all.length + 1,
    node_id: `RE_${all.length + 1}`,
    content,
    user: await call.world.user(call.actor),
    created_at: new Date().toISOString(),
  };
  all.push(made);
  return Response.json(made, { status: 201 });
}

async function resolve({ world, repository, match }: RepositoryCall): Promise<string> {
  return textOf((await world.show(repository, `/commits/${match[0]}`))["sha"]);
}

async function addStatus(call: RepositoryCall): Promise<Response> {
  const { world, repository, body } = call;
  if (!writes(call, "statuses")) return forbidden();
  const sha = call.match[0] ?? "";
  const commit = world.git(repository).find(sha);
  if (commit === undefined)
    return invalid([{ resource: "Status", message: `No commit found for SHA: ${sha}` }]);
  const states = ["error", "failure", "pending", "success"];
  if (!states.includes(textOf(body["state"])))
    return invalid([{ resource: "Status", field: "state", code: "invalid" }]);
  const all = statusesOf(world, repository, sha);
  const now = new Date().toISOString();
  const status = {
    id: all.length + 1,
    node_id: `SC_${all.length + 1}`,
    url: `${world.baseUrl}/repos/${repository.full_name}/statuses/${sha}`,
    state: body["state"],
    description: body["description"] ?? null,
    target_url: body["target_url"] ?? null,
    context: body["context"] ?? "default",
    creator: await world.user(call.actor),
    created_at: now,
    updated_at: now,
  };
  all.unshift(status);
  const branches = world.store.branches.findBy("repo_id", repository.id).filter((one) => one.sha === sha);
  world.raise(repository, "status", {
    ...status,
    sha,
    name: repository.full_name,
    commit: await world.show(repository, `/commits/${sha}`),
    branches: branches.map((one) => ({ name: one.name, commit: { sha }, protected: false })),
    sender: status.creator,
  });
  return Response.json(status, { status: 201 });
}

async function combinedStatus(call: RepositoryCall): Promise<Response> {
  const sha = await resolve(call);
  const statuses = latest(statusesOf(call.world, call.repository, sha));
  const has = (state: string) => statuses.some((status) => status["state"] === state);
  const state =
    has("error") || has("failure")
      ? "failure"
      : statuses.length === 0 || has("pending")
        ? "pending"
        : "success";
  return Response.json({
    state,
    sha,
    total_count: statuses.length,
    statuses,
    repository: await call.world.show(call.repository, ""),
  });
}

async function commitPulls(call: RepositoryCall): Promise<Response> {
  const sha = await resolve(call);
  const rows = call.world.store.pullRequests
    .findBy("repo_id", call.repository.id)
    .filter((pull) => pull.head_sha === sha || pull.merge_commit_sha === sha);
  return paged(
    call,
    await Promise.all(rows.map((pull) => showPull(call.world, call.repository, pull.number))),
  );
}

/** GitHub takes a commit as `base_tree`, and tells the type of an entry by its mode. */
async function makeTree(call: RepositoryCall): Promise<Response> {
  const base = call.body["base_tree"];
  const commit = typeof base === "string" ? call.world.git(call.repository).find(base) : undefined;
  const types: Readonly<Record<string, string>> = { "040000": "tree", "160000": "commit" };
  const tree = list(call.body["tree"] ?? []).map((entry) => ({
    type: types[textOf(entry["mode"])] ?? "blob",
    ...entry,
  }));
  return call.forward({
    ...call.body,
    tree,
    ...(commit === undefined ? {} : { base_tree: commit.tree_sha }),
  });
}

async function makeRelease(call: RepositoryCall): Promise<Response> {
  const { world, repository } = call;
  const made = await call.forward();
  if (made.status !== 201) return made;
  const release = object(await made.json());
  if (release["draft"] !== true)
    tagRelease(world, repository, textOf(release["tag_name"]), textOf(release["target_commitish"]));
  return Response.json(release, { status: 201 });
}

/** A published release has its tag: where there is none it is made at the target. */
export function tagRelease(world: World, repository: RepositoryRow, tag: string, target: string): void {
  const ref = `refs/tags/${tag}`;
  const sha = world.branch(repository, target) ?? target;
  const there = world.store.refs.findBy("repo_id", repository.id).some((row) => row.ref === ref);
  if (!there && world.git(repository).find(sha) !== undefined) setRef(world, repository, ref, sha);
}

/** https://docs.github.com/rest/branches/branches#get-a-branch: whoever may read the branch is told what it asks for. */
async function showBranch(call: RepositoryCall): Promise<Response> {
  const shown = await call.forward();
  if (!shown.ok) return shown;
  const contexts = call.world.store.branchProtections
    .findBy("repo_id", call.repository.id)
    .find((one) => one.branch_name === call.match[0])?.required_status_checks?.contexts;
  const checks = {
    enforcement_level: contexts === undefined ? "off" : "non_admins",
    contexts: contexts ?? [],
  };
  const protection = { enabled: contexts !== undefined, required_status_checks: checks };
  return Response.json({ ...object(await shown.json()), protected: contexts !== undefined, protection });
}

/** https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user */
async function permission(call: RepositoryCall): Promise<Response> {
  const { world, repository, match } = call;
  const user = world.store.users.findBy("login", match[0])[0];
  if (user === undefined) return notFound();
  const level = levelOf(world, repository, user.login);
  return Response.json({ permission: level, role_name: level, user: await world.user(user.login) });
}

export function levelOf(
  world: World,
  repository: RepositoryRow,
  login: string,
): "admin" | "write" | "read" | "none" {
  const user = world.store.users.findBy("login", login)[0];
  if (repository.owner_type === "User" && repository.owner_id === user?.id) return "admin";
  const given = world.store.collaborators
    .findBy("repo_id", repository.id)
    .find((one) => one.user_id === user?.id)?.permission;
  if (given === "admin") return "admin";
  if (given === "push" || given === "maintain") return "write";
  return given !== undefined || !repository.private ? "read" : "none";
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

async function respond(shown: Promise<Json>): Promise<Response> {
  return Response.json(await shown);
}

function link(response: Response): Record<string, string> {
  const header = response.headers.get("link");
  return header === null ? {} : { link: header };
}

/** One page of a list, with the `Link` header that leads to the others. */
function paged({ url }: Call, all: readonly Json[]): Response {
  const size = Math.min(Number(url.searchParams.get("per_page") ?? 30), 100);
  const page = Number(url.searchParams.get("page") ?? 1);
  const last = Math.max(1, Math.ceil(all.length / size));
  const to = (target: number, rel: string) => {
    const address = new URL(url);
    address.searchParams.set("page", String(target));
    return `<${address.href}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [to(page - 1, "prev"), to(1, "first")] : []),
    ...(page < last ? [to(page + 1, "next"), to(last, "last")] : []),
  ];
  return Response.json(all.slice((page - 1) * size, page * size), {
    headers: links.length > 0 ? { link: links.join(", ") } : {},
  });
}
