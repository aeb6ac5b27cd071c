import type { Policies, Policy } from "../domain/policy.ts";
import type { Check, PullRequestState } from "../domain/pull-request.ts";
import type { SeenChecks } from "./checks.ts";
import { commentOf, readNote } from "./note.ts";
import type { ShepherdWorld } from "./shepherd.ts";
import { bisectKey, bisectShape, type BisectState, trialBranch } from "./state.ts";

/** What there is to see of a pull request, asking for no more than what its decisions need. */
export async function look(pull: PullRequestState, world: ShepherdWorld): Promise<SeenChecks> {
  const { pulls, policies, patience, isAfterScan } = world;
  const { number, headSha, parentSha, state: status } = pull;
  const policy = policyOfPull(pull, policies).bisect;
  const common = { pull, policy, patience, isAfterScan, now: world.now() };
  if (status !== "open" || parentSha === undefined)
    return { ...common, checks: [], baseChecks: [], branches: await pulls.branches(trialBranch(number)) };

  const [checks, comments] = await Promise.all([
    pulls.checksOf(headSha),
    policy.mode === "off" ? [] : pulls.commentsOn(number),
  ]);
  const note = readNote(comments, bisectKey, bisectShape);
  const state = note?.digest === pull.marker.digest && note.parent === parentSha ? note : undefined;
  const isRed = checks.some(({ outcome }) => outcome === "failed");
  const asksBase = state === undefined ? isRed : state.phase === "red base";
  const isSearched = commentOf(comments, bisectKey) !== undefined;
  const [baseChecks, newBaseChecks, branches, trial] = await Promise.all([
    asksBase ? pulls.checksOf(parentSha) : [],
    state?.phase === "red base" ? checksOfHead(pull, world) : [],
    isSearched ? pulls.branches(trialBranch(number)) : [],
    trialOf(state, number, world),
  ]);
  return {
    ...common,
    checks,
    baseChecks,
    newBaseChecks,
    branches,
    isToldSize: commentOf(comments, "size") !== undefined,
    ...(state && { state }),
    ...(trial && { trial }),
  };
}

async function checksOfHead(
  { base, parentSha }: PullRequestState,
  { pulls }: ShepherdWorld,
): Promise<readonly Check[]> {
  const head = await pulls.branch(base);
  return head === undefined || head.sha === parentSha ? [] : pulls.checksOf(head.sha);
}

async function trialOf(
  state: BisectState | undefined,
  number: number,
  { pulls }: ShepherdWorld,
): Promise<SeenChecks["trial"]> {
  if (state?.phase !== "search" || state.trials.at(-1)?.outcome !== undefined) return undefined;
  const branch = await pulls.branch(trialBranch(number, state.trials.length));
  return branch === undefined
    ? { checks: [] }
    : { since: branch.at, checks: await pulls.checksOf(branch.sha) };
}

export function ecosystemOf({ marker: { key } }: Pick<PullRequestState, "marker">): string {
  return key.split("/")[0] ?? "";
}

/** By what the key of a pull request says of its project. */
export function policyOfPull({ marker: { key }, base }: PullRequestState, policies: Policies): Policy {
  const [, ecosystem = "", root = ""] = /^([^/]+)\/.*?(?: in (.*?))?(?: on .*)?$/.exec(key) ?? [];
  return (policies.branches.get(base) ?? policies).forProject({ ecosystem, root });
}
