import { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { RateLimitError } from "../domain/errors.ts";

/** Keeps all workers together below what GitHub allows in changes, for each installation by itself. */
export interface Pace {
  /**
   * Resolves when a request that changes something may be sent. Throws `RateLimitError` when that is too long to wait for.
   */
  turn(installation: string, method: string, url: string): Promise<void>;
  close(): Promise<void>;
}

export interface PaceOptions {
  /** Where all processes count together; absent: this one by itself. */
  readonly redis?: { readonly url: string; readonly prefix: string };
  /** Told of lost connections; meanwhile each process counts by itself. */
  readonly trouble?: (error: Error) => void;
  readonly now?: () => Date;
  /** Waits this many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** So many requests in so many seconds. */
interface Limit {
  readonly name: string;
  readonly points: number;
  readonly duration: number;
}

/**
 * GitHub's secondary limits are 80 requests a minute and 500 an hour that create content, of which it advises to make
 * one a second, and 900 points a minute, where one that changes something costs five. Somewhat less is used.
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
 */
const limits: Readonly<Record<"content" | "change", readonly Limit[]>> = {
  content: [
    { name: "content-second", points: 1, duration: 1 },
    { name: "content-hour", points: 450, duration: 3_600 },
  ],
  change: [{ name: "change-minute", points: 140, duration: 60 }],
};

/** Past this many milliseconds without an answer of Redis, a process counts by itself. */
const patience = 500;
/** In milliseconds; what takes longer is put back into the queue, so that nobody's turn is held up. */
const longestWait = 60_000;

export function createPace({ redis, trouble, now = () => new Date(), sleep }: PaceOptions): Pace {
  const connection =
    redis === undefined
      ? undefined
      : new Redis(redis.url, { maxRetriesPerRequest: 1, commandTimeout: patience });
  connection?.on("error", (error: Error) => trouble?.(error));
  const counters = new Map(
    [...limits.content, ...limits.change].map(({ name, points, duration }) => {
      const options = { keyPrefix: `${redis?.prefix ?? "steeplejack"}:pace:${name}`, points, duration };
      const alone = new RateLimiterMemory(options);
      const counter =
        connection === undefined
          ? alone
          : new RateLimiterRedis({ ...options, storeClient: connection, insuranceLimiter: alone });
      return [name, counter] as const;
    }),
  );
  return {
    turn: async (installation, method, url) => {
      for (const { name } of limits[createsContent(method, url) ? "content" : "change"]) {
        for (;;) {
          const wait = await missing(counters.get(name), installation);
          if (wait === 0) break;
          if (wait > longestWait) {
            const until = new Date(now().getTime() + wait);
            throw new RateLimitError(
              "as many changes were made as GitHub lets an App make in an hour",
              until,
            );
          }
          await sleep(wait);
        }
      }
    },
    close: async () => {
      connection?.disconnect();
    },
  };
}

/** In milliseconds, until there is room; 0 where there was, and it is taken. */
async function missing(
  counter: RateLimiterMemory | RateLimiterRedis | undefined,
  installation: string,
): Promise<number> {
  try {
    await counter?.consume(installation);
    return 0;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return Math.max(1, refusal.msBeforeNext);
    throw refusal;
  }
}

/** What people are notified of: pull requests, issues, comments, reviews and who is asked for them. */
export function createsContent(method: string, url: string): boolean {
  const { pathname } = new URL(url);
  return method === "POST" && /\/(pulls|issues|comments|reviews|requested_reviewers)$/.test(pathname);
}
