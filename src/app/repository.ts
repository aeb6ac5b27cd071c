import { z } from "zod";
import type { Job } from "../queue/jobs.ts";
import { installationOf, scansOf } from "./payload.ts";

const payload = z.object({
  action: z.string(),
  changes: z.object({ default_branch: z.unknown().optional() }).optional(),
  repository: z.object({ full_name: z.string(), archived: z.boolean().default(false) }),
  installation: installationOf,
});

/** A repository has another name or owner, takes pull requests again, or has another default branch. */
export function onRepository(data: unknown): readonly Job[] {
  const { action, changes, repository, installation } = payload.parse(data);
  const moved = ["renamed", "transferred", "unarchived"].includes(action);
  const rebased = action === "edited" && changes?.default_branch !== undefined;
  if (repository.archived || !(moved || rebased)) return [];
  return scansOf([repository.full_name], installation.id, "repository");
}
