import { z } from "zod";

const part = z.string().regex(/^[\w.-]{1,100}$/, "is no name that GitHub allows");

/** Why a repository is scanned. */
const reasons = ["manual", "comment", "push", "advisory", "installation", "repository", "schedule"] as const;

/**
 * What travels through the queue: which repository, and why. Never a token: the worker asks GitHub for one, for this
 * repository only, when the job starts. Keys that are not known here are dropped, so that servers and workers of
 * neighbouring versions can share a Redis.
 */
export const scanJob = z.object({
  kind: z.literal("scan"),
  repository: z.object({ owner: part, name: part }),
  installationId: z.int().positive(),
  reason: z.enum(reasons),
  /** GitHub's id of the webhook delivery that asked for it. */
  delivery: z.string().max(100).optional(),
});

export type Job = z.infer<typeof scanJob>;
export type ScanReason = Job["reason"];

/** Jobs with one key never run at the same time. GitHub's names do not tell cases apart. */
export function keyOf(job: Job): string {
  return `${job.repository.owner}/${job.repository.name}`.toLowerCase();
}

/** 1: somebody waits for it. 3: it can wait. */
const urgencies: Readonly<Record<ScanReason, 1 | 2 | 3>> = {
  manual: 1,
  comment: 1,
  push: 1,
  advisory: 1,
  installation: 2,
  repository: 2,
  schedule: 3,
};

/** 1 goes first. */
export function urgencyOf(reason: ScanReason): 1 | 2 | 3 {
  return urgencies[reason];
}

/** Two requests become one: the more urgent stays, and of equals the later. */
export function fold(earlier: Job, later: Job): Job {
  return urgencyOf(later.reason) <= urgencyOf(earlier.reason) ? later : earlier;
}
