import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createPace, createsContent, type Pace } from "../../src/github/pace.ts";
import { type PrivateRedis, startRedis } from "../redis.ts";

const api = "https://api.github.test/repos/acme/web";

describe("content", () => {
  it.each([
    ["POST", "/pulls", true],
    ["POST", "/issues/7/comments", true],
    ["POST", "/pulls/7/requested_reviewers", true],
    ["POST", "/git/trees", false],
    ["POST", "/issues/comments/7/reactions", false],
    ["PATCH", "/pulls/7", false],
  ])("%s %s: %s", (method, path, expected) => {
    expect(createsContent(method, `${api}${path}`)).toBe(expected);
  });
});

describe("the pace of changes", () => {
  /** Sends so many, as fast as it may, and gives the seconds at which each was sent. */
  async function sent(pace: Pace, count: number, path: string): Promise<number[]> {
    const times: number[] = [];
    for (let at = 0; at < count; at++) {
      await pace.turn("1", "POST", `${api}${path}`);
      times.push(Math.round((Date.now() - start) / 1_000));
    }
    return times;
  }
  const start = Date.parse("2026-06-01T00:00:00Z");
  const inFakeTime = async (story: (pace: Pace) => Promise<void>) => {
    vi.useFakeTimers({ now: start });
    const pace = createPace({ sleep: (milliseconds) => vi.advanceTimersByTimeAsync(milliseconds) });
    try {
      await story(pace);
    } finally {
      await pace.close();
      vi.useRealTimers();
    }
  };

  it("is one a second for what people are notified of", () =>
    inFakeTime(async (pace) => {
      expect(await sent(pace, 5, "/issues/7/comments")).toEqual([0, 1, 2, 3, 4]);
    }));

  it("is 140 a minute for all else", () =>
    inFakeTime(async (pace) => {
      const times = await sent(pace, 300, "/git/trees");
      expect(times.filter((time) => time < 60)).toHaveLength(140);
      expect(times.filter((time) => time < 120)).toHaveLength(280);
    }));

  it("puts the job back when an hour's worth is used up", () =>
    inFakeTime(async (pace) => {
      await sent(pace, 450, "/pulls");
      await expect(sent(pace, 1, "/pulls")).rejects.toMatchObject({
        name: "RateLimitError",
        retryAt: new Date(start + 3_600_000),
      });
    }));

  it("is one installation's own", () =>
    inFakeTime(async (pace) => {
      await sent(pace, 450, "/pulls");
      await expect(pace.turn("2", "POST", `${api}/pulls`)).resolves.toBeUndefined();
    }));
});

describe("the pace in Redis", () => {
  let redis: PrivateRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.close());

  it("is shared by all processes", async () => {
    const waits: number[] = [];
    const enough = new Error("waited");
    const sleep = async (milliseconds: number) => {
      waits.push(milliseconds);
      throw enough;
    };
    const options = { redis: { url: redis.url, prefix: "t" }, sleep };
    const [one, other] = [createPace(options), createPace(options)];
    for (let at = 0; at < 140; at++) await one.turn("1", "POST", `${api}/git/trees`);
    await expect(other.turn("1", "POST", `${api}/git/trees`)).rejects.toBe(enough);
    expect(waits).toEqual([expect.any(Number)]);
    await Promise.all([one.close(), other.close()]);
  });
});
