import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Octokit } from "@octokit/rest";
import { readMarker, withMarker } from "../domain/branch.ts";
import type { ClosedPullRequest, Forge, Proposal } from "../domain/ports.ts";
import type { FileChange, PullRequestDraft, Repository } from "../domain/types.ts";
import { addressed } from "./addressed.ts";
import { statusOf } from "./client.ts";
import { labelsOf } from "./labels.ts";
import { listClosed, type Open, readOpen, withoutDetails } from "./listed.ts";
import { peopleOf } from "./people.ts";
import { unless } from "./repository.ts";
import { treeAt, type TreeEntry } from "./tree.ts";

export interface ForgeOptions extends Repository {
  readonly baseBranch: string;
  /** The commit that the drafts were made from: the parent of what is proposed. */
  readonly baseSha: string;
  /** Whose commits are ours, such as `steeplejack[bot]`: the name that GitHub gives to a commit of the App. */
  readonly login: string;
  /** Who is named in commits. Leave it out for an App: then GitHub signs them as the App's own. Its name must be `login`. */
  readonly author?: { readonly name: string; readonly email: string };
  /** Waits this many milliseconds while GitHub works out whether a pull request can be merged. */
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
}

const edited =
  "There is something new for this pull request, but somebody else committed to its branch, so it stays as it is. `@steeplejack recreate` throws those commits away and makes it anew.";

/** GitHub's limit, in characters. */
const longestBody = 65_536;
/** Above this a file is sent as a blob of its own, in characters. */
const longestInline = 1_000_000;

/**
 * Pull requests of one repository, each with one commit made through the Git data interface. Every step looks at what is
 * there first, so that a job that was killed half-way is completed by the next one, and nothing is touched that is
 * as it should be. Branches that somebody else committed to are left alone.
 */
export function githubForge(octokit: Octokit, options: ForgeOptions): Forge {
  const { owner, name, baseBranch, baseSha, login } = options;
  const of = { owner, repo: name };
  const sleep = options.sleep ?? ((milliseconds: number) => wait(milliseconds));
  const labels = labelsOf(octokit, { owner, name });
  const people = peopleOf(octokit, { owner, name });
  let listed: Promise<Open[]> | undefined;
  let closed: Promise<readonly ClosedPullRequest[]> | undefined;

  const list = (): Promise<Open[]> => {
    listed ??= octokit
      .paginate(octokit.pulls.list, { ...of, state: "open", base: baseBranch, per_page: 100 })
      .then((all) => all.flatMap((pull) => readOpen(pull, `${owner}/${name}`) ?? []));
    listed.catch(() => (listed = undefined));
    return listed;
  };
  const remember = async (number: number, pull: Open | undefined): Promise<void> => {
    const others = (await list()).filter((one) => one.number !== number);
    listed = Promise.resolve(pull === undefined ? others : [...others, pull]);
  };
  const tree = (sha: string) => treeAt(octokit, { owner, name, sha });
  const commit = async (sha: string) => (await octokit.git.getCommit({ ...of, commit_sha: sha })).data;
  /** The only parent of a commit; a merge has none that counts. */
  const parentOf = async (sha: string): Promise<string | undefined> => {
    const { parents } = await commit(sha);
    return parents.length === 1 ? parents[0]?.sha : undefined;
  };
  const headOf = async (branch: string): Promise<string | undefined> =>
    (await unless([404, 409], octokit.git.getRef({ ...of, ref: `heads/${branch}` })))?.data.object.sha;

  return {
    openPullRequests: async () => (await list()).map(withoutDetails),
    fitOf: async ({ number }) => {
      const open = (await list()).find((pull) => pull.number === number);
      if (open === undefined || !(await isOurWork(open.headSha))) return "edited";
      return (await mergesCleanly(open)) ? "merges" : "conflicts";
    },
    closedPullRequests: () => {
      closed ??= listClosed(octokit, options);
      closed.catch(() => (closed = undefined));
      return closed;
    },
    propose: async (wanted) => {
      const draft = { ...wanted, body: addressed(wanted.body, login) };
      if (draft.body.length > longestBody)
        throw new Error(
          `the body of ${draft.branch} has ${draft.body.length} characters, GitHub takes ${longestBody}`,
        );
      const open = (await list()).find((pull) => pull.branch === draft.branch);
      if (open !== undefined) return revise(open, draft);
      const head = await headOf(draft.branch);
      if (head !== undefined && !(await isOurWork(head))) return { outcome: "edited" };
      const usable =
        head !== undefined && (await parentOf(head)) === baseSha && (await isCurrent(head, draft));
      if (!usable) await write(draft, head);
      return openPull(draft);
    },
    close: async (pull, reason) => {
      const issue = { ...of, issue_number: pull.number };
      const { data: before } = await octokit.pulls.get({ ...of, pull_number: pull.number });
      if (before.state === "open") {
        const said = await octokit.paginate(octokit.issues.listComments, { ...issue, per_page: 100 });
        if (!said.some(({ body, user }) => body === reason && user?.login === before.user.login))
          await octokit.issues.createComment({ ...issue, body: reason });
        await octokit.pulls.update({
          ...of,
          pull_number: pull.number,
          state: "closed",
          body: withMarker(before.body ?? "", {
            key: pull.key,
            digest: "",
            basis: "",
            ...(pull.ignore === undefined ? {} : { ignore: pull.ignore }),
          }),
        });
      }
      await remember(pull.number, undefined);
      const head = await headOf(pull.branch);
      if (head === undefined || !(await isOurWork(head))) return;
      await unless([404, 422], octokit.git.deleteRef({ ...of, ref: `heads/${pull.branch}` }));
    },
  };

  /** Brings an open pull request to the draft. What a person asked for goes before leaving it as it is. */
  async function revise(open: Open, draft: PullRequestDraft): Promise<Proposal> {
    const told = { number: open.number, url: open.url };
    const mayReplace = async (head: string) => open.wanted === "recreate" || isOurWork(head);
    const leave = async (): Promise<Proposal> => {
      await say(open.number, "edited", addressed(edited, login));
      return { outcome: "edited", ...told };
    };
    if (!(await mayReplace(open.headSha))) return leave();
    let headSha = open.headSha;
    const current = (await isCurrent(headSha, draft)) && (await isWellPlaced(open, draft));
    if (!current) {
      const head = await headOf(open.branch);
      if (head !== undefined && head !== headSha && !(await mayReplace(head))) return leave();
      headSha = await write(draft, head);
    }
    if (draft.news !== undefined) await say(open.number, "updated", draft.news);
    const { title, body, digest } = draft;
    const retold = asStored(open.title) !== asStored(title) || asStored(open.body) !== asStored(body);
    if (retold) await octokit.pulls.update({ ...of, pull_number: open.number, title, body });
    const unlabelled = open.labels.length === 0 && draft.labels.length > 0; // the job that opened it came no further
    const names = unlabelled ? await label(open.number, draft) : open.labels;
    if (current && !retold && !unlabelled) return { outcome: "unchanged", ...told };
    await remember(open.number, {
      ...open,
      title,
      body,
      digest,
      ...readMarker(body),
      headSha,
      labels: names,
    });
    return { outcome: "updated", ...told };
  }

  /** Keeps one comment of the App's for each matter: nobody is written to again and again. */
  async function say(number: number, key: string, text: string): Promise<void> {
    const mark = `<!-- steeplejack:${key} -->`;
    const body = `${text}\n\n${mark}`;
    const question = { ...of, issue_number: number, per_page: 100 };
    const all = await octokit.paginate(octokit.issues.listComments, question);
    const mine = all.find(
      ({ user, body: said }) =>
        (user?.login === login || options.author !== undefined) && said?.endsWith(mark) === true,
    );
    if (mine === undefined) await octokit.issues.createComment({ ...of, issue_number: number, body });
    else if (mine.body !== body) await octokit.issues.updateComment({ ...of, comment_id: mine.id, body });
  }

  async function openPull(draft: PullRequestDraft): Promise<Proposal> {
    const { branch, title, body } = draft;
    let made: Awaited<ReturnType<typeof octokit.pulls.create>>;
    try {
      made = await octokit.pulls.create({ ...of, title, body, head: branch, base: baseBranch });
    } catch (error) {
      if (statusOf(error) !== 422) throw error;
      listed = undefined; // somebody opened it meanwhile, or GitHub did and its answer was lost
      const open = (await list()).find((pull) => pull.branch === branch);
      if (open === undefined) throw error;
      return revise(open, draft);
    }
    const { number, html_url: url } = made.data;
    const refused = await people.involve(number, draft.people ?? {});
    const names = await label(number, draft);
    const open = readOpen(made.data, `${owner}/${name}`);
    await remember(number, open === undefined ? undefined : { ...open, labels: names });
    return { outcome: "opened", number, url, ...(refused.length === 0 ? {} : { refused }) };
  }

  async function label(number: number, draft: PullRequestDraft): Promise<readonly string[]> {
    if (draft.labels.length === 0) return [];
    const names = await labels.ensure(draft.labels);
    await octokit.issues.addLabels({ ...of, issue_number: number, labels: [...names] });
    return names;
  }

  /** Whether nobody else has a commit on the branch, as far as it is ahead of its base. */
  async function isOurWork(head: string): Promise<boolean> {
    if ((await commit(head)).author.name !== login) return false;
    if ((await parentOf(head)) === baseSha) return true;
    const { data } = await octokit.repos.compareCommitsWithBasehead({
      ...of,
      basehead: `${baseSha}...${head}`,
    });
    return data.commits.every((one) => one.commit.author?.name === login);
  }

  /** Whether a commit of ours has the draft's content, and nothing else beside its parent's. */
  async function isCurrent(head: string, draft: PullRequestDraft): Promise<boolean> {
    const parent = await parentOf(head);
    if (parent === undefined) return false;
    const [before, after] = await Promise.all([tree(parent), tree(head)]);
    const wanted = new Map(draft.changes.map((change) => [change.path, blobSha(change.content)]));
    const touched = [...new Set([...before.keys(), ...after.keys()])].filter(
      (path) => !same(before.get(path), after.get(path)),
    );
    return (
      [...wanted].every(([path, sha]) => after.get(path)?.sha === sha) &&
      touched.every((path) => wanted.has(path))
    );
  }

  /** Whether it can stay on the commit that it was made on. */
  async function isWellPlaced(open: Open, { rebase }: PullRequestDraft): Promise<boolean> {
    if (open.wanted !== undefined) return (await parentOf(open.headSha)) === baseSha;
    return rebase === false || (await mergesCleanly(open));
  }

  /** GitHub works this out after the first question; while it does not know, the branch is left as it is. */
  async function mergesCleanly(open: Pick<Open, "number" | "headSha">): Promise<boolean> {
    if ((await parentOf(open.headSha)) === baseSha) return true;
    for (const pause of [1000, 2000, 0]) {
      const { data } = await octokit.pulls.get({ ...of, pull_number: open.number });
      if (data.mergeable !== null) return data.mergeable;
      if (pause > 0) await sleep(pause);
    }
    return true;
  }

  /** Makes one commit on top of the base, puts the branch on it and gives its SHA. `head` is where the branch is, if it is. */
  async function write(draft: PullRequestDraft, head: string | undefined): Promise<string> {
    const base = await commit(baseSha);
    const before = await tree(baseSha);
    const entries = await Promise.all(
      draft.changes.map((change) => entryOf(change, before.get(change.path))),
    );
    const { data: grown } = await octokit.git.createTree({ ...of, base_tree: base.tree.sha, tree: entries });
    if (grown.sha === base.tree.sha) throw new Error(`${draft.branch} would change nothing`);
    const { data: written } = await octokit.git.createCommit({
      ...of,
      message: draft.commitMessage,
      tree: grown.sha,
      parents: [baseSha],
      ...(options.author === undefined ? {} : { author: options.author }),
    });
    const ref = { ...of, sha: written.sha };
    if (head === undefined) {
      const made = octokit.git.createRef({ ...ref, ref: `refs/heads/${draft.branch}` });
      if ((await unless([422], made)) !== undefined) return written.sha;
    }
    const now = head ?? (await headOf(draft.branch));
    if (now !== undefined && now !== head) {
      if (!(await isOurWork(now))) throw new Error(`somebody else made the branch ${draft.branch} meanwhile`);
      if (await isCurrent(now, draft)) return now;
    }
    await octokit.git.updateRef({ ...ref, ref: `heads/${draft.branch}`, force: true });
    return written.sha;
  }

  async function entryOf({ path, content }: FileChange, before: TreeEntry | undefined) {
    if (before !== undefined && before.kind !== "file")
      throw new Error(`${path} is a ${before.kind}, not a file`);
    const entry = {
      path,
      type: "blob" as const,
      mode: before?.mode === "100755" ? ("100755" as const) : ("100644" as const),
    };
    if (content.length <= longestInline) return { ...entry, content };
    const { data } = await octokit.git.createBlob({ ...of, content, encoding: "utf-8" });
    return { ...entry, sha: data.sha };
  }
}

/** GitHub's web pages end lines as Windows does. */
function asStored(text: string): string {
  return text.replaceAll("\r\n", "\n").trim();
}

function same(a: TreeEntry | undefined, b: TreeEntry | undefined): boolean {
  return a?.sha === b?.sha && a?.mode === b?.mode;
}

function blobSha(content: string): string {
  const bytes = Buffer.from(content);
  return createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");
}
