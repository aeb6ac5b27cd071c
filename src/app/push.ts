import { z } from "zod";
import type { Job } from "../queue/jobs.ts";
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
 * The default branch moved, and a file that matters changed. The App's own pushes go to branches of its own, and so
 * make no job.
 */
export function onPush(data: unknown, isRelevant: (path: string) => boolean): readonly Job[] {
  const { ref, deleted, forced, commits, repository, installation } = payload.parse(data);
  if (deleted || ref !== `refs/heads/${repository.default_branch}`) return [];
  const files = commits.map(({ added, modified, removed }) => [...added, ...modified, ...removed]);
  // What the push does not tell could be anything: what a forced one threw away, and what no longer fits in the lists.
  const untold =
    forced ||
    commits.length === 0 ||
    commits.length >= mostCommits ||
    files.some((paths) => paths.length === 0 || paths.length >= mostFiles);
  if (!untold && !files.flat().some(isRelevant)) return [];
  return scansOf([repository.full_name], installation.id, "push");
}
