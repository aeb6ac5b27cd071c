import type { Octokit } from "@octokit/rest";
import type { Repository } from "../domain/types.ts";

/** An open pull request of another tool. */
export interface RivalPull {
  readonly number: number;
  readonly title: string;
  readonly body: string;
}

const mostPages = 3;

/** What Dependabot has open, by its branches: three hundred pull requests are looked through. */
export async function dependabotPulls(
  octokit: Octokit,
  { owner, name }: Repository,
): Promise<readonly RivalPull[]> {
  const found: RivalPull[] = [];
  for (let page = 1; page <= mostPages; page++) {
    const { data } = await octokit.pulls.list({ owner, repo: name, state: "open", per_page: 100, page });
    found.push(
      ...data
        .filter(({ head, base }) => head.ref.startsWith("dependabot/") && head.repo?.id === base.repo.id)
        .map(({ number, title, body }) => ({ number, title, body: body ?? "" })),
    );
    if (data.length < 100) break;
  }
  return found.toSorted((a, b) => a.number - b.number);
}
