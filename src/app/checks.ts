import { z } from "zod";
import type { Job } from "../queue/jobs.ts";
import { installationOf } from "./payload.ts";
import { subjectOf, tending } from "./subjects.ts";

const repository = z.object({ full_name: z.string(), default_branch: z.string() });

const suitePayload = z.object({
  action: z.string(),
  check_suite: z.object({ head_branch: z.string().nullish(), conclusion: z.string().nullish() }),
  repository,
  installation: installationOf,
});

const statusPayload = z.object({
  state: z.string(),
  branches: z.array(z.object({ name: z.string() })).default([]),
  repository,
  installation: installationOf,
});

/** All checks of one App have ended on a commit. */
export function onCheckSuite(data: unknown): readonly Job[] {
  const { action, check_suite: suite, repository: of, installation } = suitePayload.parse(data);
  if (action !== "completed") return [];
  const green = suite.conclusion === "success";
  return afterChecks([suite.head_branch ?? ""], green, of, installation.id);
}

/** A commit has a status, such as a service outside GitHub gives. */
export function onStatus(data: unknown): readonly Job[] {
  const { state, branches, repository: of, installation } = statusPayload.parse(data);
  if (state === "pending") return [];
  return afterChecks(
    branches.map(({ name }) => name),
    state === "success",
    of,
    installation.id,
  );
}

/** Where the default branch is green, what waited for that goes on. */
function afterChecks(
  branches: readonly string[],
  green: boolean,
  { full_name: name, default_branch: main }: z.infer<typeof repository>,
  installationId: number,
): readonly Job[] {
  const subjects = branches.flatMap((branch) =>
    green && branch === main ? branch : (subjectOf(branch) ?? []),
  );
  return tending(name, installationId, "checks", subjects);
}
