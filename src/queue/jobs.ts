import { z } from "zod";

const part = z.string().regex(/^[\w.-]{1,100}$/, "is no name that GitHub allows");

/** Why a repository is scanned, or its pull requests are looked at. */
const reasons = [
  "manual",
  "comment",
  "push",
  "advisory",
  "pull-request",
  "review",
  "checks",
  "installation",
  "repository",
  "schedule",
] as const;

/** As many subjects may be named; a job about more of them is about all. */
const mostSubjects = 100;

/**
 * What travels through the queue: which repository, and why. Never a token: the worker asks GitHub for one, for this
 * repository only, when the job starts. Keys that are not known here are dropped, so that servers and workers of
 * neighbouring versions can share a Redis.
 */
export const jobShape = z.object({
  /** `shepherd` tends open pull requests; `scan` finds out what is to be proposed, and then tends all of them. */
  kind: z.enum(["scan", "shepherd"]),
  repository: z.object({ owner: part, name: part }),
  installationId: z.int().positive(),
  reason: z.enum(reasons),
  /**
   * For `shepherd`: pull requests (`#12`), branches (`steeplejack/npm/runtime`), and the default branch for those that wait
   * until it is green. Absent: every open one. For `scan`: pull requests that are tended besides every open one, since what
   * was merged or closed leaves something to do, too.
   */
  subjects: z.array(z.string().min(1).max(300)).max(mostSubjects).readonly().optional(),
  /** Pull requests whose configuration is to be judged, whatever else is done. */
  configurations: z.array(z.int().positive()).max(mostSubjects).readonly().optional(),
  /** For `shepherd`: branches with new commits. Where the configuration names one as a target, a scan is to follow. */
  pushed: z.array(z.string().min(1).max(300)).max(mostSubjects).readonly().optional(),
  /** GitHub's id of the webhook delivery that asked for it. */
  delivery: z.string().max(100).optional(),
});

export type Job = z.infer<typeof jobShape>;
export type JobReason = Job["reason"];

/** Jobs with one key never run at the same time. GitHub's names do not tell cases apart. */
export function keyOf(job: Job): string {
  return `${job.repository.owner}/${job.repository.name}`.toLowerCase();
}

/** 1: somebody waits for it. 3: it can wait. */
const urgencies: Readonly<Record<JobReason, 1 | 2 | 3>> = {
  manual: 1,
  comment: 1,
  push: 1,
  advisory: 1,
  "pull-request": 1,
  review: 1,
  checks: 2,
  installation: 2,
  repository: 2,
  schedule: 3,
};

/** 1 goes first. */
export function urgencyOf(reason: JobReason): 1 | 2 | 3 {
  return urgencies[reason];
}

/**
 * Two requests become one: the reason of the more urgent stays, and of equals the later. A scan does what shepherding
 * does, and what two ask to be tended is tended by the one. In whatever order several are joined, the same is to be done.
 */
export function fold(earlier: Job, later: Job): Job {
  const foremost = urgencyOf(later.reason) <= urgencyOf(earlier.reason) ? later : earlier;
  const kind = earlier.kind === "scan" || later.kind === "scan" ? "scan" : "shepherd";
  const subjects = kind === "scan" ? besides(earlier, later) : united(earlier.subjects, later.subjects);
  const { kind: _kind, subjects: _subjects, configurations: _judged, pushed: _pushed, ...rest } = foremost;
  const configurations = [...new Set([...(earlier.configurations ?? []), ...(later.configurations ?? [])])];
  const pushed = kind === "scan" ? [] : [...new Set([...(earlier.pushed ?? []), ...(later.pushed ?? [])])];
  return {
    kind,
    ...rest,
    // Who installs the App anew is known by another number from then on.
    installationId: later.installationId,
    ...(subjects === undefined ? {} : { subjects }),
    ...(configurations.length === 0 ? {} : { configurations: configurations.slice(-mostSubjects) }),
    ...(pushed.length === 0 ? {} : { pushed: pushed.slice(-mostSubjects) }),
  };
}

/** Whether a job does all that another is for. */
export function covers(job: Job, other: Job): boolean {
  if (!(other.configurations ?? []).every((number) => job.configurations?.includes(number))) return false;
  if (job.kind === "scan") return pullsIn(other).every((pull) => job.subjects?.includes(pull));
  if (other.kind === "scan") return false;
  if (!(other.pushed ?? []).every((branch) => job.pushed?.includes(branch))) return false;
  if (job.subjects === undefined) return true;
  return other.subjects?.every((subject) => job.subjects?.includes(subject)) ?? false;
}

/** What a scan is to tend besides every open one: those that may no longer be open. */
function besides(...jobs: readonly Job[]): Job["subjects"] {
  const pulls = [...new Set(jobs.flatMap(pullsIn))];
  return pulls.length === 0 ? undefined : pulls.slice(-mostSubjects);
}

/** The pull requests that a job names, such as `#12`. */
export function pullsIn({ subjects = [] }: Job): readonly string[] {
  return subjects.filter((subject) => /^#\d+$/.test(subject));
}

function united(a: Job["subjects"], b: Job["subjects"]): Job["subjects"] {
  if (a === undefined || b === undefined) return undefined;
  const all = [...new Set([...a, ...b])];
  return all.length > mostSubjects ? undefined : all;
}
