import { movesOf } from "../domain/branch.ts";
import type { Policies } from "../domain/policy.ts";
import type { PullRequests } from "../domain/ports.ts";
import type { PullRequestState } from "../domain/pull-request.ts";
import type { FileChange, UpdateGroup } from "../domain/types.ts";
import { type Action, nothing, type Verdict } from "./actions.ts";
import { atomsOf } from "./atoms.ts";
import { begin, decideChecks, givenUp, type Patience, type SeenChecks } from "./checks.ts";
import { type EvidenceBook, lowestConfidence } from "./evidence.ts";
import { freshnessOf } from "./freshness.ts";
import { type Line, lineOf } from "./line.ts";
import { ecosystemOf, look } from "./look.ts";
import { decideMerging, isOnItsWay } from "./merging.ts";
import { readNote } from "./note.ts";
import { perform } from "./perform.ts";
import { bisectKey, bisectShape } from "./state.ts";

/** All that shepherding reads from and acts on. */
export interface ShepherdWorld {
  readonly pulls: PullRequests;
  /** Of the default branch; those of others are in it. */
  readonly policies: Policies;
  /** The group that a pull request was made for, from the commit that it was made on; `undefined` when that would be another now. */
  readonly groupOf: (pull: PullRequestState) => Promise<UpdateGroup | undefined>;
  /** The files of some of its updates, on top of that commit; `undefined` where not all of them can be written. */
  readonly write: (pull: PullRequestState, group: UpdateGroup) => Promise<readonly FileChange[] | undefined>;
  readonly evidence: EvidenceBook;
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

/** In milliseconds: what was merged has moved the base by then, and GitHub knows what merges into it. */
const soon = 10_000;

/**
 * Looks at pull requests of the App and does what is to be done about each, turn by turn until there is nothing. What it
 * decides by is read from GitHub each time, so that a run that was killed is taken up by the next.
 */
export async function tend(numbers: readonly number[], world: ShepherdWorld): Promise<Tended> {
  const done: string[] = [];
  const waits: { readonly after: number; readonly subject: string }[] = [];
  const merged = new Set<string>();
  const line = lineOf(world);
  const left = new Set<number>();
  let scan = false;
  // Grows by those that waited for one that has left the line.
  const due = [...numbers];
  for (const number of due) {
    for (let turn = 0; turn < mostTurns; turn++) {
      world.signal?.throwIfAborted();
      const pull = await world.pulls.read(number);
      if (pull === undefined) break;
      // One by one: what is merged may be what another conflicts with.
      const { actions, again, leaves } = await turnOf(pull, world, { line, isMerged: merged.has(pull.base) });
      let hasLeft = leaves;
      for (const action of actions) {
        done.push(`#${number} ${action.kind}`);
        if (action.kind === "scan") scan = true;
        else {
          const isDone = await perform(action, pull, world);
          if (!isDone && action.kind === "try") await giveUp(pull, world);
          if (isDone && action.kind === "merge") merged.add(pull.base);
          if (!isDone && action.kind === "merge") hasLeft = true;
          if (action.kind !== "wait") line.moved(action.kind === "rebase" ? number : undefined);
        }
      }
      if (actions.length > 0 && !actions.some(({ kind }) => isLast.has(kind))) continue;
      if (again !== undefined) waits.push({ after: again, subject: `#${number}` });
      if (hasLeft && !left.has(number)) due.push(...(await waitingBehind(number, world)));
      if (hasLeft) left.add(number);
      break;
    }
  }
  if (waits.length === 0) return { done, scan };
  const after = Math.min(...waits.map((wait) => wait.after));
  return { done, scan, again: { after, subjects: waits.map(({ subject }) => subject) } };
}

/** After these there is nothing to see before something else has happened. */
const isLast: ReadonlySet<Action["kind"]> = new Set(["scan", "merge", "auto-merge"]);

/** Those that are told to wait for this one. */
async function waitingBehind(number: number, { pulls }: ShepherdWorld): Promise<readonly number[]> {
  return (await pulls.open()).flatMap((other) => (other.behind === number ? [other.number] : []));
}

/** `leaves`: it is merged by now, or needs a person, and others need not wait for it. */
async function turnOf(
  pull: PullRequestState,
  world: ShepherdWorld,
  { line, isMerged }: { readonly line: Line; readonly isMerged: boolean },
): Promise<Verdict & { readonly leaves: boolean }> {
  const seen = await look(pull, world);
  await witness(seen, world);
  const confidence = await lowestConfidence(world.evidence, pull);
  const leaves = pull.marker.automerge !== undefined && !isOnItsWay({ ...seen, confidence });
  const checked = await checksTurn(seen, world);
  if (checked.actions.length > 0) return { ...checked, leaves };
  const merging = await mergingTurn({ ...seen, confidence }, world, line);
  if (merging.actions.length > 0)
    return isMerged ? { actions: [], again: soon, leaves } : { ...merging, leaves };
  const waits = [checked.again, merging.again].flatMap((wait) => wait ?? []);
  return { actions: [], leaves, ...(waits.length > 0 && { again: Math.min(...waits) }) };
}

/** Only what begins needs to know how the group was planned. */
async function checksTurn(
  seen: SeenChecks,
  { groupOf, evidence, isAfterScan }: ShepherdWorld,
): Promise<Verdict> {
  const verdict = decideChecks(seen);
  if (verdict !== "begin") return verdict;
  const { moves } = seen.pull.marker;
  if (moves !== undefined && moves.length < 2) return nothing;
  const group = await groupOf(seen.pull);
  if (group !== undefined) {
    // A marker names what it moves up to some number.
    const known = await evidence.read(ecosystemOf(seen.pull), moves ?? movesOf(group));
    return begin(seen, atomsOf(group, known, seen.pull.marker.breaks));
  }
  return isAfterScan ? nothing : { actions: [{ kind: "scan" }] };
}

/** What its base asks for is only looked up where all else is so. */
async function mergingTurn(
  seen: SeenChecks & { readonly confidence: number },
  world: ShepherdWorld,
  line: Line,
): Promise<Verdict> {
  const { pull } = seen;
  if (pull.marker.automerge === undefined || pull.state !== "open") return nothing;
  const merging = decideMerging({ ...seen, required: [] });
  const [first] = merging.actions;
  if (first !== undefined && first.kind !== "merge") return merging;
  // Whatever its checks say: of what conflicts GitHub runs none.
  if (pull.mergeable === false) return (await staleTurn(pull, world, line)) ?? nothing;
  if (pull.mergeable === undefined) return { actions: [], again: soon };
  if (first === undefined) return merging;
  const decided = decideMerging({ ...seen, required: await world.pulls.requiredChecks(pull.base) });
  if (decided.actions.length === 0) return decided;
  return (await staleTurn(pull, world, line)) ?? decided;
}

/** Has what is stale made anew when its turn comes; `undefined` for what is merged as it is. */
async function staleTurn(
  pull: PullRequestState,
  world: ShepherdWorld,
  line: Line,
): Promise<Verdict | undefined> {
  const fresh = await freshnessOf(pull, world);
  if (fresh !== "rebase") return fresh === "merge" ? undefined : nothing;
  const ahead = await line.ahead(pull);
  if (ahead === undefined) return { actions: [{ kind: "rebase" }, { kind: "scan" }] };
  const behind = ahead.pull.number;
  return {
    actions: pull.marker.behind === behind ? [] : [{ kind: "wait", behind }],
    // What takes too long to be ready tells nobody; when the next is made anew, all are looked at.
    ...(ahead.place === "ready" && { again: world.patience.start }),
  };
}

/** Takes down what the checks say of each step: that all pass, or that the only one fails where its base does not. */
async function witness({ pull, checks, baseChecks }: SeenChecks, { evidence }: ShepherdWorld): Promise<void> {
  const { moves = [] } = pull.marker;
  const outcomes = new Set(checks.map(({ outcome }) => outcome));
  if (pull.state !== "open" || !pull.isOurs || outcomes.has("pending") || outcomes.has("inconclusive"))
    return;
  const isGreen = checks.length > 0 && !outcomes.has("failed");
  const isBaseGreen = !baseChecks.some(({ outcome }) => outcome === "failed");
  const isToBlame = outcomes.has("failed") && moves.length === 1 && isBaseGreen;
  if (!isGreen && !isToBlame) return;
  for (const move of moves) await evidence.record(ecosystemOf(pull), move, isGreen);
}

async function giveUp(pull: PullRequestState, world: ShepherdWorld): Promise<void> {
  const seen = await look(pull, world);
  if (seen.state?.phase === "search" && seen.state.trials.at(-1)?.outcome === undefined)
    await perform(givenUp(seen, seen.state), pull, world);
}

/** Those whose search waits for their base to be mended. */
export async function waitingForBase(
  numbers: readonly number[],
  pulls: Pick<PullRequests, "commentsOn">,
): Promise<readonly number[]> {
  const waiting: number[] = [];
  for (const number of numbers) {
    const state = readNote(await pulls.commentsOn(number), bisectKey, bisectShape);
    if (state?.phase === "red base") waiting.push(number);
  }
  return waiting;
}
