import { digestOf } from "../domain/branch.ts";
import type { PullRequestState } from "../domain/pull-request.ts";
import { slugOf } from "../github/addressed.ts";
import { githubConversation } from "../github/conversation.ts";
import { githubPulls } from "../github/pulls.ts";
import { setApart } from "../pipeline/apart.ts";
import type { ProposeWorld } from "../pipeline/propose.ts";
import { afterDeclining, declinedIn } from "../pipeline/refusals.ts";
import { type Scan, scan } from "../pipeline/scan.ts";
import { writeGroup } from "../pipeline/write.ts";
import { type Job, pullsIn } from "../queue/jobs.ts";
import type { Again } from "../queue/queue.ts";
import { explanationAsMarkdown } from "../reports/explain.ts";
import type { Patience } from "../shepherd/checks.ts";
import { attend, type Attended, type AttendWorld } from "../shepherd/commands/attend.ts";
import type { EvidenceBook } from "../shepherd/evidence.ts";
import { type ShepherdWorld, tend, type Tended, waitingForBase } from "../shepherd/shepherd.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { OpenRepository, RepositoryOptions } from "./repository.ts";

export interface ShepherdOptions extends RepositoryOptions {
  readonly patience: Patience;
  readonly evidence: EvidenceBook;
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
    evidence: options.evidence,
    patience,
    isAfterScan: job.kind === "scan",
    now: () => new Date(),
    ...(signal === undefined ? {} : { signal }),
  };
  const numbers = await numbersOf(job, pulls, opened);
  const people = attendWorldOf(pulls, opened, { ...options, isAfterScan: world.isAfterScan });
  const attended = await attendAll(numbers, people);
  const tended = await tend(numbers, world);
  const done = [...attended.done, ...tended.done];
  if (done.length > 0) log.info({ done }, "pull requests tended");
  const again = [...(tended.again === undefined ? [] : [tended.again]), ...attended.again];
  return followUp(job, { scan: tended.scan, again }, attended.scan);
}

/** In milliseconds: GitHub knows by then whether a pull request merges. */
const soon = 10_000;

/** Answers the people on each of these pull requests. */
async function attendAll(
  numbers: readonly number[],
  world: AttendWorld,
): Promise<{ done: readonly string[]; scan: boolean; again: readonly Wait[] }> {
  const all = new Map<number, Attended>();
  for (const number of numbers) all.set(number, await attend(number, world));
  const waits = [...all].flatMap(([number, { soon: isSoon }]) => (isSoon ? [`#${number}`] : []));
  return {
    done: [...all.values()].flatMap(({ done }) => done),
    scan: [...all.values()].some((one) => one.scan),
    again: waits.length === 0 ? [] : [{ after: soon, subjects: waits }],
  };
}

/** What people can have done: all is looked up only when somebody asks for it. */
export function attendWorldOf(
  pulls: AttendWorld["pulls"],
  { defaultBranch, sha, policies, worldFor }: OpenRepository,
  { octokit, repository, login, signal, isAfterScan }: RepositoryOptions & Pick<AttendWorld, "isAfterScan">,
): AttendWorld {
  // Another one each time: what was said a moment ago is in its lists.
  const now = () => worldFor(defaultBranch, sha);
  let scanned: Promise<Scan> | undefined;
  return {
    pulls,
    policies,
    talk: githubConversation(octokit, { ...repository, login }),
    slug: slugOf(login),
    openPullRequests: async () => (await now()).forge.openPullRequests(),
    closedPullRequests: async () => (await now()).forge.closedPullRequests(),
    explain: async (name) =>
      explanationAsMarkdown(await (scanned ??= now().then(scanAsProposed)), name, await now()),
    isAfterScan,
    ...(signal === undefined ? {} : { signal }),
  };
}

/** A scan with what people say by closing, too. */
async function scanAsProposed(world: ProposeWorld): Promise<Scan> {
  const { forge } = world;
  const found = await scan(world);
  const open = await forge.openPullRequests();
  const groups = setApart(found.groups, open);
  const declined = declinedIn(groups, open, await forge.closedPullRequests());
  return { ...found, groups, decisions: afterDeclining(found.decisions, declined) };
}

/**
 * Those that are named by their numbers or their branches, or wait for the default branch where that is named; after a scan
 * all that are open as well.
 */
async function numbersOf(
  job: Job,
  pulls: Pick<ShepherdWorld["pulls"], "open" | "commentsOn">,
  { defaultBranch }: OpenRepository,
): Promise<readonly number[]> {
  const { kind, subjects } = job;
  const named = pullsIn(job).map((pull) => Number(pull.slice(1)));
  if (kind === "shepherd" && subjects !== undefined && named.length === subjects.length) return named;
  const open = await pulls.open();
  const all = open.map(({ number }) => number);
  if (kind === "scan" || subjects === undefined) return [...new Set([...named, ...all])];
  const wanted = open.flatMap(({ number, branch }) => (subjects.includes(branch) ? [number] : []));
  const waiting = subjects.includes(defaultBranch) ? await waitingForBase(all, pulls) : [];
  return [...new Set([...named, ...wanted, ...waiting])];
}

type Wait = NonNullable<Tended["again"]>;

function followUp(
  { repository, installationId }: Job,
  { scan: wantsScan, again }: { readonly scan: boolean; readonly again: readonly Wait[] },
  isAsked: boolean,
): Again | undefined {
  const job: Job = { kind: "scan", repository, installationId, reason: "checks" };
  // What a person asked for goes first; but their schedule and limits hold for all else.
  if (isAsked) return { after: 0, job: { ...job, reason: "pull-request" } };
  if (wantsScan) return { after: 0, job };
  if (again.length === 0) return undefined;
  const after = Math.min(...again.map((wait) => wait.after));
  const subjects = [...new Set(again.flatMap((wait) => wait.subjects))].slice(0, 100);
  return { after, job: { ...job, kind: "shepherd", subjects } };
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
