import type { Job, ScanReason } from "../../src/queue/jobs.ts";
import type { Handler, Run } from "../../src/queue/queue.ts";

/** A scan of `acme/<name>`. */
export function scan(name: string, reason: ScanReason = "push"): Job {
  return { kind: "scan", repository: { owner: "acme", name }, installationId: 9001, reason };
}

export interface Attempt {
  readonly job: Job;
  readonly run: Run;
  /** Lets the handler resolve, or throw. */
  finish(error?: Error): void;
}

/** A handler that a test drives: each attempt waits until the test lets it end. */
export function byHand(): { handler: Handler; next: () => Promise<Attempt>; readonly begun: number } {
  const arrived: Attempt[] = [];
  const wanted: ((attempt: Attempt) => void)[] = [];
  let begun = 0;
  return {
    handler: (job, run) =>
      new Promise<void>((resolve, reject) => {
        begun++;
        run.signal.addEventListener("abort", () => reject(run.signal.reason));
        const attempt = {
          job,
          run,
          finish: (error?: Error) => (error === undefined ? resolve() : reject(error)),
        };
        const waiter = wanted.shift();
        if (waiter === undefined) arrived.push(attempt);
        else waiter(attempt);
      }),
    next: () => {
      const attempt = arrived.shift();
      return attempt === undefined
        ? new Promise((resolve) => {
            wanted.push(resolve);
          })
        : Promise.resolve(attempt);
    },
    get begun() {
      return begun;
    },
  };
}
