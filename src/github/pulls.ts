import type { Octokit } from "@octokit/rest";
import { isOurs, readMarker, withMarker } from "../domain/branch.ts";
import type { PullRequests } from "../domain/ports.ts";
import type { Comment, Merging, MergeMethod } from "../domain/pull-request.ts";
import type { Repository } from "../domain/types.ts";
import { addressed } from "./addressed.ts";
import { checksOf, logOf, requiredChecks } from "./check-runs.ts";
import { statusOf } from "./client.ts";
import { dequeue, enqueue, namesQueue, queuePlace } from "./queue.ts";
import { unless } from "./repository.ts";
import { treeAt } from "./tree.ts";

export interface PullsOptions extends Repository {
  /** Whose commits and comments are ours, such as `steeplejack[bot]`. */
  readonly login: string;
}

/** Single pull requests of one repository, over GitHub's REST interface and, for auto-merge, its GraphQL one. */
export function githubPulls(octokit: Octokit, { owner, name, login }: PullsOptions): PullRequests {
  const of = { owner, repo: name };
  const commit = async (sha: string) => (await octokit.git.getCommit({ ...of, commit_sha: sha })).data;
  const shown = async (number: number) =>
    (await unless([404], octokit.pulls.get({ ...of, pull_number: number })))?.data;
  const idOf = async (number: number) => (await shown(number))?.node_id ?? "";
  const headOf = async (branch: string) =>
    (await unless([404, 409], octokit.git.getRef({ ...of, ref: `heads/${branch}` })))?.data.object.sha;

  const commentsOn = async (number: number): Promise<readonly Comment[]> => {
    const all = await octokit.paginate(octokit.issues.listComments, {
      ...of,
      issue_number: number,
      per_page: 100,
    });
    return all.map(({ id, user, body = "" }) => ({
      id,
      author: user?.login ?? "ghost",
      body,
      isOurs: user?.login === login,
    }));
  };

  return {
    open: async () => {
      const all = await octokit.paginate(octokit.pulls.list, {
        ...of,
        state: "open",
        direction: "asc",
        per_page: 100,
      });
      return all.flatMap(({ number, head, base, body }) => {
        const marker = readMarker(body ?? "");
        if (marker === undefined || !isOurs(head.ref) || !isInside(head)) return [];
        const { behind } = marker;
        return [{ number, branch: head.ref, base: base.ref, ...(behind !== undefined && { behind }) }];
      });
    },
    read: async (number) => {
      const pull = await shown(number);
      const marker = readMarker(pull?.body ?? "");
      if (pull === undefined || marker === undefined || !isInside(pull.head) || !isOurs(pull.head.ref))
        return undefined;
      const head = await commit(pull.head.sha);
      const [parent, ...others] = head.parents;
      return {
        number,
        url: pull.html_url,
        title: pull.title,
        body: pull.body ?? "",
        state: pull.merged ? "merged" : pull.state,
        branch: pull.head.ref,
        base: pull.base.ref,
        headSha: pull.head.sha,
        ...(parent === undefined || others.length > 0 ? {} : { parentSha: parent.sha }),
        isDraft: pull.draft ?? false,
        isOurs: head.author.name === login && (pull.commits <= 1 || (await isOurWork(number))),
        mergeable: pull.mergeable ?? undefined,
        isBehind: pull.mergeable_state === "behind",
        autoMerge: pull.auto_merge !== null && pull.auto_merge !== undefined,
        labels: pull.labels.map((label) => label.name),
        marker,
      };
    },
    checksOf: (sha) => checksOf(octokit, { owner, name, login }, sha),
    logOf: (check) => logOf(octokit, { owner, name }, check),
    requiredChecks: (branch) => requiredChecks(octokit, { owner, name }, branch),
    changedFiles: async (from, to) => {
      const [before, after] = await Promise.all(
        [from, to].map((sha) => treeAt(octokit, { owner, name, sha })),
      );
      const paths = [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])];
      return paths.filter((path) => before?.get(path)?.sha !== after?.get(path)?.sha).toSorted();
    },
    commentsOn,
    say: async (number, key, said) => {
      const text = addressed(said, login);
      const mine = (await commentsOn(number)).find(
        ({ isOurs: written, body }) => written && body.includes(`<!-- steeplejack:${key} `),
      );
      if (mine === undefined) await octokit.issues.createComment({ ...of, issue_number: number, body: text });
      else if (mine.body !== text)
        await octokit.issues.updateComment({ ...of, comment_id: mine.id, body: text });
    },
    mark: async ({ number, body }, marker) => {
      const next = withMarker(body, marker);
      if (next !== body) await octokit.pulls.update({ ...of, pull_number: number, body: next });
    },
    rerun: async ({ branch, headSha }, checks) => {
      const asked = await Promise.all(
        checks.map(async ({ run }) => {
          if (run === undefined) return undefined;
          return unless([403, 404, 422], octokit.checks.rerequestRun({ ...of, check_run_id: run }));
        }),
      );
      if (asked.every((answer) => answer !== undefined)) return;
      await commitAgain(branch, headSha);
    },
    branch: async (branch) => {
      const sha = await headOf(branch);
      return sha === undefined ? undefined : { sha, at: new Date((await commit(sha)).committer.date) };
    },
    branches: async (prefix) => {
      const { data } = await octokit.git.listMatchingRefs({ ...of, ref: `heads/${prefix}` });
      return data.map(({ ref }) => ref.replace(/^refs\/heads\//, ""));
    },
    push: async (branch, { parent, message, changes }) => {
      if ((await headOf(branch)) !== undefined) return;
      const [base, before] = await Promise.all([
        commit(parent),
        treeAt(octokit, { owner, name, sha: parent }),
      ]);
      const tree = await octokit.git.createTree({
        ...of,
        base_tree: base.tree.sha,
        tree: changes.map(({ path, content }) => ({
          path,
          content,
          type: "blob" as const,
          mode: before.get(path)?.mode === "100755" ? ("100755" as const) : ("100644" as const),
        })),
      });
      const made = await octokit.git.createCommit({
        ...of,
        message,
        tree: tree.data.sha,
        parents: [parent],
      });
      await unless([422], octokit.git.createRef({ ...of, ref: `refs/heads/${branch}`, sha: made.data.sha }));
    },
    deleteBranch: async (branch) => {
      await unless([404, 422], octokit.git.deleteRef({ ...of, ref: `heads/${branch}` }));
    },
    openDraft: async ({ branch, base, title, body }) => {
      const draft = { ...of, head: branch, base, title, body };
      // Not every plan has drafts for private repositories. One that is there already is refused too.
      const made = await unless([422], octokit.pulls.create({ ...draft, draft: true }));
      if (made === undefined) await unless([422], octokit.pulls.create(draft));
    },
    merge: async ({ number, headSha }, method) => {
      const merge_method = method ?? (await usualMethod());
      try {
        await octokit.pulls.merge({ ...of, pull_number: number, sha: headSha, merge_method });
        return { kind: "merged" };
      } catch (error) {
        const merging = whyNot(error);
        if (merging.kind !== "refused" || !namesQueue(merging.reason)) return merging;
        const refused = await enqueue(octokit, await idOf(number), headSha);
        return refused === undefined ? { kind: "queued" } : { kind: "refused", reason: refused };
      }
    },
    queuePlace: async ({ number }) => queuePlace(octokit, await idOf(number)),
    leaveQueue: async ({ number }) => dequeue(octokit, await idOf(number)),
    autoMerge: async (pull, wanted, method) => {
      if (pull.autoMerge === wanted) return wanted;
      const id = await idOf(pull.number);
      const mergeMethod = (method ?? (await usualMethod())).toUpperCase();
      try {
        await octokit.graphql(wanted ? enabling : disabling, {
          id,
          ...(wanted ? { mergeMethod, head: pull.headSha } : {}),
        });
        return wanted;
      } catch (error) {
        // Refused where the repository does not allow it, or nothing is left to wait for.
        if (error instanceof Error && error.name === "GraphqlResponseError") return !wanted;
        throw error;
      }
    },
  };

  /** Whether a branch is in the repository itself, and not in a fork. */
  function isInside({ repo }: { readonly repo: { readonly full_name: string } | null }): boolean {
    return repo?.full_name.toLowerCase() === `${owner}/${name}`.toLowerCase();
  }

  async function isOurWork(number: number): Promise<boolean> {
    const commits = await octokit.paginate(octokit.pulls.listCommits, {
      ...of,
      pull_number: number,
      per_page: 100,
    });
    return commits.every((one) => one.commit.author?.name === login);
  }

  /** Puts a new commit with the same content in the place of a branch's head, unless that has moved. */
  async function commitAgain(branch: string, sha: string): Promise<void> {
    if ((await headOf(branch)) !== sha) return;
    const { tree, message, parents } = await commit(sha);
    const { data: made } = await octokit.git.createCommit({
      ...of,
      message,
      tree: tree.sha,
      parents: parents.map((parent) => parent.sha),
    });
    await octokit.git.updateRef({ ...of, ref: `heads/${branch}`, sha: made.sha, force: true });
  }

  /** The first that the repository allows. */
  async function usualMethod(): Promise<MergeMethod> {
    const { data } = await octokit.repos.get(of);
    if (data.allow_merge_commit !== false) return "merge";
    return data.allow_squash_merge === false ? "rebase" : "squash";
  }
}

const enabling = `mutation ($id: ID!, $mergeMethod: PullRequestMergeMethod, $head: GitObjectID) {
  enablePullRequestAutoMerge(input: { pullRequestId: $id, mergeMethod: $mergeMethod, expectedHeadOid: $head }) { clientMutationId }
}`;
const disabling = `mutation ($id: ID!) {
  disablePullRequestAutoMerge(input: { pullRequestId: $id }) { clientMutationId }
}`;

function whyNot(error: unknown): Merging {
  const status = statusOf(error);
  if (status === 409) return { kind: "moved" };
  if (status !== 405 && status !== 403 && status !== 422) throw error;
  // Octokit puts the address of GitHub's documentation at the end.
  const reason = error instanceof Error ? error.message.replace(/ - https:\/\/\S+$/, "") : "";
  return { kind: "refused", reason };
}
