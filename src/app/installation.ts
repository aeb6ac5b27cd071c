import { z } from "zod";
import type { Job } from "../queue/jobs.ts";
import type { Repositories } from "./inventory.ts";
import { installationOf, scansOf } from "./payload.ts";

const payload = z.object({
  action: z.string(),
  installation: installationOf,
  repositories: z.array(z.object({ full_name: z.string() })).optional(),
});

/** The App was installed, may do more than before, or is back: everything it may see is scanned. */
export async function onInstallation(data: unknown, repositoriesOf: Repositories): Promise<readonly Job[]> {
  const { action, installation, repositories } = payload.parse(data);
  if (!["created", "new_permissions_accepted", "unsuspend"].includes(action)) return [];
  // Only `created` lists the repositories.
  const names = repositories?.map(({ full_name }) => full_name) ?? (await repositoriesOf(installation.id));
  return scansOf(names, installation.id, "installation");
}
