import { expect, it } from "vitest";
import { onProposedFiles } from "../../src/app/configuration.ts";
import { covers, fold, type Job } from "../../src/queue/jobs.ts";

const event = (action: string, ref: string) => ({
  action,
  pull_request: { number: 7, head: { ref } },
  repository: { full_name: "acme/web" },
  installation: { id: 1 },
});
const job: Job = {
  kind: "shepherd",
  repository: { owner: "acme", name: "web" },
  installationId: 1,
  reason: "pull-request",
  subjects: [],
  configurations: [7],
};

it.each<[string, string, readonly Job[]]>([
  ["opened", "feature", [job]],
  ["synchronize", "feature", [job]],
  ["reopened", "steeplejack/configure", [job]],
  ["synchronize", "steeplejack/npm/runtime", []],
  ["closed", "feature", []],
  ["labeled", "feature", []],
])("a pull request that is %s from %s", (action, ref, jobs) => {
  expect(onProposedFiles(event(action, ref))).toEqual(jobs);
});

it("is not lost when jobs become one", () => {
  const scan: Job = { kind: "scan", repository: job.repository, installationId: 1, reason: "schedule" };
  expect(fold(scan, job)).toEqual({ ...scan, reason: "pull-request", configurations: [7] });
  expect(fold(job, { ...job, subjects: ["#3"], configurations: [7, 8] })).toEqual({
    ...job,
    subjects: ["#3"],
    configurations: [7, 8],
  });
  const pushed: Job = { ...job, configurations: [], pushed: ["next"] };
  expect(fold(job, pushed)).toEqual({ ...job, pushed: ["next"] });
  expect(fold(scan, pushed)).not.toHaveProperty("pushed");
  expect([covers(job, pushed), covers(pushed, pushed), covers(scan, pushed)]).toEqual([false, true, true]);
  expect(covers(scan, job)).toBe(false);
  expect(covers(fold(scan, job), job)).toBe(true);
});
