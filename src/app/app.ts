import type { Probot } from "probot";
import type { Job } from "../queue/jobs.ts";
import { jobShape } from "../queue/jobs.ts";
import type { Queue } from "../queue/queue.ts";
import type { Logger } from "../telemetry/logger.ts";
import { onCheckSuite, onStatus } from "./checks.ts";
import { onProposedFiles } from "./configuration.ts";
import type { Deliveries } from "./deliveries.ts";
import { onInstallationRepositories } from "./installation-repositories.ts";
import { onInstallation } from "./installation.ts";
import type { Repositories } from "./inventory.ts";
import { onIssue } from "./issue.ts";
import { onComment, onPullRequest, onReview } from "./pull-request.ts";
import { onOrganisationPush, onPush } from "./push.ts";
import { onRepository } from "./repository.ts";

export interface AppOptions {
  readonly queue: Queue;
  readonly deliveries: Deliveries;
  readonly repositoriesOf: Repositories;
  /** What GitHub calls the App; `undefined` while it does not say. */
  readonly slug: () => Promise<string | undefined>;
  /** Whether a change of this path can change what a scan finds: a manifest, a lockfile, the configuration. */
  readonly isRelevant: (path: string) => boolean;
  readonly log: Logger;
}

/** Turns webhooks into jobs. What is to be done about a repository is decided by its scan, never here. */
export function listen(probot: Probot, options: AppOptions): void {
  const { isRelevant, repositoriesOf, slug } = options;
  const hear = (event: Heard, jobsOf: JobsOf) => probot.on(event, (told) => receive(told, jobsOf, options));
  hear("installation", (payload) => onInstallation(payload, repositoriesOf));
  hear("installation_repositories", onInstallationRepositories);
  hear("push", async (payload) => [
    ...onPush(payload, isRelevant),
    ...(await onOrganisationPush(payload, repositoriesOf)),
  ]);
  hear("repository", onRepository);
  hear("check_suite", onCheckSuite);
  hear("status", onStatus);
  hear("pull_request", (payload) => [...onPullRequest(payload), ...onProposedFiles(payload)]);
  hear("pull_request_review", onReview);
  hear("issue_comment", (payload) => onComment(payload, slug));
  hear("issues", onIssue);
}

/** What the App is told of; `app.yml` lists the same. */
type Heard =
  | "installation"
  | "installation_repositories"
  | "push"
  | "repository"
  | "check_suite"
  | "status"
  | "pull_request"
  | "pull_request_review"
  | "issue_comment"
  | "issues";

type JobsOf = (payload: unknown) => readonly Job[] | Promise<readonly Job[]>;

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
  jobsOf: JobsOf,
  { queue, deliveries, log: parent }: AppOptions,
): Promise<void> {
  const log = parent.child({ delivery: id, event: name });
  if (await deliveries.seen(id)) return log.info("delivery seen before");
  const jobs = await jobsOf(payload);
  for (const job of jobs) {
    const enqueued = await queue.enqueue(jobShape.parse({ ...job, delivery: id }));
    const { owner, name: repository } = job.repository;
    log.info({ repository: `${owner}/${repository}`, reason: job.reason, enqueued }, `${job.kind} asked for`);
  }
  if (jobs.length > 0) await deliveries.remember(id);
}
