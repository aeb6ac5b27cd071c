import type { Probot } from "probot";
import type { Job } from "../queue/jobs.ts";
import { jobShape } from "../queue/jobs.ts";
import type { Queue } from "../queue/queue.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Deliveries } from "./deliveries.ts";
import { onInstallationRepositories } from "./installation-repositories.ts";
import { onInstallation } from "./installation.ts";
import type { Repositories } from "./inventory.ts";
import { onPush } from "./push.ts";
import { onRepository } from "./repository.ts";

export interface AppOptions {
  readonly queue: Queue;
  readonly deliveries: Deliveries;
  readonly repositoriesOf: Repositories;
  /** Whether a change of this path can change what a scan finds: a manifest, a lockfile, the configuration. */
  readonly isRelevant: (path: string) => boolean;
  readonly log: Logger;
}

/** Turns webhooks into jobs. What is to be done about a repository is decided by its scan, never here. */
export function listen(probot: Probot, options: AppOptions): void {
  const { isRelevant, repositoriesOf } = options;
  const handlers = {
    installation: (payload: unknown) => onInstallation(payload, repositoriesOf),
    installation_repositories: onInstallationRepositories,
    push: (payload: unknown) => onPush(payload, isRelevant),
    repository: onRepository,
  };
  probot.on("installation", (event) => receive(event, handlers.installation, options));
  probot.on("installation_repositories", (event) =>
    receive(event, handlers.installation_repositories, options),
  );
  probot.on("push", (event) => receive(event, handlers.push, options));
  probot.on("repository", (event) => receive(event, handlers.repository, options));
}

interface Event {
  readonly id: string;
  readonly name: string;
  readonly payload: unknown;
}

/**
 * A delivery counts as seen only once its jobs are in the queue: when that fails, GitHub is told so, and sending it
 * again works.
 */
async function receive(
  { id, name, payload }: Event,
  jobsOf: (payload: unknown) => readonly Job[] | Promise<readonly Job[]>,
  { queue, deliveries, log: parent }: AppOptions,
): Promise<void> {
  const log = parent.child({ delivery: id, event: name });
  if (await deliveries.seen(id)) return log.info("delivery seen before");
  const jobs = await jobsOf(payload);
  for (const job of jobs) {
    const enqueued = await queue.enqueue(jobShape.parse({ ...job, delivery: id }));
    const { owner, name: repository } = job.repository;
    log.info({ repository: `${owner}/${repository}`, reason: job.reason, enqueued }, "scan asked for");
  }
  if (jobs.length > 0) await deliveries.remember(id);
}
