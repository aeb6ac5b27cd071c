import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { RateLimitError } from "../../src/domain/errors.ts";
import type { Counts, Handler, Observer, Outcome, Policy, Processing, Queue } from "../../src/queue/queue.ts";
import type { Job } from "../../src/queue/jobs.ts";
import { byHand, scan, shepherd } from "./builders.ts";

/** Quick enough for a test, and without chance. */
export const quick: Partial<Policy> = {
  attempts: 3,
  backoff: 50,
  spread: 0,
  patience: 500,
  keepFailed: 3,
  random: () => 0,
};

/** What every queue promises. `open` gives an empty queue each time. */
export function queueContract(open: (policy: Partial<Policy>) => Promise<Queue>): void {
  let queue: Queue;
  let workers: Processing[] = [];

  const reopen = async (policy: Partial<Policy>) => {
    await queue.close();
    queue = await open({ ...quick, ...policy });
  };
  const work = (hand: ReturnType<typeof byHand>, concurrency = 1, observer: Observer = {}) => {
    const worker = queue.process(hand.handler, { concurrency, observer });
    workers.push(worker);
    return worker;
  };
  const holds = async (counts: Partial<Counts>) => {
    await expect.poll(() => queue.counts(), { timeout: 10_000, interval: 10 }).toMatchObject(counts);
  };
  const idle = () => holds({ waiting: 0, delayed: 0, running: 0 });

  beforeEach(async () => {
    queue = await open(quick);
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop(0)));
    workers = [];
    await queue.close();
  });

  it("runs a job once, with what was asked", async () => {
    const hand = byHand();
    work(hand);
    const job = { ...scan("web"), delivery: "72d3162e-cc78-11e3-81ab-4c9367dc0958" };

    expect(await queue.enqueue(job)).toBe("added");

    const attempt = await hand.next();
    expect(attempt.job).toEqual(job);
    expect(attempt.run.attempt).toBe(1);
    await holds({ running: 1 });
    attempt.finish();
    await idle();
    expect(hand.begun).toBe(1);
  });

  it("makes one job of the same scan asked for twice while it waits", async () => {
    expect(await queue.enqueue(scan("web"))).toBe("added");
    expect(await queue.enqueue(scan("web"))).toBe("folded");
    expect(await queue.enqueue({ ...scan("web"), repository: { owner: "Acme", name: "WEB" } })).toBe(
      "folded",
    );
    expect(await queue.enqueue(scan("api"))).toBe("added");

    await holds({ waiting: 2 });
  });

  it("runs once more, afterwards, what was asked for while it ran", async () => {
    const hand = byHand();
    work(hand, 4);
    await queue.enqueue(scan("web"));
    const first = await hand.next();

    expect(await queue.enqueue(scan("web"))).toBe("follows");
    expect(await queue.enqueue(scan("web"))).toBe("follows");
    expect(hand.begun).toBe(1);
    first.finish();

    (await hand.next()).finish();
    await idle();
    expect(hand.begun).toBe(2);
  });

  it("keeps the most urgent of the requests that came during a run", async () => {
    const hand = byHand();
    work(hand);
    await queue.enqueue(scan("web", "schedule"));
    const first = await hand.next();
    await queue.enqueue(scan("web", "push"));
    await queue.enqueue(scan("web", "schedule"));
    await queue.enqueue(scan("api", "installation"));
    first.finish();

    const second = await hand.next();
    expect(second.job).toEqual(scan("web", "push"));
    second.finish();
    (await hand.next()).finish();
    await idle();
  });

  it("tends in one job what several ask to be tended, and lets a scan do it where one waits", async () => {
    const hand = byHand();
    await queue.enqueue(shepherd("web", ["#1"]));
    expect(await queue.enqueue(shepherd("web", ["#2", "#1"]))).toBe("folded");
    await queue.enqueue(shepherd("api", ["#1"]));
    expect(await queue.enqueue(shepherd("api"))).toBe("folded");
    await queue.enqueue(shepherd("lib", ["#1"], "comment"));
    expect(await queue.enqueue(scan("lib", "schedule"))).toBe("folded");
    work(hand);

    const jobs = [await hand.next()];
    for (const _ of ["second", "third"]) {
      jobs.at(-1)?.finish();
      jobs.push(await hand.next());
    }
    jobs.at(-1)?.finish();
    await idle();
    const told = jobs.map(({ job: { repository, kind, subjects = "all", reason } }) => [
      repository.name,
      kind,
      subjects,
      reason,
    ]);
    expect(told).toEqual([
      ["lib", "scan", ["#1"], "comment"],
      ["web", "shepherd", ["#1", "#2"], "checks"],
      ["api", "shepherd", "all", "checks"],
    ]);
  });

  it("keeps what is asked to be tended while a job runs", async () => {
    const hand = byHand();
    work(hand);
    await queue.enqueue(shepherd("web", ["#1"]));
    const first = await hand.next();
    await queue.enqueue(shepherd("web", ["#2"]));
    await queue.enqueue(shepherd("web", ["#3"]));
    first.finish();

    const second = await hand.next();
    expect(second.job.subjects?.toSorted()).toEqual(["#2", "#3"]);
    second.finish();
    await idle();
  });

  it("loses nothing of what many ask to be tended at once, whatever runs meanwhile", async () => {
    const tended = new Set<string>();
    const handler: Handler = async ({ subjects = [] }) => {
      await delay(2);
      for (const subject of subjects) tended.add(subject);
    };
    workers.push(queue.process(handler, { concurrency: 2 }));
    const subjects = Array.from({ length: 60 }, (_, number) => `#${number}`);
    for (let from = 0; from < subjects.length; from += 6) {
      await Promise.all(
        subjects.slice(from, from + 6).map((subject) => queue.enqueue(shepherd("web", [subject]))),
      );
      await delay(1);
    }
    await idle();
    expect([...tended].toSorted()).toEqual(subjects.toSorted());
  });

  it("asks for what a handler wants to do later, when its run has ended", async () => {
    const hand = byHand();
    work(hand);
    await queue.enqueue(shepherd("web", ["#1"]));
    (await hand.next()).finish({ after: 60_000, job: shepherd("web", ["#1"], "schedule") });
    await holds({ waiting: 0, delayed: 1, running: 0 });

    await queue.enqueue(shepherd("web", ["#2"], "comment"));
    const sooner = await hand.next();
    expect(sooner.job.subjects?.toSorted()).toEqual(["#1", "#2"]);
    sooner.finish({ after: 0, job: scan("web", "schedule") });

    const next = await hand.next();
    expect(next.job.kind).toBe("scan");
    next.finish();
    await idle();
  });

  it("does at once what was asked for meanwhile, and later what a handler wants later", async () => {
    const runs: Job[] = [];
    const first = Promise.withResolvers<void>();
    const handler: Handler = async (job) => {
      runs.push(job);
      if (runs.length === 1) await first.promise;
      return runs.length > 5 ? undefined : { after: 60_000, job: shepherd("web", ["#1"], "schedule") };
    };
    workers.push(queue.process(handler, { concurrency: 1 }));
    await queue.enqueue(shepherd("web", ["#1"]));
    await holds({ running: 1 });
    await queue.enqueue(shepherd("web", ["#2"]));
    first.resolve();

    await holds({ waiting: 0, delayed: 1, running: 0 });
    expect(runs.flatMap(({ subjects = [] }) => subjects)).toContain("#2");
    expect(runs.length).toBeLessThanOrEqual(3);
  });

  it("does not lose a request that came during a run that then fails", async () => {
    const hand = byHand();
    work(hand);
    await queue.enqueue(scan("web"));
    const first = await hand.next();
    await queue.enqueue(scan("web", "comment"));
    first.finish(new Error("the registry did not answer"));

    const retried = await hand.next();
    expect(retried.run.attempt).toBe(2);
    retried.finish();
    const followed = await hand.next();
    expect(followed.run.attempt).toBe(1);
    expect(followed.job.reason).toBe("comment");
    followed.finish();
    await idle();
  });

  it("does not lose a request that came during the last attempt of a run that fails for good", async () => {
    await reopen({ attempts: 1 });
    const hand = byHand();
    work(hand);
    await queue.enqueue(scan("web"));
    const first = await hand.next();
    await queue.enqueue(scan("web"));
    first.finish(new Error("no"));

    (await hand.next()).finish();
    await idle();
    expect(await queue.failed()).toHaveLength(1);
  });

  it("starts at once, with all its attempts, what is asked for urgently while a retry waits", async () => {
    await reopen({ backoff: 3_600_000, longestBackoff: 3_600_000 });
    const hand = byHand();
    work(hand);
    await queue.enqueue(scan("web"));
    (await hand.next()).finish(new Error("the registry did not answer"));
    await holds({ delayed: 1 });

    expect(await queue.enqueue(scan("web", "schedule"))).toBe("folded");
    await holds({ delayed: 1, waiting: 0 });
    expect(await queue.enqueue(scan("web", "push"))).toBe("folded");

    const second = await hand.next();
    expect(second.run.attempt).toBe(1);
    second.finish();
    await idle();
  });

  it("never runs two jobs of one repository at once, and different ones side by side", async () => {
    const active = new Map<string, number>();
    let together = 0;
    let most = 0;
    const handler = async (job: { repository: { name: string } }) => {
      const { name } = job.repository;
      active.set(name, (active.get(name) ?? 0) + 1);
      most = Math.max(most, active.get(name) ?? 0);
      together = Math.max(together, [...active.values()].filter((n) => n > 0).length);
      await new Promise((resolve) => setImmediate(resolve));
      active.set(name, (active.get(name) ?? 0) - 1);
    };
    workers.push(queue.process(handler, { concurrency: 4 }), queue.process(handler, { concurrency: 4 }));

    const names = ["a", "b", "c"];
    for (let round = 0; round < 20; round++)
      await Promise.all(
        names.map((name) => queue.enqueue(scan(name, round % 2 === 0 ? "push" : "schedule"))),
      );

    await idle();
    expect(most).toBe(1);
    expect(together).toBeGreaterThan(1);
  });

  it("loses no request and runs no repository twice at once, whatever happens in whatever order", async () => {
    const chance = dice(20_260_105);
    const names = ["a", "b", "c"];
    const reasons = ["schedule", "installation", "push"] as const;
    let moment = 0;
    const asked = new Map<string, number>();
    const begun = new Map<string, number>();
    const active = new Set<string>();
    const overlaps: string[] = [];
    const handler: Handler = async ({ repository: { name } }) => {
      if (active.has(name)) overlaps.push(name);
      active.add(name);
      begun.set(name, ++moment);
      const fate = chance(10);
      await delay(chance(4));
      active.delete(name);
      if (fate < 3) throw new Error("it did not work");
      if (fate < 5) throw new RateLimitError("wait", new Date(Date.now() + chance(20)));
    };
    await reopen({ backoff: 5 });
    workers.push(queue.process(handler, { concurrency: 2 }), queue.process(handler, { concurrency: 2 }));

    for (let round = 0; round < 120; round++) {
      const name = names[chance(3)] ?? "a";
      asked.set(name, ++moment);
      await queue.enqueue(scan(name, reasons[chance(3)] ?? "push"), {
        delay: chance(4) === 0 ? chance(30) : 0,
      });
      await delay(chance(6));
    }

    await idle();
    expect(overlaps).toEqual([]);
    for (const name of names) expect(begun.get(name)).toBeGreaterThan(asked.get(name) ?? 0);
  });

  it("takes what is urgent first, and of equals the one that came first", async () => {
    await queue.enqueue(scan("nightly", "schedule"));
    await queue.enqueue(scan("new", "installation"));
    await queue.enqueue(scan("first", "push"));
    await queue.enqueue(scan("second", "manual"));

    expect(await order(4)).toEqual(["first", "second", "new", "nightly"]);
  });

  it("raises a scheduled job that is asked for urgently, and never lowers one", async () => {
    await queue.enqueue(scan("other", "schedule"));
    await queue.enqueue(scan("web", "schedule"));
    await queue.enqueue(scan("api", "push"));
    expect(await queue.enqueue(scan("web", "push"))).toBe("folded");
    expect(await queue.enqueue(scan("api", "schedule"))).toBe("folded");

    expect(await order(3)).toEqual(["api", "web", "other"]);
  });

  it("holds a delayed job back until its time, and an urgent request does not wait for it", async () => {
    await queue.enqueue(scan("later", "schedule"), { delay: 3_600_000 });
    await queue.enqueue(scan("soon", "schedule"), { delay: 40 });
    const hand = byHand();
    work(hand);

    const soon = await hand.next();
    expect(soon.job.repository.name).toBe("soon");
    soon.finish();
    await holds({ waiting: 0, running: 0, delayed: 1 });

    expect(await queue.enqueue(scan("later", "push"))).toBe("folded");
    const later = await hand.next();
    expect(later.job).toEqual(scan("later", "push"));
    later.finish();
    await idle();
  });

  it("brings a delayed job forward when it is asked for sooner, and not when later", async () => {
    await queue.enqueue(scan("web", "schedule"), { delay: 60_000 });
    expect(await queue.enqueue(scan("web", "schedule"), { delay: 3_600_000 })).toBe("folded");
    await holds({ delayed: 1, waiting: 0 });
    expect(await queue.enqueue(scan("web", "schedule"))).toBe("folded");
    await holds({ delayed: 0, waiting: 1 });
  });

  it("tries a failing job again, then keeps it as failed, and runs it once more when an operator asks", async () => {
    const ended: string[] = [];
    const hand = byHand();
    work(hand, 1, { ended: (_job, run, outcome) => ended.push(`${run.attempt} ${outcome.kind}`) });
    await queue.enqueue(scan("web"));
    for (let attempt = 1; attempt <= 3; attempt++) {
      const run = await hand.next();
      expect(run.run.attempt).toBe(attempt);
      run.finish(new Error(`attempt ${attempt} did not work`));
    }
    await holds({ waiting: 0, delayed: 0, running: 0, failed: 1 });
    expect(ended).toEqual(["1 retried", "2 retried", "3 failed"]);

    const [failed] = await queue.failed();
    expect(failed).toMatchObject({ job: scan("web"), reason: "attempt 3 did not work", attempts: 3 });

    expect(await queue.retry(failed?.id ?? "")).toBe(true);
    const again = await hand.next();
    expect(again.run.attempt).toBe(1);
    again.finish();
    await holds({ waiting: 0, delayed: 0, running: 0, failed: 0 });
    expect(await queue.retry(failed?.id ?? "")).toBe(false);
  });

  it("keeps only so many failed jobs, newest first, and forgets those that it is told to", async () => {
    await reopen({ attempts: 1 });
    const hand = byHand();
    work(hand);
    for (const name of ["a", "b", "c", "d"]) {
      await queue.enqueue(scan(name));
      (await hand.next()).finish(new Error(name));
      await idle();
    }

    const failed = await queue.failed();
    expect(failed.map(({ reason }) => reason)).toEqual(["d", "c", "b"]);
    expect(await queue.discard(failed[0]?.id ?? "")).toBe(true);
    expect((await queue.failed()).map(({ reason }) => reason)).toEqual(["c", "b"]);
  });

  it("puts a job off until a rate limit is over, at no cost of attempts", async () => {
    const hand = byHand();
    const outcomes: Outcome[] = [];
    work(hand, 1, { ended: (_job, _run, outcome) => outcomes.push(outcome) });
    await queue.enqueue(scan("web"));
    const retryAt = new Date(Date.now() + 150);
    (await hand.next()).finish(new RateLimitError("secondary rate limit", retryAt));

    const second = await hand.next();
    expect(Date.now()).toBeGreaterThanOrEqual(retryAt.getTime());
    expect(second.run.attempt).toBe(1);
    second.finish();
    await idle();
    expect(outcomes.map(({ kind }) => kind)).toEqual(["delayed", "done"]);
  });

  it("lets even an urgent request wait for the end of a rate limit", async () => {
    const hand = byHand();
    work(hand);
    await queue.enqueue(scan("web", "schedule"));
    (await hand.next()).finish(new RateLimitError("rate limit", new Date(Date.now() + 400)));
    await holds({ delayed: 1 });

    expect(await queue.enqueue(scan("web", "push"))).toBe("folded");
    await holds({ delayed: 1, waiting: 0 });

    const second = await hand.next();
    expect(second.job.reason).toBe("push");
    second.finish();
    await idle();
    expect(hand.begun).toBe(2);
  });

  it("finishes the running job when it is stopped, and takes no other", async () => {
    const hand = byHand();
    const worker = work(hand);
    await queue.enqueue(scan("web"));
    await queue.enqueue(scan("api"));
    const running = await hand.next();

    const stopped = worker.stop(10_000);
    expect(running.run.signal.aborted).toBe(false);
    running.finish();
    await stopped;

    expect(hand.begun).toBe(1);
    await holds({ waiting: 1, running: 0, failed: 0 });
  });

  it("gives the running job back when it does not end in time, at no cost of attempts", async () => {
    const hand = byHand();
    const outcomes: string[] = [];
    // With room for another, it must not take back at once what it has just given.
    const worker = work(hand, 2, { ended: (_job, _run, outcome) => outcomes.push(outcome.kind) });
    await queue.enqueue(scan("web"));
    const given = await hand.next();

    await worker.stop(0);
    expect(hand.begun).toBe(1);
    expect(given.run.signal.aborted).toBe(true);
    expect(outcomes).toEqual(["given back"]);
    await holds({ waiting: 1, running: 0 });

    const other = byHand();
    work(other);
    const taken = await other.next();
    expect(taken.run).toMatchObject({ id: given.run.id, attempt: 1 });
    taken.finish();
    await idle();
  });

  it("tells a job that takes too long, and counts it as a failed attempt", async () => {
    await reopen({ timeout: 50 });
    const hand = byHand();
    work(hand);
    await queue.enqueue(scan("web"));
    const slow = await hand.next();

    const second = await hand.next();
    expect(slow.run.signal.aborted).toBe(true);
    expect(second.run.attempt).toBe(2);
    second.finish();
    await idle();
  });

  it("can be reached", async () => {
    await expect(queue.check()).resolves.toBeUndefined();
  });

  async function order(count: number): Promise<readonly string[]> {
    const hand = byHand();
    work(hand);
    const names: string[] = [];
    while (names.length < count) {
      const attempt = await hand.next();
      names.push(attempt.job.repository.name);
      attempt.finish();
    }
    await idle();
    return names;
  }
}

/** Numbers from 0 up to `sides`, by chance and yet the same each time. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}
