import type { Policies } from "../domain/policy.ts";
import type { PullRequests } from "../domain/ports.ts";
import type { PullRequestState } from "../domain/pull-request.ts";
import type { FileChange, UpdateGroup } from "../domain/types.ts";
import { nothing, type Verdict } from "./actions.ts";
import { atomsOf } from "./atoms.ts";
import { begin, decideChecks, givenUp, type Patience, type SeenChecks } from "./checks.ts";
import { look } from "./look.ts";
import { perform } from "./perform.ts";

/** All that shepherding reads from and acts on. */
export interface ShepherdWorld {
  readonly pulls: PullRequests;
  /** Of the default branch; those of others are in it. */
  readonly policies: Policies;
  /** The group that a pull request was made for, from the commit that it was made on; `undefined` when that would be another now. */
  readonly groupOf: (pull: PullRequestState) => Promise<UpdateGroup | undefined>;
  /** The files of some of its updates, on top of that commit; `undefined` where not all of them can be written. */
  readonly write: (pull: PullRequestState, group: UpdateGroup) => Promise<readonly FileChange[] | undefined>;
  readonly patience: Patience;
  /** Whether the repository has just been scanned: another scan would find nothing new. */
  readonly isAfterScan: boolean;
  readonly now: () => Date;
  readonly signal?: AbortSignal;
}

/** What became of the pull requests that were tended. */
export interface Tended {
  /** What was done, such as `#12 say`. */
  readonly done: readonly string[];
  /** Whether the repository is to be scanned. */
  readonly scan: boolean;
  /** When to look at which again without being told: in milliseconds. */
  readonly again?: { readonly after: number; readonly subjects: readonly string[] };
}

/** A pull request takes no more turns at a time; what is left is done the next time. */
const mostTurns = 12;

/**
 * Looks at pull requests of the App and does what is to be done about each, turn by turn until there is nothing. What it
 * decides by is read from GitHub each time, so that a run that was killed is taken up by the next.
 */
export async function tend(numbers: readonly number[], world: ShepherdWorld): Promise<Tended> {
  const done: string[] = [];
  const waits: { readonly after: number; readonly subject: string }[] = [];
  let scan = false;
  for (const number of numbers) {
    for (let turn = 0; turn < mostTurns; turn++) {
      world.signal?.throwIfAborted();
      const pull = await world.pulls.read(number);
      if (pull === undefined) break;
      const { actions, again } = await turnOf(await look(pull, world), world);
      for (const action of actions) {
        done.push(`#${number} ${action.kind}`);
        if (action.kind === "scan") scan = true;
        else if (!(await perform(action, pull, world)) && action.kind === "try") await giveUp(pull, world);
      }
      if (actions.length > 0 && !actions.some(({ kind }) => kind === "scan")) continue;
      if (again !== undefined) waits.push({ after: again, subject: `#${number}` });
      break;
    }
  }
  if (waits.length === 0) return { done, scan };
  const after = Math.min(...waits.map((wait) => wait.after));
  return { done, scan, again: { after, subjects: waits.map(({ subject }) => subject) } };
}

/** Only what begins needs to know how the group was planned. */
async function turnOf(seen: SeenChecks, { groupOf, isAfterScan }: ShepherdWorld): Promise<Verdict> {
  const verdict = decideChecks(seen);
  if (verdict !== "begin") return verdict;
  if (seen.pull.marker.moves?.length === 1) return nothing;
  const group = await groupOf(seen.pull);
  if (group !== undefined) return begin(seen, atomsOf(group));
  return isAfterScan ? nothing : { actions: [{ kind: "scan" }] };
}

async function giveUp(pull: PullRequestState, world: ShepherdWorld): Promise<void> {
  const seen = await look(pull, world);
  if (seen.state?.phase === "search" && seen.state.trials.at(-1)?.outcome === undefined)
    await perform(givenUp(seen, seen.state), pull, world);
}
