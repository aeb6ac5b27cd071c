import { z } from "zod";
import type { CommitList, HttpClient } from "../domain/ports.ts";

/** As many are kept, the newest. */
const mostKept = 10;
const perPage = 100;

const commit = z.object({ sha: z.string(), html_url: z.string(), commit: z.object({ message: z.string() }) });
const comparison = z.object({ total_commits: z.number(), commits: z.array(commit) });

/**
 * The commits from one tag to another, newest first. One request; where there are more than a page of them, another.
 * `undefined` where GitHub does not say. https://docs.github.com/rest/commits/commits#compare-two-commits
 */
export async function commitsBetween(
  http: HttpClient,
  repository: string,
  from: string,
  to: string,
): Promise<CommitList | undefined> {
  const [base, head] = [encodeURIComponent(from), encodeURIComponent(to)];
  const ask = <T>(path: string, what: string, read: (data: unknown) => T) =>
    http.get(`${repository}/${path}`, {
      read: (body) => read(JSON.parse(body.toString())),
      accept: "application/vnd.github+json",
      cacheAs: what,
      maxBytes: 20_000_000,
    });
  const compared = await ask(`compare/${base}...${head}?per_page=${perPage}`, "github-compare-1", (data) => {
    const { total_commits: total, commits } = comparison.parse(data);
    return {
      total,
      commits: commits.slice(-mostKept).toReversed().map(distilled),
      isWhole: commits.length >= total,
    };
  });
  if (compared === undefined || compared.total === 0) return undefined;
  const { total } = compared;
  if (compared.isWhole) return { total, commits: compared.commits };
  const latest = await ask(`commits?sha=${head}&per_page=${mostKept}`, "github-commits-1", (data) =>
    z.array(commit).parse(data).map(distilled),
  );
  return { total, commits: latest ?? [] };
}

function distilled({
  sha,
  html_url: url,
  commit: { message },
}: z.infer<typeof commit>): CommitList["commits"][number] {
  return { sha, url, subject: (message.split("\n")[0] ?? "").slice(0, 200) };
}
