import { z } from "zod";
import { configurationBranch, isOurs } from "../domain/branch.ts";
import type { Job } from "../queue/jobs.ts";
import { installationOf } from "./payload.ts";

const payload = z.object({
  action: z.string(),
  pull_request: z.object({ number: z.int().positive(), head: z.object({ ref: z.string() }) }),
  repository: z.object({ full_name: z.string() }),
  installation: installationOf,
});

/** A pull request brings new commits: should they touch the configuration, they are judged. Whose it is does not matter. */
export function onProposedFiles(data: unknown): readonly Job[] {
  const { action, pull_request: pull, repository, installation } = payload.parse(data);
  if (!["opened", "reopened", "synchronize"].includes(action)) return [];
  // What the App itself proposes touches none, but for the one that proposes a configuration.
  if (isOurs(pull.head.ref) && pull.head.ref !== configurationBranch) return [];
  const [owner = "", name = ""] = repository.full_name.split("/");
  return [
    {
      kind: "shepherd",
      repository: { owner, name },
      installationId: installation.id,
      reason: "pull-request",
      subjects: [],
      configurations: [pull.number],
    },
  ];
}
