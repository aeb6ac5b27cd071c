import { randomUUID } from "node:crypto";
import type { Job as Stored } from "bullmq";
import { DelayedError, Queue as Bull, UnrecoverableError, WaitingError, Worker } from "bullmq";
import { Redis } from "ioredis";
import { z } from "zod";
import { RateLimitError } from "../domain/errors.ts";
import { openInbox } from "./inbox.ts";
import type { Job } from "./jobs.ts";
import { covers, fold, jobShape, keyOf, urgencyOf } from "./jobs.ts";
import type {
  Again,
  Enqueued,
  FailedJob,
  Handler,
  Outcome,
  Policy,
  Processing,
  ProcessOptions,
  Queue,
  Run,
} from "./queue.ts";
import { backoffAfter, defaultPolicy, endsWithin, tooLong, waitUntil } from "./queue.ts";

export interface BullmqOptions {
  /** Such as `redis://127.0.0.1:6379/0` or `rediss://user:secret@host`. */
  readonly url: string;
  /** Before every key, so that several installations can share a Redis. */
  readonly prefix?: string;
  readonly policy?: Partial<Policy>;
  /** How long a worker that was killed keeps its job, in milliseconds; renewed at half of it while the worker lives. */
  readonly lockDuration?: number;
  /** How often the workers look for such jobs, in milliseconds. */
  readonly stalledInterval?: number;
  /** How often a job may lose its worker before it counts as failed: one that crashes every worker must not go on for ever. */
  readonly maxStalled?: number;
  /** Told of lost connections; they are made again by themselves. */
  readonly trouble?: (error: Error) => void;
}

/** What is stored with a job in Redis. */
const envelope = z.object({
  job: jobShape,
  /** The most urgent of the requests that came while it ran: the job that follows it will have this one. */
  next: jobShape.optional(),
  /** Milliseconds since 1970: a rate limit is over then. */
  notBefore: z.number().optional(),
});

const queueName = "scan";

/**
 * The queue in Redis, for any number of servers and workers.
 *
 * BullMQ's deduplication with `keepLastIfActive` gives one running and one waiting job for each repository, atomically.
 * It keeps the last request, not the most urgent, and drops one that comes while a failed job waits for its next
 * attempt; `enqueue` makes up for both. See docs/decisions/0010-queue.md.
 */
export function bullmqQueue(options: BullmqOptions): Queue {
  const policy = { ...defaultPolicy, ...options.policy };
  const prefix = options.prefix ?? "steeplejack";
  const trouble = options.trouble ?? (() => {});
  // A server that cannot reach Redis must say so within GitHub's ten seconds; a worker waits for as long as it takes.
  const connection = connect(options.url, 10, trouble);
  const bull = new Bull<unknown>(queueName, { connection, prefix, skipVersionCheck: true });
  bull.on("error", trouble);
  const inbox = openInbox(connection, prefix);

  const add = (job: Job, delay: number, replace: boolean, id: string): Promise<Stored<unknown>> =>
    bull.add(
      job.kind,
      { job },
      {
        jobId: id,
        delay,
        priority: urgencyOf(job.reason),
        attempts: policy.attempts,
        backoff: { type: "custom" },
        removeOnComplete: { count: 100, age: 86_400 },
        removeOnFail: { count: policy.keepFailed, age: 30 * 86_400 },
        deduplication: { id: keyOf(job), keepLastIfActive: true, replace },
      },
    );

  /**
   * Adds, looks at what became of it, and adds again where the job that was there began or ended in between: asking
   * twice costs a scan that finds nothing new, asking too little loses an event.
   */
  const enqueue = async (job: Job, delay: number): Promise<Enqueued> => {
    await inbox.put(job);
    for (let round = 0; round < 10; round++) {
      const before = await currentOf(bull, job);
      const runs = before?.state === "active";
      const wait = runs ? 0 : delay;
      const replace = before !== undefined && givesWay(before, job, Date.now() + wait);
      const joined = runs ? before.next : replace ? before.job : undefined;
      const wanted = joined === undefined ? job : fold(joined, job);
      const id = `scan-${randomUUID()}`;
      const added = await add(wanted, wait, replace, id);
      if (added.id === id) return replace ? "folded" : "added";

      const after = await inspect(bull, added.id);
      if (after === undefined) return "folded"; // it has ended, and what was kept for afterwards waits
      if (after.state === "active") {
        if (!runs || before.stored.id !== added.id) continue; // it began just now: asked again, the request is kept for certain
        await raise(after, { next: after.next === undefined ? wanted : fold(after.next, wanted) });
        return "follows";
      }
      if (givesWay(after, wanted, Date.now() + wait)) continue;
      if (after.job !== undefined && isWithin(after.job, wanted)) return "folded";
      await raise(after, { job: after.job === undefined ? wanted : fold(after.job, wanted) });
      if ((await after.stored.getState()) !== "active") return "folded";
    }
    throw new Error(`the job of ${keyOf(job)} changes too quickly to join it`);
  };

  /** What runs by now, about the same, tells by itself what is to be done later. */
  const followUp = async ({ job, after }: Again): Promise<void> => {
    const current = await currentOf(bull, job);
    const isDone = current?.state === "active" && current.job !== undefined && covers(current.job, job);
    if (!isDone) await enqueue(job, after);
  };

  const failed = async (limit: number): Promise<readonly FailedJob[]> => {
    const stored = await bull.getFailed(0, limit - 1);
    return stored.map((one) => {
      const { job } = envelope.safeParse(one.data).data ?? {};
      return {
        id: one.id ?? "",
        ...(job === undefined ? {} : { job }),
        reason: one.failedReason,
        attempts: one.attemptsMade,
        failedAt: new Date(one.finishedOn ?? one.timestamp),
      };
    });
  };

  const failedJob = async (id: string): Promise<Stored<unknown> | undefined> => {
    const stored = await bull.getJob(id);
    return stored !== undefined && (await stored.isFailed()) ? stored : undefined;
  };

  return {
    enqueue: (job, { delay = 0 } = {}) => within(8_000, enqueue(job, delay)),
    process: (handler, processOptions) =>
      work(
        handler,
        processOptions,
        { ...options, prefix, followUp, enqueue: (job) => enqueue(job, 0) },
        policy,
      ),
    counts: async () => {
      const counts = await bull.getJobCounts("wait", "prioritized", "delayed", "active", "failed");
      const of = (state: string) => counts[state] ?? 0;
      return {
        waiting: of("wait") + of("prioritized"),
        delayed: of("delayed"),
        running: of("active"),
        failed: of("failed"),
      };
    },
    failed: (limit = 100) => failed(limit),
    retry: async (id) => {
      const stored = await failedJob(id);
      const { job } = envelope.safeParse(stored?.data).data ?? {};
      if (stored === undefined || job === undefined) return false;
      await enqueue(job, 0);
      await stored.remove();
      return true;
    },
    discard: async (id) => {
      const stored = await failedJob(id);
      await stored?.remove();
      return stored !== undefined;
    },
    check: async () => {
      await within(2_000, connection.ping());
    },
    close: async () => {
      await bull.close();
      connection.disconnect();
    },
  };
}

/** The job of a repository that waits or runs, as it is at one moment. */
interface Current extends Partial<z.infer<typeof envelope>> {
  readonly stored: Stored<unknown>;
  readonly state: string;
}

async function currentOf(bull: Bull<unknown>, job: Job): Promise<Current | undefined> {
  return inspect(bull, (await bull.getDeduplicationJobId(keyOf(job))) ?? undefined);
}

async function inspect(bull: Bull<unknown>, id: string | undefined): Promise<Current | undefined> {
  const stored = id === undefined ? undefined : await bull.getJob(id);
  if (stored === undefined) return undefined;
  return { ...envelope.safeParse(stored.data).data, stored, state: await stored.getState() };
}

/** Whether a job that waits for its time gives way to a new one: to what is urgent or due sooner, but never during a rate limit. */
function givesWay({ stored, state, notBefore = 0 }: Current, job: Job, due: number): boolean {
  if (state !== "delayed" || notBefore > Date.now()) return false;
  if (urgencyOf(job.reason) === 1) return true;
  return stored.attemptsMade === 0 && due < stored.timestamp + stored.delay;
}

/** Whether nothing is to be written into the job that is there. */
function isWithin(job: Job, wanted: Job): boolean {
  return covers(job, wanted) && urgencyOf(job.reason) < urgencyOf(wanted.reason);
}

/** Writes a request into the job that is there, and moves that forward. */
async function raise(
  { stored, state: _state, ...was }: Current,
  change: { job: Job } | { next: Job },
): Promise<void> {
  await stored.updateData({ ...was, ...change });
  const wanted = "job" in change ? change.job : change.next;
  if (was.job === undefined || urgencyOf(wanted.reason) < urgencyOf(was.job.reason))
    await stored.changePriority({ priority: urgencyOf(wanted.reason) });
}

function work(
  handler: Handler,
  { concurrency, observer }: ProcessOptions,
  options: BullmqOptions & {
    readonly prefix: string;
    readonly enqueue: (job: Job) => Promise<unknown>;
    readonly followUp: (again: Again) => Promise<void>;
  },
  policy: Policy,
): Processing {
  const trouble = observer?.trouble ?? options.trouble ?? (() => {});
  const connection = connect(options.url, null, trouble);
  const bull = new Bull<unknown>(queueName, { connection, prefix: options.prefix, skipVersionCheck: true });
  bull.on("error", trouble);
  const inbox = openInbox(connection, options.prefix);
  const running = new Map<string, AbortController>();
  const following = new Map<string, Again>();
  let stopping = false;

  const attempt = async (stored: Stored<unknown>, token: string | undefined): Promise<void> => {
    // BullMQ may still have been fetching when it was told to close, even what was given back a moment ago.
    if (stopping) return giveBack(stored, token);
    const parsed = envelope.safeParse(stored.data);
    if (!parsed.success)
      throw new UnrecoverableError(
        `what is stored is no job of this version: ${z.prettifyError(parsed.error)}`,
      );
    const asked = await inbox.read(parsed.data.job);
    const job = [parsed.data.next ?? [], asked.jobs].flat().reduce(fold, parsed.data.job);
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(tooLong(policy)), policy.timeout);
    const run: Run = { id: stored.id ?? "", attempt: stored.attemptsMade + 1, signal: abort.signal };
    const tell = (outcome: Outcome) => observer?.ended?.(job, run, outcome);
    running.set(run.id, abort);
    try {
      const again = await handler(job, run);
      // What is to follow at once is kept while the job runs, so that it outlives this process.
      if (again?.after === 0) await options.enqueue(again.job);
      else if (again !== undefined) following.set(run.id, again);
      await asked.done();
      tell({ kind: "done" });
    } catch (error) {
      if (stopping && abort.signal.aborted) {
        tell({ kind: "given back" });
        return giveBack(stored, token);
      }
      if (error instanceof RateLimitError) {
        const until = Date.now() + waitUntil(error.retryAt, Date.now(), policy);
        const { next } = (await inspect(bull, stored.id)) ?? {};
        await stored.updateData({ job, next, notBefore: until });
        await stored.moveToDelayed(until, token);
        tell({ kind: "delayed", until: new Date(until) });
        throw new DelayedError();
      }
      if (run.attempt < policy.attempts) tell({ kind: "retried", error });
      else {
        // It is kept as it was tried, and what comes next need not fail of it.
        await stored.updateData({ job }).then(asked.done).catch(trouble);
        tell({ kind: "failed", error });
      }
      throw error;
    } finally {
      clearTimeout(timer);
      running.delete(run.id);
    }
  };

  const worker = new Worker<unknown>(queueName, attempt, {
    connection,
    prefix: options.prefix,
    concurrency,
    skipVersionCheck: true,
    lockDuration: options.lockDuration ?? 30_000,
    stalledInterval: options.stalledInterval ?? 15_000,
    maxStalledCount: options.maxStalled ?? 2,
    runRetryDelay: 1_000,
    settings: { backoffStrategy: (attempts) => backoffAfter(attempts, policy) },
  });
  worker.on("error", trouble);
  // Only now has the job ended: asked for before, the other one would be run at once.
  worker.on("completed", ({ id = "" }) => {
    const again = following.get(id);
    following.delete(id);
    if (again !== undefined) void options.followUp(again).catch(trouble);
  });
  // Another worker may have the job by now: two must not go on with one repository.
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) running.get(id)?.abort(new Error("another worker took the job over"));
  });

  return {
    stop: async (grace) => {
      stopping = true;
      const closed = worker.close();
      // Without a running job only a Redis that is away can keep it from closing.
      if (!(await endsWithin(closed, running.size === 0 ? Math.min(grace, policy.patience) : grace))) {
        for (const abort of running.values()) abort.abort(new Error("the worker is being stopped"));
        await endsWithin(closed, policy.patience);
      }
      connection.disconnect();
    },
  };
}

async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  const told = answer.catch((error: unknown) => {
    if (error instanceof Error && error.name === "MaxRetriesPerRequestError")
      throw new Error(silent, { cause: error });
    throw error;
  });
  if (!(await endsWithin(told, milliseconds))) throw new Error(silent);
  return told;
}

const silent = "Redis does not answer";

async function giveBack(stored: Stored<unknown>, token: string | undefined): Promise<never> {
  await stored.moveToWait(token);
  throw new WaitingError();
}

/** A connection that is made again whenever it is lost. With `tries`, a command fails after so many lost connections. */
function connect(url: string, tries: number | null, trouble: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: tries,
    retryStrategy: (times) => Math.min(times * 100, 1_000),
  });
  redis.on("error", trouble);
  return redis;
}
