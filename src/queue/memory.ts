import { randomUUID } from "node:crypto";
import { messageOf, RateLimitError } from "../domain/errors.ts";
import type { Job } from "./jobs.ts";
import { fold, keyOf, urgencyOf } from "./jobs.ts";
import type {
  Again,
  Enqueued,
  FailedJob,
  Handler,
  Outcome,
  Policy,
  ProcessOptions,
  Queue,
  Run,
} from "./queue.ts";
import { backoffAfter, defaultPolicy, endsWithin, tooLong, waitUntil } from "./queue.ts";

/** A job that waits. `cause` says for what: its turn or its schedule, the next attempt, or the end of a rate limit. */
interface Waiting {
  readonly id: string;
  readonly job: Job;
  readonly attempts: number;
  readonly due: number;
  readonly turn: number;
  readonly cause: "asked" | "retry" | "limit";
}

interface Worker {
  readonly handler: Handler;
  readonly options: ProcessOptions;
  readonly running: Set<{ readonly abort: AbortController; readonly ended: Promise<void> }>;
  stopping: boolean;
}

const longestTimer = 2 ** 31 - 1;

/**
 * The queue of a server that is its own worker: nothing is stored, and what waited when the process ends is asked for
 * again by the scheduler of the next one.
 */
export function memoryQueue(given: Partial<Policy> = {}): Queue {
  const policy = { ...defaultPolicy, ...given };
  const waiting = new Map<string, Waiting>();
  const running = new Set<string>();
  /** What was asked for while its repository was being scanned, by key; kept over the retries of that scan. */
  const following = new Map<string, Job>();
  const workers = new Set<Worker>();
  let failed: readonly FailedJob[] = [];
  let turns = 0;
  let timer: NodeJS.Timeout | undefined;

  const put = (key: string, entry: Omit<Waiting, "turn">) => {
    waiting.set(key, { ...entry, turn: turns++ });
    pump();
  };

  const enqueue = (job: Job, delay: number): Enqueued => {
    const key = keyOf(job);
    if (running.has(key)) {
      following.set(key, fold(following.get(key) ?? job, job));
      return "follows";
    }
    const due = Date.now() + delay;
    const there = waiting.get(key);
    if (there === undefined) {
      put(key, { id: randomUUID(), job, attempts: 0, due, cause: "asked" });
      return "added";
    }
    const urgent = urgencyOf(job.reason) === 1;
    const folded = fold(there.job, job);
    if (there.cause === "limit") waiting.set(key, { ...there, job: folded });
    else if (there.cause === "retry" && urgent) {
      following.delete(key);
      put(key, { id: randomUUID(), job: folded, attempts: 0, due, cause: "asked" });
    } else {
      const sooner = there.cause === "asked" ? Math.min(there.due, due) : there.due;
      const raised = urgencyOf(folded.reason) < urgencyOf(there.job.reason);
      waiting.set(key, { ...there, job: folded, due: sooner, turn: raised ? turns++ : there.turn });
      pump();
    }
    return "folded";
  };

  /** Starts what can be started, and sleeps until the next job is due. */
  const pump = () => {
    // One moment for both questions: what comes due between two would neither be started nor be woken for.
    const now = Date.now();
    for (const worker of workers) {
      while (!worker.stopping && worker.running.size < worker.options.concurrency) {
        const next = nextDue(now);
        if (next === undefined) break;
        start(worker, next);
      }
    }
    clearTimeout(timer);
    const soonest = Math.min(...[...waiting.values()].map(({ due }) => due).filter((due) => due > now));
    if (workers.size === 0 || soonest === Infinity) return;
    timer = setTimeout(pump, Math.min(Math.max(soonest - Date.now(), 0), longestTimer));
  };

  const nextDue = (now: number): Waiting | undefined => {
    const due = [...waiting.values()].filter((entry) => entry.due <= now);
    return due.toSorted((a, b) => urgencyOf(a.job.reason) - urgencyOf(b.job.reason) || a.turn - b.turn)[0];
  };

  const start = (worker: Worker, entry: Waiting) => {
    const key = keyOf(entry.job);
    waiting.delete(key);
    running.add(key);
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(tooLong(policy)), policy.timeout);
    const run: Run = { id: entry.id, attempt: entry.attempts + 1, signal: abort.signal };
    const work = async () => {
      const again = await attempt(worker, entry, run);
      clearTimeout(limit);
      worker.running.delete(slot);
      end(key, again);
    };
    const ended = work();
    const slot = { abort, ended };
    worker.running.add(slot);
  };

  /** Makes room for the next run of the repository, and for that of another. */
  const end = (key: string, again: Again | undefined) => {
    running.delete(key);
    const follower = following.get(key);
    if (follower !== undefined && !waiting.has(key)) {
      following.delete(key);
      const job = again === undefined ? follower : fold(again.job, follower);
      put(key, { id: randomUUID(), job, attempts: 0, due: Date.now(), cause: "asked" });
    } else if (again === undefined) pump();
    else enqueue(again.job, again.after);
  };

  const attempt = async (worker: Worker, entry: Waiting, run: Run): Promise<Again | undefined> => {
    let outcome: Outcome = { kind: "done" };
    let again: Again | undefined;
    try {
      again = (await worker.handler(entry.job, run)) ?? undefined;
    } catch (error) {
      outcome = settle(worker, entry, run, error);
    }
    worker.options.observer?.ended?.(entry.job, run, outcome);
    return again;
  };

  const settle = (worker: Worker, entry: Waiting, run: Run, error: unknown): Outcome => {
    const key = keyOf(entry.job);
    const now = Date.now();
    const later = (wait: number, change: Partial<Waiting>) =>
      waiting.set(key, { ...entry, due: now + wait, turn: turns++, ...change });
    if (worker.stopping && run.signal.aborted) {
      later(0, { turn: entry.turn });
      return { kind: "given back" };
    }
    const urgent = following.get(key);
    const job = urgent === undefined ? entry.job : fold(entry.job, urgent);
    if (error instanceof RateLimitError) {
      const wait = waitUntil(error.retryAt, now, policy);
      later(wait, { job, cause: "limit" });
      return { kind: "delayed", until: new Date(now + wait) };
    }
    if (run.attempt < policy.attempts) {
      later(backoffAfter(run.attempt, policy), { job, cause: "retry", attempts: run.attempt });
      return { kind: "retried", error };
    }
    const entryOfFailure = { id: entry.id, job: entry.job, reason: messageOf(error), attempts: run.attempt };
    failed = [{ ...entryOfFailure, failedAt: new Date(now) }, ...failed].slice(0, policy.keepFailed);
    return { kind: "failed", error };
  };

  const stop = async (worker: Worker, grace: number) => {
    worker.stopping = true;
    const ended = Promise.all([...worker.running].map((slot) => slot.ended));
    if (!(await endsWithin(ended, grace))) {
      for (const slot of worker.running) slot.abort.abort(new Error("the worker is being stopped"));
      await endsWithin(ended, policy.patience);
    }
    workers.delete(worker);
    if (workers.size === 0) clearTimeout(timer);
  };

  return {
    enqueue: async (job, { delay = 0 } = {}) => enqueue(job, delay),
    process: (handler, options) => {
      const worker: Worker = { handler, options, running: new Set(), stopping: false };
      workers.add(worker);
      pump();
      return { stop: (grace) => stop(worker, grace) };
    },
    counts: async () => {
      const now = Date.now();
      const delayed = [...waiting.values()].filter(({ due }) => due > now).length;
      return { waiting: waiting.size - delayed, delayed, running: running.size, failed: failed.length };
    },
    failed: async (limit = 100) => failed.slice(0, limit),
    retry: async (id) => {
      const job = failed.find((one) => one.id === id)?.job;
      if (job === undefined) return false;
      failed = failed.filter((one) => one.id !== id);
      enqueue(job, 0);
      return true;
    },
    discard: async (id) => {
      const before = failed.length;
      failed = failed.filter((one) => one.id !== id);
      return failed.length < before;
    },
    check: async () => {},
    close: async () => clearTimeout(timer),
  };
}
