import type { Octokit } from "@octokit/rest";
import type { Repository } from "../domain/types.ts";
import { statusOf } from "./client.ts";
import { unless } from "./repository.ts";

/** What became of the pull request that offers a configuration: the latest one. */
export type Offer =
  | { readonly kind: "none" }
  | { readonly kind: "open"; readonly number: number; readonly body: string }
  /** A person closed it: they want to be left alone. */
  | { readonly kind: "declined"; readonly number: number };

export interface OfferDraft {
  readonly branch: string;
  readonly base: string;
  readonly baseSha: string;
  readonly path: string;
  /** Of the file. */
  readonly text: string;
  readonly message: string;
  readonly title: string;
  readonly body: string;
}

/** The latest pull request of this branch. One that was merged is over: its file may have been removed since. */
export async function offerOf(octokit: Octokit, { owner, name }: Repository, branch: string): Promise<Offer> {
  const { data } = await octokit.pulls.list({
    owner,
    repo: name,
    state: "all",
    head: `${owner}:${branch}`,
    per_page: 10,
  });
  const latest = data.toSorted((a, b) => b.number - a.number)[0];
  if (latest === undefined || latest.merged_at !== null) return { kind: "none" };
  const { number, body } = latest;
  return latest.state === "open" ? { kind: "open", number, body: body ?? "" } : { kind: "declined", number };
}

/** Makes branch, file and pull request, each unless it is there; gives the number. Nothing that is there is changed. */
export async function offer(
  octokit: Octokit,
  { owner, name }: Repository,
  draft: OfferDraft,
): Promise<number> {
  const { branch, base, baseSha: sha, path, text, message, title, body } = draft;
  const of = { owner, repo: name };
  await unless([422], octokit.git.createRef({ ...of, ref: `refs/heads/${branch}`, sha }));
  const known = await unless([404], octokit.repos.getContent({ ...of, path, ref: branch }));
  const content = Buffer.from(text).toString("base64");
  if (known === undefined)
    await octokit.repos.createOrUpdateFileContents({ ...of, branch, path, message, content });
  try {
    const { data } = await octokit.pulls.create({ ...of, head: branch, base, title, body });
    return data.number;
  } catch (error) {
    const meanwhile = statusOf(error) === 422 ? await offerOf(octokit, { owner, name }, branch) : undefined;
    if (meanwhile?.kind !== "open") throw error;
    return meanwhile.number;
  }
}
