import { z } from "zod";
import type { Job, JobReason } from "../queue/jobs.ts";

/** Every webhook of an App carries it. */
export const installationOf = z.object({ id: z.int().positive() });

/** One job for each repository, given as `owner/name`. */
export function scansOf(
  repositories: readonly string[],
  installationId: number,
  reason: JobReason,
): readonly Job[] {
  return repositories.map((fullName) => {
    const [owner = "", name = ""] = fullName.split("/");
    return { kind: "scan", repository: { owner, name }, installationId, reason };
  });
}
