import type { Policies } from "../domain/policy.ts";
import type { PullRequests } from "../domain/ports.ts";
import type { PullRequestState } from "../domain/pull-request.ts";
import { policyOfPull } from "./look.ts";

/** What tells whether a pull request is merged as it is. */
export interface SeenBase {
  readonly pull: Pick<PullRequestState, "isOurs" | "isBehind" | "mergeable" | "marker">;
  readonly strategy: "auto" | "disabled" | undefined;
  /** The files that it changes. */
  readonly own: readonly string[];
  /** The files that its base has changed since it was made. */
  readonly theirs: readonly string[];
}

/**
 * `rebase`: it is made anew on top of its base first: it conflicts with that, or that asks for it or has changed one of its
 * files, and what git makes of two lockfiles line by line no package manager has resolved. `wait`: that was asked for
 * already. Pure.
 */
export function freshness({ pull, strategy, own, theirs }: SeenBase): "merge" | "rebase" | "wait" {
  const { isOurs, isBehind, mergeable, marker } = pull;
  const isStale = isBehind || mergeable === false || own.some((path) => theirs.includes(path));
  if (strategy === "disabled" || !isOurs || !isStale) return "merge";
  return marker.wanted === undefined ? "rebase" : "wait";
}

/** Looks at the base of a pull request that is about to be merged. */
export async function freshnessOf(
  pull: PullRequestState,
  {
    pulls,
    policies,
  }: { readonly pulls: Pick<PullRequests, "branch" | "changedFiles">; readonly policies: Policies },
): Promise<ReturnType<typeof freshness>> {
  const { parentSha, headSha } = pull;
  const strategy = policyOfPull(pull, policies).rebaseStrategy;
  const base = pull.mergeable === false ? undefined : await pulls.branch(pull.base);
  if (base === undefined || parentSha === undefined || base.sha === parentSha)
    return freshness({ pull, strategy, own: [], theirs: [] });
  const [own, theirs] = await Promise.all([
    pulls.changedFiles(parentSha, headSha),
    pulls.changedFiles(parentSha, base.sha),
  ]);
  return freshness({ pull, strategy, own, theirs });
}
