import { z } from "zod";
import { isOurs } from "../domain/branch.ts";
import type { Job } from "../queue/jobs.ts";
import { installationOf } from "./payload.ts";
import { subjectOf, tending } from "./subjects.ts";

const pull = z.object({
  number: z.int().positive(),
  head: z.object({ ref: z.string() }),
});

const pullPayload = z.object({
  action: z.string(),
  pull_request: pull,
  sender: z.object({ login: z.string(), type: z.string().optional() }),
  repository: z.object({ full_name: z.string() }),
  installation: installationOf,
});

const commentPayload = z.object({
  action: z.string(),
  issue: z.object({ number: z.int().positive(), pull_request: z.unknown().optional() }),
  comment: z.object({ body: z.string().nullish() }),
  sender: z.object({ login: z.string(), type: z.string().optional() }),
  repository: z.object({ full_name: z.string() }),
  installation: installationOf,
});

const watched = new Set([
  "closed",
  "reopened",
  "synchronize",
  "labeled",
  "unlabeled",
  "edited",
  "ready_for_review",
  "converted_to_draft",
  "dequeued",
]);

/**
 * Somebody did something to a pull request of ours. What the App does to it is known to the App; but where one is closed or
 * merged, something may be left to clear away, such as what GitHub merges by itself.
 */
export function onPullRequest(data: unknown): readonly Job[] {
  const { action, pull_request: on, sender, repository, installation } = pullPayload.parse(data);
  const isTrial = subjectOf(on.head.ref)?.startsWith("#") === true;
  const isTold = action === "dequeued" || (action === "closed" && !isTrial);
  const isOwnDoing = sender.type === "Bot" && !isTold;
  if (!watched.has(action) || isOwnDoing) return [];
  return about(on, repository.full_name, installation.id, "pull-request");
}

/** Somebody approved a pull request of ours, asked for changes, or took that back. */
export function onReview(data: unknown): readonly Job[] {
  const { action, pull_request: on, repository, installation } = pullPayload.parse(data);
  if (action !== "submitted" && action !== "dismissed") return [];
  return about(on, repository.full_name, installation.id, "review");
}

function about(
  { number, head }: z.infer<typeof pull>,
  repository: string,
  installationId: number,
  reason: "pull-request" | "review",
): readonly Job[] {
  if (!isOurs(head.ref)) return [];
  const trial = subjectOf(head.ref);
  return tending(repository, installationId, reason, [
    trial?.startsWith("#") === true ? trial : `#${number}`,
  ]);
}

/**
 * A person says something to the App, in the conversation of a pull request: a line that begins with its name, or with what
 * GitHub calls it. While GitHub does not tell that, it is anybody's name: whether the App is meant is found out later.
 */
export async function onComment(
  data: unknown,
  slug: () => Promise<string | undefined>,
): Promise<readonly Job[]> {
  const { action, issue, comment, sender, repository, installation } = commentPayload.parse(data);
  if (action !== "created" && action !== "edited") return [];
  if (sender.type === "Bot" || issue.pull_request === undefined) return [];
  const named = [...(comment.body ?? "").matchAll(/^\s*@([\w-]+)/gm)].map(([, name = ""]) =>
    name.toLowerCase(),
  );
  if (named.length === 0) return [];
  const own = named.includes("steeplejack") ? "steeplejack" : (await slug())?.toLowerCase();
  if (own !== undefined && !named.includes(own)) return [];
  return tending(repository.full_name, installation.id, "comment", [`#${issue.number}`]);
}
