import type { Job, JobReason } from "../../src/queue/jobs.ts";
import type { Again, Handler, Run } from "../../src/queue/queue.ts";

/** A scan of `acme/<name>`. */
export function scan(name: string, reason: JobReason = "push"): Job {
  return { kind: "scan", repository: { owner: "acme", name }, installationId: 9001, reason };
}

/** Pull requests of `acme/<name>` to be tended; all without subjects. */
export function shepherd(name: string, subjects?: readonly string[], reason: JobReason = "checks"): Job {
  return { ...scan(name, reason), kind: "shepherd", ...(subjects === undefined ? {} : { subjects }) };
}

export interface Attempt {
  readonly job: Job;
  readonly run: Run;
  /** Lets the handler resolve, with what is to be done later, or throw. */
  finish(result?: Error | Again): void;
}

/** A handler that a test drives: each attempt waits until the test lets it end. */
export function byHand(): { handler: Handler; next: () => Promise<Attempt>; readonly begun: number } {
  const arrived: Attempt[] = [];
  const wanted: ((attempt: Attempt) => void)[] = [];
  let begun = 0;
  return {
    handler: (job, run) =>
      new Promise<Again | undefined>((resolve, reject) => {
        begun++;
        run.signal.addEventListener("abort", () => reject(run.signal.reason));
        const attempt = {
          job,
          run,
          finish: (result?: Error | Again) => (result instanceof Error ? reject(result) : resolve(result)),
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
