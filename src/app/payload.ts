import { z } from "zod";
import type { Job, ScanReason } from "../queue/jobs.ts";

/** Every webhook of an App carries it. */
export const installationOf = z.object({ id: z.int().positive() });

/** One job for each repository, given as `owner/name`. */
export function scansOf(
  repositories: readonly string[],
  installationId: number,
  reason: ScanReason,
): readonly Job[] {
  return repositories.map((fullName) => {
    const [owner = "", name = ""] = fullName.split("/");
    return { kind: "scan", repository: { owner, name }, installationId, reason };
  });
}
