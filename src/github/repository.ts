import type { Octokit } from "@octokit/rest";
import type { Repository } from "../domain/types.ts";
import { statusOf } from "./client.ts";

/** Whether and where a repository can be scanned. */
export type RepositoryState =
  | {
      readonly kind: "ready";
      readonly defaultBranch: string;
      /** Of its newest commit. */
      readonly sha: string;
      readonly private: boolean;
      readonly fork: boolean;
    }
  /** `missing`: it is not there, or this token may not see it. */
  | { readonly kind: "archived" | "disabled" | "empty" | "missing" };

/** What is needed to begin a scan, in two conditional requests. */
export async function repositoryState(
  octokit: Octokit,
  { owner, name }: Repository,
): Promise<RepositoryState> {
  const of = { owner, repo: name };
  const shown = await unless([404, 451], octokit.repos.get(of));
  if (shown === undefined) return { kind: "missing" };
  const { archived, disabled, fork, default_branch: defaultBranch, private: isPrivate } = shown.data;
  if (archived) return { kind: "archived" };
  if (disabled) return { kind: "disabled" };
  const sha = await branchHead(octokit, { owner, name }, defaultBranch);
  if (sha === undefined) return { kind: "empty" };
  return { kind: "ready", defaultBranch, sha, fork, private: isPrivate };
}

/** The SHA of a branch's newest commit, in one conditional request; `undefined` where there is no such branch. */
export async function branchHead(
  octokit: Octokit,
  { owner, name }: Repository,
  branch: string,
): Promise<string | undefined> {
  // Only the SHA: its ETag is the SHA itself, whatever the token.
  const head = await unless(
    [404, 409, 422],
    octokit.request("GET /repos/{owner}/{repo}/commits/{ref}", {
      owner,
      repo: name,
      ref: `heads/${branch}`,
      mediaType: { format: "sha" },
    }),
  );
  if (head === undefined) return undefined;
  const sha: unknown = head.data;
  if (typeof sha !== "string") throw new Error(`GitHub gave no SHA for ${owner}/${name}`);
  return sha;
}

/** The repositories of an installation that can change: the archived and disabled ones are left out. Sorted by name. */
export async function installationRepositories(octokit: Octokit): Promise<readonly Repository[]> {
  const all = await octokit.paginate(octokit.apps.listReposAccessibleToInstallation, { per_page: 100 });
  return all
    .filter(({ archived, disabled }) => !archived && !disabled)
    .map(({ owner, name }) => ({ owner: owner.login, name }))
    .toSorted((a, b) => (`${a.owner}/${a.name}` < `${b.owner}/${b.name}` ? -1 : 1));
}

/** What was asked for, or `undefined` where GitHub answers with one of these statuses. */
export async function unless<T>(statuses: readonly number[], asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return undefined;
    throw error;
  }
}
