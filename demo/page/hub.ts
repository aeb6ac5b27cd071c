import { Octokit } from "@octokit/rest";
import type { GithubEmulator } from "../github/index.ts";
import { person } from "../repositories.ts";

/** What a person sees of the pull requests on GitHub, and may do with them: read and written through its interface. */
export interface Hub {
  /** Newest last, as the App opened them. `repository` is `owner/name`. */
  pullRequests(repository: string): Promise<readonly PullRequest[]>;
  /** `undefined` when there is none of that number. */
  pullRequest(repository: string, number: number): Promise<PullRequestInFull | undefined>;
  merge(repository: string, number: number): Promise<void>;
  close(repository: string, number: number): Promise<void>;
}

export interface PullRequest {
  readonly number: number;
  readonly title: string;
  readonly author: string;
  readonly state: "open" | "merged" | "closed";
  readonly labels: readonly string[];
  readonly base: string;
  readonly head: string;
}

export interface PullRequestInFull extends PullRequest {
  /** Markdown. */
  readonly body: string;
  readonly commits: readonly { readonly sha: string; readonly message: string }[];
  readonly comments: readonly { readonly author: string; readonly body: string }[];
  readonly files: readonly ChangedFile[];
  readonly mergeable: boolean;
}

export interface ChangedFile {
  readonly path: string;
  /** Texts; empty where there is no such file. */
  readonly before: string;
  readonly after: string;
}

export function hubOf(github: GithubEmulator): Hub {
  const octokit = new Octokit({ baseUrl: github.url, auth: github.token(person), log: quiet });
  const rest = octokit.rest;

  const text = async (repository: string, path: string, ref: string): Promise<string> => {
    const answer = await unlessMissing(rest.repos.getContent({ ...placeOf(repository), path, ref }));
    const data = answer?.data;
    if (data === undefined || Array.isArray(data) || data.type !== "file") return "";
    return Buffer.from(data.content, "base64").toString("utf8");
  };

  return {
    async pullRequests(repository) {
      const { data } = await rest.pulls.list({ ...placeOf(repository), state: "all", per_page: 100 });
      return data.map(brief).toSorted((a, b) => a.number - b.number);
    },

    async pullRequest(repository, number) {
      const place = { ...placeOf(repository), pull_number: number };
      const found = await unlessMissing(rest.pulls.get(place));
      if (found === undefined) return undefined;
      const { data } = found;
      const [commits, files, comments] = await Promise.all([
        rest.pulls.listCommits(place),
        rest.pulls.listFiles({ ...place, per_page: 100 }),
        rest.issues.listComments({ ...placeOf(repository), issue_number: number }),
      ]);
      const before = commits.data[0]?.parents[0]?.sha ?? data.base.sha;
      const changed = files.data.map(async ({ filename }): Promise<ChangedFile> => ({
        path: filename,
        before: await text(repository, filename, before),
        after: await text(repository, filename, data.head.sha),
      }));
      return {
        ...brief(data),
        body: data.body ?? "",
        mergeable: data.mergeable !== false,
        commits: commits.data.map(({ sha, commit }) => ({ sha, message: commit.message })),
        comments: comments.data.map(({ user, body }) => ({
          author: user?.login ?? "ghost",
          body: body ?? "",
        })),
        files: await Promise.all(changed),
      };
    },

    async merge(repository, number) {
      await rest.pulls.merge({ ...placeOf(repository), pull_number: number });
    },

    async close(repository, number) {
      await rest.pulls.update({ ...placeOf(repository), pull_number: number, state: "closed" });
    },
  };
}

/** What GitHub tells of a pull request, alone and in a list. */
interface Told {
  readonly number: number;
  readonly title: string;
  readonly user: { readonly login: string } | null;
  readonly state: string;
  readonly merged_at: string | null;
  readonly labels: readonly { readonly name: string }[];
  readonly base: { readonly ref: string };
  readonly head: { readonly ref: string };
}

function brief({ number, title, user, state, merged_at, labels, base, head }: Told): PullRequest {
  return {
    number,
    title,
    author: user?.login ?? "ghost",
    state: merged_at !== null ? "merged" : state === "open" ? "open" : "closed",
    labels: labels.map(({ name }) => name),
    base: base.ref,
    head: head.ref,
  };
}

function placeOf(repository: string): { owner: string; repo: string } {
  const [owner = "", repo = ""] = repository.split("/");
  return { owner, repo };
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 404) return undefined;
    throw error;
  }
}

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
