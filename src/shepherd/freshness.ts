import type { Policies } from "../domain/policy.ts";
import type { PullRequests } from "../domain/ports.ts";
import type { PullRequestState } from "../domain/pull-request.ts";
import { policyOfPull } from "./look.ts";

/** What tells whether a pull request is merged as it is. */
export interface SeenBase {
  readonly pull: Pick<PullRequestState, "isOurs" | "isBehind" | "marker">;
  readonly strategy: "auto" | "disabled" | undefined;
  /** The files that it changes. */
  readonly own: readonly string[];
  /** The files that its base has changed since it was made. */
  readonly theirs: readonly string[];
}

/**
 * `rebase`: it is made anew on top of its base first: that asks for it, or has changed one of its files, and what git makes
 * of two lockfiles line by line no package manager has resolved. `wait`: that was asked for already. Pure.
 */
export function freshness({ pull, strategy, own, theirs }: SeenBase): "merge" | "rebase" | "wait" {
  const { isOurs, isBehind, marker } = pull;
  const isTouched = own.some((path) => theirs.includes(path));
  if (strategy === "disabled" || !isOurs || !(isBehind || isTouched)) return "merge";
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
  const base = await pulls.branch(pull.base);
  if (base === undefined || parentSha === undefined || base.sha === parentSha)
    return freshness({ pull, strategy, own: [], theirs: [] });
  const [own, theirs] = await Promise.all([
    pulls.changedFiles(parentSha, headSha),
    pulls.changedFiles(parentSha, base.sha),
  ]);
  return freshness({ pull, strategy, own, theirs });
}

/**
 * Whether another pull request is merged into the same base before this one: it stands on the head of its base, or is about
 * to, and no check of it has failed. All that are stale are made anew one by one, as each merge makes the others stale.
 */
export async function isBehindAnother(
  { number, base }: PullRequestState,
  pulls: Pick<PullRequests, "open" | "read" | "branch" | "checksOf">,
): Promise<boolean> {
  const head = await pulls.branch(base);
  for (const other of await pulls.open()) {
    if (other.number === number || other.base !== base) continue;
    const pull = await pulls.read(other.number);
    const isWaiting = pull?.state === "open" && pull.isOurs && pull.marker.automerge !== undefined;
    if (!isWaiting || pull.mergeable === false) continue;
    if (pull.marker.wanted === "rebase") return true;
    if (pull.parentSha !== head?.sha) continue;
    const checks = await pulls.checksOf(pull.headSha);
    if (checks.every(({ outcome }) => outcome === "passed" || outcome === "pending")) return true;
  }
  return false;
}
