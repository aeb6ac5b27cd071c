import type { Problem } from "../domain/types.ts";
import { githubPulls } from "../github/pulls.ts";
import { branchHead } from "../github/repository.ts";
import { type Proposed, propose } from "../pipeline/propose.ts";
import { scan } from "../pipeline/scan.ts";
import { codeSpan } from "../text/markdown.ts";
import type { OpenRepository, RepositoryOptions } from "./repository.ts";

/** What became of a repository that could be scanned. */
export interface Scanned {
  readonly kind: "scanned";
  /** Of the default branch. */
  readonly sha: string;
  readonly proposed: Proposed;
}

/**
 * Scans the default branch and those that the configuration names, opens and brings up to date what they need, and closes
 * what is for any other.
 */
export async function scanBranches(
  opened: OpenRepository,
  options: RepositoryOptions,
  wanted: ReadonlySet<string> = new Set(),
): Promise<Scanned> {
  const { sha, defaultBranch, policies, worldFor } = opened;
  const { octokit, repository } = options;
  const work = async (branch: string, head: string): Promise<Proposed> => {
    const world = { ...(await worldFor(branch, head)), wanted };
    return propose(await scan(world), world);
  };
  let proposed = await work(defaultBranch, sha);
  for (const branch of policies.branches.keys()) {
    const head = await branchHead(octokit, repository, branch);
    const more = head === undefined ? undefined : await work(branch, head);
    proposed = more === undefined ? without(proposed, branch) : together(proposed, more);
  }
  const closed = policies.mode === "report" ? [] : await closeForsaken(opened, options);
  return { kind: "scanned", sha, proposed: { ...proposed, closed: [...proposed.closed, ...closed] } };
}

/** Closes what is for a branch that the configuration no longer names. */
async function closeForsaken(
  { sha, defaultBranch, policies, worldFor }: OpenRepository,
  { octokit, repository, login }: RepositoryOptions,
): Promise<Proposed["closed"]> {
  const open = await githubPulls(octokit, { ...repository, login }).open();
  const kept = new Set([defaultBranch, ...policies.branches.keys()]);
  const closed: Proposed["closed"][number][] = [];
  for (const base of new Set(open.map((pull) => pull.base))) {
    if (kept.has(base)) continue;
    const { forge } = await worldFor(base, sha);
    const reason = `The configuration no longer names ${codeSpan(base)} as a \`target-branch\`.`;
    for (const pullRequest of await forge.openPullRequests()) {
      await forge.close(pullRequest, reason);
      closed.push({ pullRequest, reason });
    }
  }
  return closed;
}

/** What was found is that of the default branch; what was proposed, and what went wrong, of both. */
function together(main: Proposed, other: Proposed): Proposed {
  return {
    scan: { ...main.scan, problems: [...main.scan.problems, ...other.scan.problems] },
    outcomes: [...main.outcomes, ...other.outcomes],
    passing: [...main.passing, ...other.passing],
    closed: [...main.closed, ...other.closed],
  };
}

function without(main: Proposed, branch: string): Proposed {
  const message = `the configuration names the branch ${branch} as "target-branch", and there is none`;
  const problem: Problem = { stage: "configure", subject: branch, message };
  return { ...main, scan: { ...main.scan, problems: [...main.scan.problems, problem] } };
}
