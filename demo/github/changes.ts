import { actionsApp, list, object, pullsAt, type Json, type World } from "./world.ts";
import { hasQueue } from "./queues.ts";
import type { CommitRow, PullRow, RepositoryRow } from "./emulate.ts";

const nothing = "0".repeat(40);

/** Tells what became of refs, pull requests and check suites since it was last asked. */
export interface Watch {
  /** Takes a repository as it is, without a word. */
  learn(repository: RepositoryRow): void;
  /** Raises `push`, `create`, `delete`, `pull_request` and `check_suite` events for all that changed. */
  look(repository: RepositoryRow, sender: string): Promise<void>;
}

export function watch(world: World): Watch {
  const known = new Map<number, ReadonlyMap<string, string>>();
  const suites = new Map<number, string>();
  const refsOf = (repository: RepositoryRow) =>
    new Map(world.store.refs.findBy("repo_id", repository.id).map((row) => [row.ref, row.sha]));
  return {
    learn: (repository) => known.set(repository.id, refsOf(repository)),
    look: async (repository, sender) => {
      const before = known.get(repository.id) ?? new Map<string, string>();
      const after = refsOf(repository);
      known.set(repository.id, after);
      const user = await world.user(sender);
      for (const ref of [...new Set([...before.keys(), ...after.keys()])].toSorted()) {
        const [was, is] = [before.get(ref), after.get(ref)];
        if (was === is) continue;
        await tellPush(
          world,
          repository,
          { ref, was, is, others: [...before].filter(([name]) => name !== ref) },
          user,
        );
        await followPulls(world, repository, ref, was, is, user);
      }
      for (const suite of world.store.checkSuites.findBy("repo_id", repository.id)) {
        const runs = world.store.checkRuns
          .findBy("repo_id", repository.id)
          .filter((run) => run.head_sha === suite.head_sha)
          .map(({ id, status, conclusion }) => `${id} ${status} ${conclusion}`);
        // Emulate has one suite for a commit where GitHub has one for each App: any of them may have completed.
        const state = [suite.status, suite.conclusion, ...runs].join();
        if (suites.get(suite.id) === state) continue;
        suites.set(suite.id, state);
        if (suite.status !== "completed" || suite.conclusion === null) continue;
        const shown = await world.show(repository, `/check-suites/${suite.id}`);
        world.raise(repository, "check_suite", {
          action: "completed",
          check_suite: {
            ...shown,
            head_branch: branchAt(world, repository, suite.head_sha),
            app: actionsApp,
            pull_requests: pullsAt(world, repository, suite.head_sha),
          },
          sender: user,
        });
      }
    },
  };
}

/** A branch with this head; emulate does not keep what a check suite was made for. */
function branchAt(world: World, repository: RepositoryRow, sha: string): string | null {
  return world.store.branches.findBy("repo_id", repository.id).find((one) => one.sha === sha)?.name ?? null;
}

/** Completes the payloads of the queued events and sends each to the installation that covers its repository. */
export async function flush(world: World): Promise<void> {
  for (const { repository, event, payload } of world.raised.splice(0)) {
    const installation = installationOf(world, repository);
    if (installation === undefined) continue;
    const action = typeof payload["action"] === "string" ? payload["action"] : undefined;
    const pull =
      payload["pull_request"] === undefined ? undefined : object(payload["pull_request"])["number"];
    const owner = world.owner(repository).login;
    world.outbox.send(event, action, {
      ...payload,
      ...(typeof pull === "number" ? { pull_request: await showPull(world, repository, pull) } : {}),
      repository: await world.show(repository, ""),
      ...(repository.owner_type === "Organization"
        ? { organization: { id: repository.owner_id, login: owner, url: `${world.baseUrl}/orgs/${owner}` } }
        : {}),
      installation: { id: installation.installation_id, node_id: `I_${installation.installation_id}` },
    });
  }
}

function installationOf(world: World, repository: RepositoryRow) {
  return world.store.appInstallations
    .all()
    .find(
      (one) =>
        one.account_id === repository.owner_id &&
        one.account_type === repository.owner_type &&
        (one.repository_selection === "all" || one.repository_ids.includes(repository.id)),
    );
}

interface RefChange {
  readonly ref: string;
  readonly was: string | undefined;
  readonly is: string | undefined;
  readonly others: readonly (readonly [string, string])[];
}

async function tellPush(
  world: World,
  repository: RepositoryRow,
  change: RefChange,
  sender: Json,
): Promise<void> {
  const { ref, was, is } = change;
  const git = world.git(repository);
  const short = ref.replace(/^refs\/(heads|tags)\//, "");
  const kind = ref.startsWith("refs/tags/") ? "tag" : "branch";
  const base = was ?? change.others.find(([name]) => name === `refs/heads/${repository.default_branch}`)?.[1];
  const fresh = is === undefined || kind === "tag" ? [] : git.between(base, is);
  const head = is === undefined ? undefined : git.find(is);
  world.store.repos.update(repository.id, { pushed_at: new Date().toISOString() });
  const told = (commit: CommitRow): Json => {
    const parent = commit.parent_shas[0];
    const changed = git.changes(
      parent === undefined ? undefined : git.find(parent)?.tree_sha,
      commit.tree_sha,
    );
    return {
      id: commit.sha,
      tree_id: commit.tree_sha,
      distinct: true,
      message: commit.message,
      timestamp: commit.committer_date,
      url: `${world.baseUrl}/${repository.full_name}/commit/${commit.sha}`,
      author: { name: commit.author_name, email: commit.author_email },
      committer: { name: commit.committer_name, email: commit.committer_email },
      ...changed,
    };
  };
  if (was === undefined && change.others.length > 0) {
    world.raise(repository, "create", {
      ref: short,
      ref_type: kind,
      master_branch: repository.default_branch,
      description: null,
      pusher_type: "user",
      sender,
    });
  }
  world.raise(repository, "push", {
    ref,
    before: was ?? nothing,
    after: is ?? nothing,
    created: was === undefined,
    deleted: is === undefined,
    forced: was !== undefined && is !== undefined && git.mergeBase(was, is) !== was,
    base_ref: null,
    compare: `${world.baseUrl}/${repository.full_name}/compare/${was?.slice(0, 12) ?? nothing}...${is?.slice(0, 12) ?? nothing}`,
    commits: fresh.map(told),
    head_commit: head === undefined ? null : told(head),
    pusher: { name: sender["login"], email: sender["email"] ?? null },
    sender,
  });
  if (is === undefined)
    world.raise(repository, "delete", { ref: short, ref_type: kind, pusher_type: "user", sender });
}

async function followPulls(
  world: World,
  repository: RepositoryRow,
  ref: string,
  was: string | undefined,
  is: string | undefined,
  sender: Json,
): Promise<void> {
  for (const pull of openPulls(world, repository).filter((one) => `refs/heads/${one.head_ref}` === ref)) {
    const number = pull.number;
    if (is === undefined) {
      closeRow(world, repository, pull, undefined);
      world.raise(repository, "pull_request", { action: "closed", number, pull_request: { number }, sender });
      continue;
    }
    if (pull.head_sha === is) continue;
    world.store.pullRequests.update(pull.id, {
      head_sha: is,
      base_sha: world.branch(repository, pull.base_ref) ?? pull.base_sha,
    });
    world.raise(repository, "pull_request", {
      action: "synchronize",
      number,
      before: was ?? nothing,
      after: is,
      pull_request: { number },
      sender,
    });
  }
}

function openPulls(world: World, repository: RepositoryRow): readonly PullRow[] {
  return world.store.pullRequests.findBy("repo_id", repository.id).filter((pull) => pull.state === "open");
}

function closeRow(world: World, repository: RepositoryRow, pull: PullRow, by: number | undefined): void {
  const closed = { state: "closed" as const, closed_at: new Date().toISOString() };
  world.store.pullRequests.update(pull.id, closed);
  const issue = world.store.issues.findBy("repo_id", repository.id).find((one) => one.number === pull.number);
  if (issue !== undefined) world.store.issues.update(issue.id, { ...closed, closed_by_id: by ?? null });
}

/** Brings a pull request's counts and its mergeability up to its head and its base, as GitHub does in the background. */
export async function refresh(world: World, repository: RepositoryRow, pull: PullRow): Promise<PullRow> {
  const [head, base] = [pull.head_sha, world.branch(repository, pull.base_ref) ?? pull.base_sha];
  const compared = await world.show(repository, `/compare/${pull.base_sha}...${head}`);
  const files = list(compared["files"] ?? []);
  const sum = (of: string) => files.reduce((total, file) => total + Number(file[of]), 0);
  const state =
    pull.state === "open"
      ? mergeability(world, repository, pull, base)
      : { mergeable: pull.merged ? null : pull.mergeable, mergeable_state: "unknown" };
  // Written in place: what is computed in the background is no update of the pull request.
  return Object.assign(pull, {
    ...state,
    commits: list(compared["commits"] ?? []).length,
    changed_files: files.length,
    additions: sum("additions"),
    deletions: sum("deletions"),
    comments: world.store.comments
      .findBy("repo_id", repository.id)
      .filter((one) => one.issue_number === pull.number).length,
  });
}

function mergeability(
  world: World,
  repository: RepositoryRow,
  pull: PullRow,
  base: string,
): Pick<PullRow, "mergeable" | "mergeable_state"> {
  if ("conflicts" in mergeOf(world, repository, base, pull.head_sha))
    return { mergeable: false, mergeable_state: "dirty" };
  if (pull.draft) return { mergeable: true, mergeable_state: "draft" };
  const runs = world.store.checkRuns
    .findBy("repo_id", repository.id)
    .filter((run) => run.head_sha === pull.head_sha);
  const passed = new Set(["success", "neutral", "skipped"]);
  const green = (run: { status: string; conclusion: string | null }) =>
    run.status === "completed" && passed.has(run.conclusion ?? "");
  const protection = world.store.branchProtections
    .findBy("repo_id", repository.id)
    .find((one) => one.branch_name === pull.base_ref);
  const required = protection?.required_status_checks?.contexts ?? [];
  const isChecked = required.every((context) => runs.some((run) => run.name === context && green(run)));
  const isApproved = world.store.reviews
    .findBy("repo_id", repository.id)
    .some(({ pull_number: number, state }) => number === pull.number && state === "APPROVED");
  if (!isChecked || (protection?.required_pull_request_reviews && !isApproved))
    return { mergeable: true, mergeable_state: "blocked" };
  if (protection?.strict === true && world.git(repository).mergeBase(base, pull.head_sha) !== base)
    return { mergeable: true, mergeable_state: "behind" };
  const statuses = statusesOf(world, repository, pull.head_sha);
  const red =
    runs.some((run) => !green(run)) || latest(statuses).some((status) => status["state"] !== "success");
  return { mergeable: true, mergeable_state: red ? "unstable" : "clean" };
}

export function mergeOf(world: World, repository: RepositoryRow, base: string, head: string) {
  const git = world.git(repository);
  const tree = (sha: string | undefined) => (sha === undefined ? undefined : git.find(sha)?.tree_sha);
  return git.merge(tree(git.mergeBase(base, head)), tree(base) ?? "", tree(head) ?? "");
}

const statuses = new WeakMap<World, Map<string, Json[]>>();

/** The commit statuses of one commit, newest first. */
export function statusesOf(world: World, repository: RepositoryRow, sha: string): Json[] {
  const all = statuses.get(world) ?? new Map<string, Json[]>();
  statuses.set(world, all);
  const key = `${repository.id} ${sha}`;
  const found = all.get(key) ?? [];
  all.set(key, found);
  return found;
}

/** The newest status of each context. */
export function latest(all: readonly Json[]): readonly Json[] {
  return all.filter((status, at) => all.findIndex((one) => one["context"] === status["context"]) === at);
}

/** Merges as GitHub's button does, or answers why not. */
export async function merge(
  world: World,
  repository: RepositoryRow,
  pull: PullRow,
  by: string,
  asked: Json,
): Promise<Response> {
  const current = await refresh(world, repository, pull);
  if (current.state !== "open" || current.draft) return refuse(405, "Pull Request is not mergeable");
  if (typeof asked["sha"] === "string" && asked["sha"] !== current.head_sha)
    return refuse(409, "Head branch was modified. Review and try the merge again.");
  if (current.mergeable_state === "blocked")
    return refuse(405, "Repository rule violations found: a required check or review is missing.");
  if (hasQueue(world, repository, current.base_ref) && asked["through"] !== "queue")
    return refuse(405, "Repository rule violations found\n\nChanges must be made through the merge queue");
  if (current.mergeable_state === "behind")
    return refuse(405, "Head branch is out of date. Review and try the merge again.");
  const base = world.branch(repository, current.base_ref);
  if (base === undefined) return refuse(404, "Not Found");
  const merged = mergeOf(world, repository, base, current.head_sha);
  if ("conflicts" in merged) return refuse(405, "Pull Request is not mergeable");

  const git = world.git(repository);
  const actor = world.store.users.findBy("login", by)[0];
  const author = { name: actor?.name ?? by, email: actor?.email ?? `${by}@users.noreply.github.com` };
  const method = asked["merge_method"] ?? "merge";
  const owner = world.owner(repository).login;
  const titled = typeof asked["commit_title"] === "string" ? asked["commit_title"] : undefined;
  const message = typeof asked["commit_message"] === "string" ? `\n\n${asked["commit_message"]}` : "";
  const at = new Date();
  let sha: string;
  if (method === "rebase") {
    let tip = base;
    for (const commit of git.between(base, current.head_sha)) {
      const parent = commit.parent_shas[0];
      const picked = git.merge(
        parent === undefined ? undefined : git.find(parent)?.tree_sha,
        git.find(tip)?.tree_sha ?? "",
        commit.tree_sha,
      );
      if ("conflicts" in picked) return refuse(405, "This branch can't be rebased");
      tip = git.commit({
        tree: picked.tree,
        parents: [tip],
        message: commit.message,
        author: { name: commit.author_name, email: commit.author_email },
        at,
      }).sha;
    }
    sha = tip;
  } else if (method === "squash") {
    sha = git.commit({
      tree: merged.tree,
      parents: [base],
      message: `${titled ?? `${current.title} (#${current.number})`}${message}`,
      author,
      at,
    }).sha;
  } else {
    const subject = titled ?? `Merge pull request #${current.number} from ${owner}/${current.head_ref}`;
    sha = git.commit({
      tree: merged.tree,
      parents: [base, current.head_sha],
      message: `${subject}${message || `\n\n${current.title}`}`,
      author,
      at,
    }).sha;
  }
  moveBranch(world, repository, current.base_ref, sha);
  closeRow(world, repository, current, actor?.id);
  const mergedAt = at.toISOString();
  world.store.pullRequests.update(current.id, {
    merged: true,
    merged_at: mergedAt,
    merged_by_id: actor?.id ?? null,
    merge_commit_sha: sha,
    mergeable: null,
    mergeable_state: "unknown",
  });
  world.raise(repository, "pull_request", {
    action: "closed",
    number: pull.number,
    pull_request: { number: pull.number },
    sender: actor === undefined ? { login: by, type: "Bot" } : await world.user(by),
  });
  if (repository.delete_branch_on_merge) moveBranch(world, repository, current.head_ref, undefined);
  return Response.json({ sha, merged: true, message: "Pull Request successfully merged" });
}

function refuse(status: number, message: string): Response {
  return Response.json({ message, documentation_url: docs }, { status });
}

export const docs = "https://docs.github.com/rest";

/** Sets, creates or (without a SHA) deletes a branch. */
export function moveBranch(
  world: World,
  repository: RepositoryRow,
  name: string,
  sha: string | undefined,
): void {
  setRef(world, repository, `refs/heads/${name}`, sha);
  const { branches } = world.store;
  const row = branches.findBy("repo_id", repository.id).find((one) => one.name === name);
  if (sha === undefined) {
    if (row !== undefined) branches.delete(row.id);
  } else if (row === undefined) branches.insert({ repo_id: repository.id, name, sha, protected: false });
  else branches.update(row.id, { sha });
}

export function setRef(world: World, repository: RepositoryRow, ref: string, sha: string | undefined): void {
  const { refs } = world.store;
  const row = refs.findBy("repo_id", repository.id).find((one) => one.ref === ref);
  if (sha === undefined) {
    if (row !== undefined) refs.delete(row.id);
  } else if (row === undefined) refs.insert({ repo_id: repository.id, ref, sha, node_id: `REF_${ref}` });
  else refs.update(row.id, { sha });
}

/** A pull request as the API shows it, with what GitHub computes brought up to date. */
export async function showPull(world: World, repository: RepositoryRow, number: number): Promise<Json> {
  const pull = world.pull(repository, number);
  if (pull !== undefined) await refresh(world, repository, pull);
  return object(await (await world.ask(repository, "GET", `/pulls/${number}`)).json());
}
