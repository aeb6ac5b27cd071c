import type { Marker } from "./branch.ts";

/** One pull request of the App, as GitHub has it. */
export interface PullRequestState {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly body: string;
  readonly state: "open" | "closed" | "merged";
  readonly branch: string;
  /** The branch that it is for. */
  readonly base: string;
  readonly headSha: string;
  /** The commit that it was made on. Absent where its head is a merge. */
  readonly parentSha?: string;
  readonly isDraft: boolean;
  /** Whether every commit in it is the App's. */
  readonly isOurs: boolean;
  /** `undefined` while GitHub works it out. */
  readonly mergeable: boolean | undefined;
  /** Whether its base asks for branches that are up to date, and this one is not. */
  readonly isBehind: boolean;
  /** Whether GitHub merges it by itself once everything it asks for is there. */
  readonly autoMerge: boolean;
  readonly labels: readonly string[];
  readonly marker: Marker;
}

/** The latest word of one check on a commit: a check run, or a commit status. */
export interface Check {
  readonly name: string;
  /** `inconclusive` where it was cancelled or waits for a person. */
  readonly outcome: "pending" | "passed" | "failed" | "inconclusive";
  /** Another each time that it runs. */
  readonly stamp: string;
  readonly url?: string;
  /** What it says of itself: Markdown from outside, not safe to show as it is. */
  readonly summary?: string;
  /** GitHub's id of a check run; a commit status has none, and nobody can ask for it again. */
  readonly run?: number;
}

/** A comment in the conversation of a pull request or an issue. */
export interface Comment {
  readonly id: number;
  readonly author: string;
  readonly body: string;
  /** Whether the App wrote it. */
  readonly isOurs: boolean;
}

/** Where a pull request is with regard to its base's merge queue. */
export interface QueuePlace {
  readonly isQueued: boolean;
  /** Why it was taken out the last time, in GitHub's word, such as `FAILED_CHECKS`. */
  readonly removedFor?: string;
}

/** How a pull request is merged. */
export type MergeMethod = (typeof mergeMethods)[number];

export const mergeMethods = ["merge", "squash", "rebase"] as const;

/**
 * `queued`: it waits in its base's merge queue. `moved`: its head is no longer the one that was judged. `refused`: GitHub
 * does not let it, and says why.
 */
export type Merging =
  | { readonly kind: "merged" }
  | { readonly kind: "queued" }
  | { readonly kind: "moved" }
  | { readonly kind: "refused"; readonly reason: string };
