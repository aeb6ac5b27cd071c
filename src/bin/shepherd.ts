import { digestOf } from "../domain/branch.ts";
import type { PullRequestState } from "../domain/pull-request.ts";
import { githubPulls } from "../github/pulls.ts";
import { setApart } from "../pipeline/apart.ts";
import type { ProposeWorld } from "../pipeline/propose.ts";
import { type Scan, scan } from "../pipeline/scan.ts";
import { writeGroup } from "../pipeline/write.ts";
import type { Job } from "../queue/jobs.ts";
import type { Again } from "../queue/queue.ts";
import type { Patience } from "../shepherd/checks.ts";
import { type ShepherdWorld, tend, type Tended } from "../shepherd/shepherd.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { OpenRepository, RepositoryOptions } from "./repository.ts";

export interface ShepherdOptions extends RepositoryOptions {
  readonly patience: Patience;
  readonly log: Logger;
}

/** Tends the pull requests that a job names, or all that are open; gives the job that is to follow. */
export async function shepherd(
  job: Job,
  opened: OpenRepository,
  options: ShepherdOptions,
): Promise<Again | undefined> {
  const { octokit, repository, login, log, patience, signal } = options;
  const pulls = githubPulls(octokit, { ...repository, login });
  const world: ShepherdWorld = {
    pulls,
    policies: opened.policies,
    ...groupsOf(opened),
    patience,
    isAfterScan: job.kind === "scan",
    now: () => new Date(),
    ...(signal === undefined ? {} : { signal }),
  };
  const tended = await tend(await numbersOf(job, pulls), world);
  if (tended.done.length > 0) log.info({ done: tended.done }, "pull requests tended");
  return followUp(job, tended);
}

/** Those that are named by their numbers or their branches. */
async function numbersOf(
  { subjects }: Job,
  pulls: Pick<ShepherdWorld["pulls"], "open">,
): Promise<readonly number[]> {
  const named = (subjects ?? []).flatMap((subject) => /^#(\d+)$/.exec(subject)?.[1] ?? []).map(Number);
  if (subjects !== undefined && named.length === subjects.length) return named;
  const open = await pulls.open();
  const wanted = open.filter(({ branch }) => subjects === undefined || subjects.includes(branch));
  return [...new Set([...named, ...wanted.map(({ number }) => number)])];
}

function followUp(
  { repository, installationId }: Job,
  { scan: wantsScan, again }: Tended,
): Again | undefined {
  const job: Job = { kind: "scan", repository, installationId, reason: "checks" };
  if (wantsScan) return { after: 0, job };
  if (again === undefined) return undefined;
  return { after: again.after, job: { ...job, kind: "shepherd", subjects: again.subjects.slice(0, 100) } };
}

/** What pull requests were made of, planned anew from the commits that they were made on: each commit once. */
function groupsOf({ worldFor }: OpenRepository): Pick<ShepherdWorld, "groupOf" | "write"> {
  const planned = new Map<string, Promise<{ found: Scan; world: ProposeWorld }>>();
  const planOf = ({ base, parentSha = "" }: PullRequestState) => {
    const plan = async () => {
      const world = await worldFor(base, parentSha);
      return { found: await scan(world), world };
    };
    const key = `${base} ${parentSha}`;
    const made = planned.get(key) ?? plan();
    planned.set(key, made);
    return made;
  };
  return {
    groupOf: async (pull) => {
      const { found, world } = await planOf(pull);
      const groups = setApart(found.groups, await world.forge.openPullRequests());
      const group = groups.find(({ key }) => key === pull.marker.key);
      return group !== undefined && digestOf(group) === pull.marker.digest ? group : undefined;
    },
    write: async (pull, group) => {
      const { found, world } = await planOf(pull);
      const { patched } = await writeGroup(group, found, world);
      const isWhole = patched.dropped.length === 0 && patched.changes.length > 0;
      return isWhole ? patched.changes : undefined;
    },
  };
}
