import type { Octokit } from "@octokit/rest";
import type { Check } from "../domain/pull-request.ts";
import type { Repository } from "../domain/types.ts";
import { unless } from "./repository.ts";

/** The check runs and statuses of a commit, the latest of each name, sorted by it; without the App's own. */
export async function checksOf(
  octokit: Octokit,
  { owner, name, login }: Repository & { readonly login: string },
  sha: string,
): Promise<readonly Check[]> {
  const of = { owner, repo: name, ref: sha, per_page: 100 };
  const [runs, statuses] = await Promise.all([
    octokit.paginate(octokit.checks.listForRef, { ...of, filter: "latest" }),
    octokit.paginate(octokit.repos.listCommitStatusesForRef, of),
  ]);
  const own = runs.filter(({ app }) => `${app?.slug}[bot]` !== login);
  const latest = [...Map.groupBy(statuses, ({ context }) => context).values()].flatMap(
    ([first]) => first ?? [],
  );
  return [...own.map(asCheck), ...latest.map(fromStatus)].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

type Run = Awaited<ReturnType<Octokit["checks"]["get"]>>["data"];
type Status = Awaited<ReturnType<Octokit["repos"]["listCommitStatusesForRef"]>>["data"][number];

function asCheck({ id, name, status, conclusion, completed_at: at, html_url: url, output }: Run): Check {
  const said = [output.title, output.summary, output.text].filter((text) => text !== null && text !== "");
  return {
    name,
    outcome: status === "completed" ? (outcomes[conclusion ?? ""] ?? "inconclusive") : "pending",
    stamp: `${id} ${at ?? ""}`,
    ...(url === null ? {} : { url }),
    ...(said.length === 0 ? {} : { summary: said.join("\n\n") }),
    run: id,
  };
}

/** By the conclusion of a check run, and by the state of a status. All else says nothing. */
const outcomes: Readonly<Record<string, Check["outcome"]>> = {
  success: "passed",
  neutral: "passed",
  skipped: "passed",
  failure: "failed",
  timed_out: "failed",
  startup_failure: "failed",
  error: "failed",
  pending: "pending",
};

function fromStatus({ id, context, state, description, target_url: url, updated_at: at }: Status): Check {
  return {
    name: context,
    outcome: outcomes[state] ?? "inconclusive",
    stamp: `${id} ${at}`,
    ...(url === null || url === "" ? {} : { url }),
    ...(description === null || description === "" ? {} : { summary: description }),
  };
}

/** In characters: what is shown of a log. */
const longestLog = 4_000;

/** What a failed check run annotated, else the end of its job's log; `undefined` where neither is there or may be read. */
export async function logOf(
  octokit: Octokit,
  { owner, name }: Repository,
  { run }: Check,
): Promise<string | undefined> {
  if (run === undefined) return undefined;
  const of = { owner, repo: name };
  const listed = octokit.checks.listAnnotations({ ...of, check_run_id: run, per_page: 20 });
  const notes = (await unless([403, 404], listed))?.data ?? [];
  const failures = notes.filter(({ annotation_level: level }) => level === "failure");
  if (failures.length > 0)
    return failures
      .map(({ path, start_line: line, message }) => `${path}:${line}: ${message}`)
      .join("\n")
      .slice(0, longestLog);
  // A job of GitHub Actions has the id of its check run.
  const log = await unless(
    [403, 404, 410],
    octokit.request("GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs", { ...of, job_id: run }),
  );
  const text: unknown = log?.data;
  return typeof text === "string" && text !== "" ? text.slice(-longestLog) : undefined;
}

/** By the branch's protection and by the rules for it. */
export async function requiredChecks(
  octokit: Octokit,
  { owner, name }: Repository,
  branch: string,
): Promise<readonly string[]> {
  const of = { owner, repo: name, branch };
  const [protectedBy, rules] = await Promise.all([
    unless([403, 404], octokit.repos.getBranch(of)),
    unless([403, 404], octokit.repos.getBranchRules({ ...of, per_page: 100 })),
  ]);
  const protection = protectedBy?.data.protection?.required_status_checks?.contexts ?? [];
  const ruled = (rules?.data ?? []).flatMap((rule) =>
    rule.type === "required_status_checks"
      ? (rule.parameters?.required_status_checks ?? []).map(({ context }) => context)
      : [],
  );
  return [...new Set([...protection, ...ruled])].toSorted();
}
