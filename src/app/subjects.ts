import { isOurs } from "../domain/branch.ts";
import type { Job, JobReason } from "../queue/jobs.ts";

/** What is to be tended when something happens to a branch: the pull request of a trial, or that of the branch itself. */
export function subjectOf(branch: string): string | undefined {
  const trial = /^steeplejack\/bisect\/(\d+)\//.exec(branch)?.[1];
  if (trial !== undefined) return `#${trial}`;
  return isOurs(branch) ? branch : undefined;
}

/** The job that tends these; all that are open, without subjects. None where there is nothing to tend. */
export function tending(
  fullName: string,
  installationId: number,
  reason: JobReason,
  subjects?: readonly string[],
): readonly Job[] {
  const [owner = "", name = ""] = fullName.split("/");
  if (subjects?.length === 0) return [];
  const distinct = subjects === undefined ? undefined : [...new Set(subjects)];
  const named = distinct === undefined || distinct.length > 100 ? {} : { subjects: distinct };
  return [{ kind: "shepherd", repository: { owner, name }, installationId, reason, ...named }];
}
