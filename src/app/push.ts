import { z } from "zod";
import { organisationPath, organisationRepository } from "../config/policy.ts";
import { isOurs } from "../domain/branch.ts";
import type { Job } from "../queue/jobs.ts";
import type { Repositories } from "./inventory.ts";
import { installationOf, scansOf } from "./payload.ts";

const commit = z.object({
  added: z.array(z.string()).default([]),
  modified: z.array(z.string()).default([]),
  removed: z.array(z.string()).default([]),
});

const payload = z.object({
  ref: z.string(),
  deleted: z.boolean().default(false),
  forced: z.boolean().default(false),
  commits: z.array(commit).default([]),
  repository: z.object({ full_name: z.string(), default_branch: z.string() }),
  installation: installationOf,
});

/** GitHub lists no more commits than this in a push, and no more files than this in a commit. */
const mostCommits = 2_048;
const mostFiles = 3_000;

/**
 * A branch moved, and a file that matters changed. Whether another than the default branch is one to propose to, the
 * configuration tells. The App's own pushes go to branches of its own, and so make no job.
 */
export function onPush(data: unknown, isRelevant: (path: string) => boolean): readonly Job[] {
  const event = payload.parse(data);
  const { ref, repository, installation } = event;
  const branch = /^refs\/heads\/(.{1,300})$/.exec(ref)?.[1];
  if (branch === undefined || isOurs(branch) || !touches(event, isRelevant)) return [];
  const scans = scansOf([repository.full_name], installation.id, "push");
  if (branch === repository.default_branch) return scans;
  return scans.map((scan) => ({ ...scan, kind: "shepherd", subjects: [], pushed: [branch] }));
}

/** What the organisation says for all its repositories changed: each of them may have to be looked at anew. */
export async function onOrganisationPush(
  data: unknown,
  repositoriesOf: Repositories,
): Promise<readonly Job[]> {
  const event = payload.parse(data);
  const { ref, repository, installation } = event;
  if (ref !== `refs/heads/${repository.default_branch}`) return [];
  const isOrganisations = repository.full_name.toLowerCase().endsWith(`/${organisationRepository}`);
  if (!isOrganisations || !touches(event, (path) => path === organisationPath)) return [];
  return scansOf(await repositoriesOf(installation.id), installation.id, "repository");
}

/** Whether a push may have changed such a file. */
function touches(
  { deleted, forced, commits }: z.infer<typeof payload>,
  isRelevant: (path: string) => boolean,
): boolean {
  if (deleted) return false;
  const files = commits.map(({ added, modified, removed }) => [...added, ...modified, ...removed]);
  // What the push does not tell could be anything: what a forced one threw away, and what no longer fits in the lists.
  const untold =
    forced ||
    commits.length === 0 ||
    commits.length >= mostCommits ||
    files.some((paths) => paths.length === 0 || paths.length >= mostFiles);
  return untold || files.flat().some(isRelevant);
}
