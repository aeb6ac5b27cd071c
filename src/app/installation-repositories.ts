import { z } from "zod";
import type { Job } from "../queue/jobs.ts";
import { installationOf, scansOf } from "./payload.ts";

const payload = z.object({
  installation: installationOf,
  repositories_added: z.array(z.object({ full_name: z.string() })).default([]),
});

/** Somebody gave the App more repositories, or made one where it sees all. Those taken away need nothing. */
export function onInstallationRepositories(data: unknown): readonly Job[] {
  const { installation, repositories_added: added } = payload.parse(data);
  return scansOf(
    added.map(({ full_name }) => full_name),
    installation.id,
    "installation",
  );
}
