import { z } from "zod";
import type { Job } from "../queue/jobs.ts";
import { ticked } from "../shepherd/dashboard/boxes.ts";
import { dashboardMark, dashboardSubject } from "../shepherd/dashboard/mark.ts";
import { installationOf } from "./payload.ts";
import { tending } from "./subjects.ts";

const issuePayload = z.object({
  action: z.string(),
  issue: z.object({ body: z.string().nullish() }),
  sender: z.object({ login: z.string(), type: z.string().optional() }),
  repository: z.object({ full_name: z.string() }),
  installation: installationOf,
});

/** A person ticks a box of the dashboard. Whether they may, and what it means, is found out later. */
export function onIssue(data: unknown): readonly Job[] {
  const { action, issue, sender, repository, installation } = issuePayload.parse(data);
  const body = issue.body ?? "";
  if (action !== "edited" || sender.type === "Bot" || !body.includes(dashboardMark)) return [];
  if (ticked(body).length === 0) return [];
  return tending(repository.full_name, installation.id, "comment", [dashboardSubject(sender.login)]);
}
