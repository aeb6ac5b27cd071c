import { createHash } from "node:crypto";
import { messageOf } from "../domain/errors.ts";
import type { Queue } from "../queue/queue.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Inventory } from "./inventory.ts";
import { scansOf } from "./payload.ts";

export interface SchedulerOptions {
  readonly queue: Queue;
  readonly inventory: Inventory;
  /** How often each repository is scanned, in milliseconds. */
  readonly every: number;
  /** How often GitHub is asked what there is, in milliseconds; an hour, or `every` when that is less. */
  readonly lookEvery?: number;
  readonly log: Logger;
  readonly now?: () => number;
}

const hour = 3_600_000;
const minute = 60_000;

/**
 * Asks for the scan of every repository, again and again, and keeps no state: at the start all are due, since nobody
 * knows what was missed, and then each has a minute of its own, made from its name, so that they spread evenly and
 * several servers agree. What two servers ask for becomes one job.
 */
export function startScheduler(options: SchedulerOptions): { stop(): void } {
  const { log, lookEvery = Math.min(hour, options.every), now = Date.now } = options;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  /** Everything due before this moment has been asked for. */
  let covered: number | undefined;

  const look = async () => {
    const until = now() + lookEvery;
    let wait = lookEvery;
    try {
      const asked = await ask(options, covered, until);
      covered = until;
      log.info({ asked }, "scheduled");
    } catch (error) {
      wait = Math.min(lookEvery, minute);
      log.warn({ err: error }, `could not schedule, trying again soon: ${messageOf(error)}`);
    }
    if (!stopped) timer = setTimeout(() => void look(), wait);
  };
  void look();

  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Asks for what is due from `from` until `until`; all of it at once without `from`. Gives how many were asked for. */
async function ask(
  { queue, inventory, every, log, now = Date.now }: SchedulerOptions,
  from: number | undefined,
  until: number,
): Promise<number> {
  let asked = 0;
  for (const installation of await inventory.installations()) {
    const names = await inventory.repositories(installation).catch((error: unknown) => {
      // One that was removed or suspended this moment must not keep the others from being scanned.
      log.warn({ installation, err: error }, "an installation could not be listed");
      return [];
    });
    for (const job of scansOf(names, installation, "schedule")) {
      const due =
        from === undefined ? now() : nextSlot(`${job.repository.owner}/${job.repository.name}`, every, from);
      if (due >= until) continue;
      await queue.enqueue(job, { delay: Math.max(0, due - now()) });
      asked++;
    }
  }
  return asked;
}

/** The first moment not before `from` at which a repository is due: at the same minute of each span, by its name. */
export function nextSlot(repository: string, every: number, from: number): number {
  const digest = createHash("sha256").update(repository.toLowerCase()).digest();
  const offset = (digest.readUInt32BE() % Math.ceil(every / minute)) * minute;
  return Math.ceil((from - offset) / every) * every + offset;
}
