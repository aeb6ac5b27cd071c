import type { Job } from "./jobs.ts";

/**
 * Holds the jobs until a worker takes them. `test/queue/contract.ts` is its meaning:
 *
 * - Jobs of one repository never run at the same time.
 * - A scan that is asked for while one of that repository waits becomes one with it, and the more urgent reason counts.
 * - Asked for while one runs, it runs once more afterwards, whatever becomes of the running one.
 * - An urgent request does not wait for a schedule or for the next retry, only for a rate limit.
 * - A job that fails is tried again later and later; when the attempts are used up it is kept as failed.
 * - A `RateLimitError` puts the job off until its `retryAt`, and costs no attempt.
 * - What a handler asks for with `Again` is asked for when its run has ended; asked for sooner, it is one with that.
 */
export interface Queue {
  /** Throws when the job could not be kept. `delay` is in milliseconds. */
  enqueue(job: Job, options?: { delay?: number }): Promise<Enqueued>;
  /** Starts a worker in this process. */
  process(handler: Handler, options: ProcessOptions): Processing;
  counts(): Promise<Counts>;
  /** The jobs that failed for good, newest first. */
  failed(limit?: number): Promise<readonly FailedJob[]>;
  /** Asks for a failed job once more, with all its attempts. False when there is none of that id or it cannot be read. */
  retry(id: string): Promise<boolean>;
  /** Forgets a failed job. False when there is none of that id. */
  discard(id: string): Promise<boolean>;
  /** Throws, within a few seconds, when the queue cannot be reached. */
  check(): Promise<void>;
  /** Lets go of connections. Workers are to be stopped first. */
  close(): Promise<void>;
}

/** `added`: it waits by itself. `folded`: it is one with a job that waits. `follows`: it runs after the one that runs now. */
export type Enqueued = "added" | "folded" | "follows";

/** Resolves when the work is done; what it throws is an attempt that failed. */
export type Handler = (job: Job, run: Run) => Promise<Again | undefined | void>;

/** Another job for the same repository, after so many milliseconds. */
export interface Again {
  readonly after: number;
  readonly job: Job;
}

/** One attempt. */
export interface Run {
  /** The job's id, the same for each of its attempts. */
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborted when the job has to be given back or takes too long. What is thrown after that gives it back, or fails the attempt. */
  readonly signal: AbortSignal;
}

export interface ProcessOptions {
  /** How many jobs run at once in this process. */
  readonly concurrency: number;
  /** Told when a job ends or something goes wrong beside the jobs, for the log. */
  readonly observer?: Observer;
}

/** What a log wants to know of a worker. */
export interface Observer {
  readonly ended?: (job: Job, run: Run, outcome: Outcome) => void;
  /** Trouble with the queue itself, such as a lost connection; the queue goes on by itself. */
  readonly trouble?: (error: Error) => void;
}

export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "retried"; readonly error: unknown }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "delayed"; readonly until: Date }
  | { readonly kind: "given back" };

export interface Processing {
  /**
   * Takes no more jobs, and resolves when the running ones have ended. Those that still run after `grace` milliseconds
   * are told so by their signal and given back: no attempt is counted. One that does not heed its signal within a few
   * seconds is left behind; over Redis another worker takes it when its lock lapses.
   */
  stop(grace: number): Promise<void>;
}

export interface Counts {
  readonly waiting: number;
  /** Waiting for their time: a schedule, a retry, a rate limit. */
  readonly delayed: number;
  readonly running: number;
  readonly failed: number;
}

export interface FailedJob {
  readonly id: string;
  /** Absent when what was stored cannot be read. */
  readonly job?: Job;
  readonly reason: string;
  readonly attempts: number;
  readonly failedAt: Date;
}

/** How often and when, for every queue. Times are in milliseconds. */
export interface Policy {
  /** How often a job is tried in all. */
  readonly attempts: number;
  /** The wait before the second attempt, about; it doubles with each one. */
  readonly backoff: number;
  /** No wait is longer than this. */
  readonly longestBackoff: number;
  /** Jobs that wait for one rate limit start spread over this time. */
  readonly spread: number;
  /** How long one attempt may take before its signal is aborted. */
  readonly timeout: number;
  /** How long a job may go on after its signal was aborted at a stop. */
  readonly patience: number;
  /** How many failed jobs are kept. */
  readonly keepFailed: number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export const defaultPolicy: Policy = {
  attempts: 5,
  backoff: 30_000,
  longestBackoff: 3_600_000,
  spread: 10_000,
  timeout: 1_800_000,
  patience: 5_000,
  keepFailed: 1_000,
  random: Math.random,
};

/** Milliseconds before the attempt after `attempt` failed: between half and all of a span that doubles each time. */
export function backoffAfter(attempt: number, policy: Policy): number {
  const most = Math.min(policy.backoff * 2 ** (attempt - 1), policy.longestBackoff);
  return Math.round(most * (1 - policy.random() / 2));
}

/** Milliseconds from `now` until a rate limit is over, some more so that not all start at once. */
export function waitUntil(retryAt: Date, now: number, policy: Policy): number {
  return Math.max(0, retryAt.getTime() - now) + Math.round(policy.random() * policy.spread);
}

/** Why the signal of an attempt that takes too long is aborted. */
export function tooLong({ timeout }: Policy): Error {
  return new Error(`the job took longer than ${Math.round(timeout / 1_000)} seconds`);
}

/** Whether `ended` settles within `milliseconds`. */
export async function endsWithin(ended: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([ended.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
