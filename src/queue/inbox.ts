import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { fold, type Job, jobShape, keyOf } from "./jobs.ts";

/**
 * What is asked about each repository and has not been done: a hash in Redis. A request is put in before its job is added
 * and taken out when a run that began later has done it, so that it does not matter what becomes of the jobs of two who
 * ask at the same time.
 */
export interface Inbox {
  readonly put: (job: Job) => Promise<void>;
  /** What is asked about the repository of `job`, in the order in which it was asked. */
  readonly read: (job: Job) => Promise<Asked>;
}

export interface Asked {
  readonly jobs: readonly Job[];
  /** Takes out what was read, and nothing that came since. */
  readonly done: () => Promise<void>;
}

/** In seconds: as long as a failed job is kept. */
const lifetime = 30 * 86_400;

/** During a long rate limit a busy repository is asked about again and again: each time there are so many, they become one. */
const many = 500;

export function openInbox(redis: Redis, prefix: string): Inbox {
  const placeOf = (job: Job) => `${prefix}:asked:${keyOf(job)}`;

  const put = async (job: Job): Promise<number> => {
    const field = `${Date.now().toString().padStart(14, "0")}-${randomUUID()}`;
    const place = placeOf(job);
    const answers = await redis
      .multi()
      .hset(place, field, JSON.stringify(job))
      .expire(place, lifetime)
      .hlen(place)
      .exec();
    const failure = answers?.find(([error]) => error !== null)?.[0];
    if (answers === null || (failure !== null && failure !== undefined))
      throw failure ?? new Error("Redis kept no request");
    return Number(answers.at(-1)?.[1]);
  };

  const read = async (job: Job): Promise<Asked> => {
    const place = placeOf(job);
    const entries = Object.entries(await redis.hgetall(place)).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return {
      // What another version has put in and this one cannot read is left out.
      jobs: entries.flatMap(([, text]) => jobIn(text) ?? []),
      done: async () => {
        if (entries.length > 0) await redis.hdel(place, ...entries.map(([field]) => field));
      },
    };
  };

  return {
    read,
    async put(job) {
      // Of all who ask at the same time, one finds just so many.
      if ((await put(job)) % many !== 0) return;
      const { jobs, done } = await read(job);
      const [first, ...others] = jobs;
      if (first !== undefined) await put(others.reduce(fold, first));
      await done();
    },
  };
}

function jobIn(text: string): Job | undefined {
  try {
    return jobShape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
