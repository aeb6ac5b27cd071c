import { afterEach, describe, expect, it } from "vitest";
import type { Inventory } from "../../src/app/inventory.ts";
import { nextSlot, startScheduler } from "../../src/app/scheduler.ts";
import { memoryQueue } from "../../src/queue/memory.ts";
import { logger } from "../../src/telemetry/logger.ts";

const log = logger({ level: "silent", format: "json" });
const hour = 3_600_000;
const started: { stop(): void }[] = [];
afterEach(() => {
  for (const scheduler of started.splice(0)) scheduler.stop();
});

describe("the scheduler", () => {
  it("asks for everything at the start, and two of them ask once", async () => {
    const queue = memoryQueue();
    const inventory = listing({ 1: ["acme/web", "acme/api"], 2: ["octocat/hello"] });
    for (let server = 0; server < 2; server++)
      started.push(startScheduler({ queue, inventory, every: 6 * hour, log }));

    await expect.poll(() => queue.counts()).toMatchObject({ waiting: 3, delayed: 0 });
    await expect.poll(() => inventory.looks).toBe(2);
    expect(await queue.counts()).toMatchObject({ waiting: 3, delayed: 0 });
  });

  it("asks again for each repository at its own minute, once in each span", async () => {
    const names = Array.from({ length: 60 }, (_, n) => `acme/r${n}`);
    const queue = memoryQueue();
    const inventory = listing({ 1: names });
    let now = Date.now();
    // Every look is an hour later than the one before, and nothing waits from one to the next.
    const asked: string[] = [];
    const recording = {
      ...queue,
      enqueue: async (job: Parameters<typeof queue.enqueue>[0], options?: { delay?: number }) => {
        asked.push(`${job.repository.name} ${inventory.looks} ${options?.delay ?? 0}`);
        return "added" as const;
      },
    };
    const clock = () => now;
    const scheduler = startScheduler({
      queue: recording,
      inventory,
      every: 6 * hour,
      lookEvery: 1,
      log,
      now: clock,
    });
    started.push(scheduler);
    await expect.poll(() => inventory.looks).toBe(1);
    await expect.poll(() => asked.length).toBe(60);
    scheduler.stop();
    now += hour;

    const again = names.map((name) => nextSlot(name, 6 * hour, now));
    expect(again.every((slot) => slot >= now && slot < now + 6 * hour)).toBe(true);
    expect(new Set(again).size).toBeGreaterThan(40);
    expect(names.map((name) => nextSlot(name, 6 * hour, now + 6 * hour))).toEqual(
      again.map((slot) => slot + 6 * hour),
    );
  });

  it("goes on without an installation that cannot be listed", async () => {
    const queue = memoryQueue();
    const inventory = listing({ 1: ["acme/web"], 2: [] });
    const broken: Inventory = {
      installations: () => inventory.installations(),
      repositories: async (id) => {
        if (id === 2) throw new Error("404");
        return inventory.repositories(id);
      },
    };
    started.push(startScheduler({ queue, inventory: broken, every: hour, log }));
    await expect.poll(() => queue.counts()).toMatchObject({ waiting: 1 });
  });
});

function listing(
  installed: Readonly<Record<number, readonly string[]>>,
): Inventory & { readonly looks: number } {
  let looks = 0;
  return {
    get looks() {
      return looks;
    },
    installations: async () => {
      looks++;
      return Object.keys(installed).map(Number);
    },
    repositories: async (id) => installed[id] ?? [],
  };
}
