import { type Move, movesOf } from "../domain/branch.ts";
import { confidenceOf } from "../domain/confidence.ts";
import type { Policies } from "../domain/policy.ts";
import type { PullRequests } from "../domain/ports.ts";
import type { PullRequestState } from "../domain/pull-request.ts";
import type { FileChange, UpdateGroup } from "../domain/types.ts";
import { type Action, nothing, type Verdict } from "./actions.ts";
import { atomsOf } from "./atoms.ts";
import { begin, decideChecks, givenUp, type Patience, type SeenChecks } from "./checks.ts";
import type { EvidenceBook } from "./evidence.ts";
import { freshnessOf, isBehindAnother } from "./freshness.ts";
import { look } from "./look.ts";
import { decideMerging } from "./merging.ts";
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

/** In milliseconds: what was merged has moved the base by then. */
const soon = 10_000;

/**
 * Looks at pull requests of the App and does what is to be done about each, turn by turn until there is nothing. What it
 * decides by is read from GitHub each time, so that a run that was killed is taken up by the next.
 */
export async function tend(numbers: readonly number[], world: ShepherdWorld): Promise<Tended> {
  const done: string[] = [];
  const waits: { readonly after: number; readonly subject: string }[] = [];
  const merged = new Set<string>();
  let scan = false;
  for (const number of numbers) {
    for (let turn = 0; turn < mostTurns; turn++) {
      world.signal?.throwIfAborted();
      const pull = await world.pulls.read(number);
      if (pull === undefined) break;
      // One by one: what is merged may be what another conflicts with.
      const { actions, again } = await turnOf(pull, world, merged.has(pull.base));
      for (const action of actions) {
        done.push(`#${number} ${action.kind}`);
        if (action.kind === "scan") scan = true;
        else {
          const isDone = await perform(action, pull, world);
          if (!isDone && action.kind === "try") await giveUp(pull, world);
          if (isDone && action.kind === "merge") merged.add(pull.base);
        }
      }
      if (actions.length > 0 && !actions.some(({ kind }) => isLast.has(kind))) continue;
      if (again !== undefined) waits.push({ after: again, subject: `#${number}` });
      break;
    }
  }
  if (waits.length === 0) return { done, scan };
  const after = Math.min(...waits.map((wait) => wait.after));
  return { done, scan, again: { after, subjects: waits.map(({ subject }) => subject) } };
}

/** After these there is nothing to see before something else has happened. */
const isLast: ReadonlySet<Action["kind"]> = new Set(["scan", "merge", "auto-merge"]);

async function turnOf(pull: PullRequestState, world: ShepherdWorld, isMerged: boolean): Promise<Verdict> {
  const seen = await look(pull, world);
  await witness(seen, world);
  const checked = await checksTurn(seen, world);
  if (checked.actions.length > 0) return checked;
  const merging = await mergingTurn(seen, world);
  if (merging.actions.length > 0) return isMerged ? { actions: [], again: soon } : merging;
  const waits = [checked.again, merging.again].flatMap((wait) => wait ?? []);
  return waits.length === 0 ? nothing : { actions: [], again: Math.min(...waits) };
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
  { pull, checks, now }: SeenChecks,
  { pulls, policies, evidence, patience }: ShepherdWorld,
): Promise<Verdict> {
  const { automerge, moves = [] } = pull.marker;
  if (automerge === undefined) return nothing;
  const confidence =
    automerge.confidence === undefined ? 1 : await lowestConfidence(evidence, ecosystemOf(pull), moves);
  const seen = { pull, checks, confidence, now };
  const merging = decideMerging({ ...seen, required: [] });
  if (!merging.actions.some(({ kind }) => kind === "merge")) return merging;
  const decided = decideMerging({ ...seen, required: await pulls.requiredChecks(pull.base) });
  if (decided.actions.length === 0) return decided;
  const fresh = await freshnessOf(pull, { pulls, policies });
  if (fresh === "rebase")
    return (await isBehindAnother(pull, pulls))
      ? { actions: [], again: patience.start }
      : { actions: [{ kind: "rebase" }, { kind: "scan" }] };
  return fresh === "wait" ? nothing : decided;
}

/** Of what nothing is known, nothing is sure; nor where it is not known what moves. */
async function lowestConfidence(
  evidence: EvidenceBook,
  ecosystem: string,
  moves: readonly Move[],
): Promise<number> {
  if (moves.length === 0) return 0;
  const known = await evidence.read(ecosystem, moves);
  return Math.min(
    1,
    ...moves.map(({ name }) => confidenceOf(known.get(name) ?? { passed: 0, failed: 0 }).low),
  );
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

function ecosystemOf({ marker: { key } }: PullRequestState): string {
  return key.split("/")[0] ?? "";
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
