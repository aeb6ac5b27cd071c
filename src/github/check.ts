import type { Octokit } from "@octokit/rest";
import type { Repository } from "../domain/types.ts";
import { unless } from "./repository.ts";

/** A check run that is over. */
export interface CheckReport {
  readonly name: string;
  readonly sha: string;
  readonly conclusion: "success" | "failure";
  readonly title: string;
  readonly summary: string;
  readonly annotations: readonly {
    readonly path: string;
    readonly line: number;
    readonly column: number;
    readonly level: "failure" | "warning";
    readonly message: string;
  }[];
  /** By which it is known again: the same is not said twice. */
  readonly digest: string;
}

/** GitHub takes no more at a time. */
const mostAtOnce = 50;

/** Gives a commit a check run; `false` where it has this one already, or the App may write none. */
export async function publishCheck(
  octokit: Octokit,
  { owner, name }: Repository,
  report: CheckReport,
): Promise<boolean> {
  const of = { owner, repo: name };
  const mayNot = [403, 404, 422];
  const listed = octokit.checks.listForRef({
    ...of,
    ref: report.sha,
    check_name: report.name,
    filter: "latest",
  });
  const known = (await unless(mayNot, listed))?.data.check_runs ?? [];
  if (known.some(({ external_id: id }) => id === report.digest)) return false;
  const annotations = report.annotations.map(({ path, line, column, level, message }) => ({
    path,
    start_line: line,
    end_line: line,
    start_column: column,
    end_column: column,
    annotation_level: level,
    message,
  }));
  const output = (from: number) => ({
    title: report.title,
    summary: report.summary,
    annotations: annotations.slice(from, from + mostAtOnce),
  });
  const made = await unless(
    mayNot,
    octokit.checks.create({
      ...of,
      name: report.name,
      head_sha: report.sha,
      status: "completed",
      conclusion: report.conclusion,
      external_id: report.digest,
      output: output(0),
    }),
  );
  if (made === undefined) return false;
  for (let from = mostAtOnce; from < annotations.length; from += mostAtOnce)
    await octokit.checks.update({ ...of, check_run_id: made.data.id, output: output(from) });
  return true;
}
