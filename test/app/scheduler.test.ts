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

  it("finds each repository due once in each span, at a minute of its own", () => {
    const names = Array.from({ length: 60 }, (_, n) => `acme/r${n}`);
    const start = Date.UTC(2026, 0, 5, 10, 17, 23);
    const windows = Array.from({ length: 12 }, (_, n) => start + n * hour);

    const due = windows.flatMap((from) =>
      names
        .map((name) => ({ name, at: nextSlot(name, 6 * hour, from) }))
        .filter(({ at }) => at < from + hour),
    );

    for (const name of names) {
      const [first, second, ...more] = due.filter((one) => one.name === name).map(({ at }) => at);
      expect(more).toEqual([]);
      expect((second ?? 0) - (first ?? 0)).toBe(6 * hour);
    }
    expect(new Set(due.map(({ at }) => at)).size).toBeGreaterThan(90);
    expect(nextSlot("Acme/R1", 6 * hour, start)).toBe(nextSlot("acme/r1", 6 * hour, start));
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
