import type { Octokit } from "@octokit/rest";
import { isOurs, readMarker } from "../domain/branch.ts";
import type { ClosedPullRequest, OpenPullRequest } from "../domain/ports.ts";
import type { ForgeOptions } from "./forge.ts";
import { unless } from "./repository.ts";

/** Of a hundred closed pull requests each. */
const mostPages = 20;
const mostPagesOfOthers = 3;

/** An open pull request and what tells whether it must change. */
export interface Open extends OpenPullRequest {
  readonly body: string;
  readonly headSha: string;
}

/**
 * Of the App's own issues, which are fewer than the pull requests of a repository; usually all pages are as before. Where
 * issues may not be read, there are none, or a person's token is used, the latest of all pull requests are gone through
 * instead. Only what the App made counts, or what comes from the repository itself: anybody can write a marker.
 */
export async function listClosed(
  octokit: Octokit,
  { owner, name, login, author }: ForgeOptions,
): Promise<readonly ClosedPullRequest[]> {
  const of = {
    owner,
    repo: name,
    state: "closed",
    sort: "updated",
    direction: "desc",
    per_page: 100,
  } as const;
  if (author === undefined) {
    const issues = octokit.paginate.iterator(octokit.issues.listForRepo, { ...of, creator: login });
    const read = (issue: ShownIssue) => (issue.user?.login === login ? readClosed(issue) : undefined);
    const found = await unless([403, 404, 410], gathered(issues, mostPages, read));
    if (found !== undefined) return found;
  }
  const pulls = octokit.paginate.iterator(octokit.pulls.list, of);
  return gathered(pulls, mostPagesOfOthers, (pull) =>
    isOurs(pull.head.ref) && isIn(pull, `${owner}/${name}`)
      ? readClosed({ ...pull, pull_request: pull })
      : undefined,
  );
}

async function gathered<T>(
  pages: AsyncIterable<{ readonly data: readonly T[] }>,
  most: number,
  read: (one: T) => ClosedPullRequest | undefined,
): Promise<readonly ClosedPullRequest[]> {
  const found: ClosedPullRequest[] = [];
  let count = 0;
  for await (const { data } of pages) {
    found.push(...data.flatMap((one) => read(one) ?? []));
    count += 1;
    if (count === most) break;
  }
  return found;
}

/** What the lists and the single answers of GitHub have in common. */
interface ShownPull {
  readonly number: number;
  readonly html_url: string;
  readonly title: string;
  readonly body: string | null;
  readonly head: {
    readonly ref: string;
    readonly sha: string;
    readonly repo: { readonly full_name: string } | null;
  };
  readonly labels: readonly { readonly name: string }[];
}

/** A pull request of ours: from a branch of ours in this repository, with the marker in its body. */
export function readOpen(pull: ShownPull, repository: string): Open | undefined {
  const body = pull.body ?? "";
  const marked = readMarker(body);
  if (marked === undefined || !isOurs(pull.head.ref) || !isIn(pull, repository)) return undefined;
  return {
    number: pull.number,
    url: pull.html_url,
    branch: pull.head.ref,
    title: pull.title,
    body,
    headSha: pull.head.sha,
    labels: pull.labels.map(({ name }) => name),
    ...marked,
  };
}

interface ShownIssue {
  readonly number: number;
  readonly html_url: string;
  readonly title: string;
  readonly body?: string | null;
  readonly user?: { readonly login: string } | null;
  readonly pull_request?: { readonly merged_at?: string | null };
}

function readClosed(issue: ShownIssue): ClosedPullRequest | undefined {
  const marked = readMarker(issue.body ?? "");
  if (issue.pull_request === undefined || marked === undefined) return undefined;
  const { number, html_url: url, title } = issue;
  return { number, url, title, isMerged: typeof issue.pull_request.merged_at === "string", ...marked };
}

/** Whether a pull request's branch is in the repository itself, and not in a fork. */
function isIn({ head }: Pick<ShownPull, "head">, repository: string): boolean {
  return head.repo?.full_name.toLowerCase() === repository.toLowerCase();
}

export function withoutDetails({ body: _body, headSha: _headSha, ...shown }: Open): OpenPullRequest {
  return shown;
}
