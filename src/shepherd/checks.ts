import type { BisectPolicy } from "../domain/policy.ts";
import type { Check, PullRequestState } from "../domain/pull-request.ts";
import { type Action, nothing, type Verdict } from "./actions.ts";
import type { TrialOutcome } from "./bisect.ts";
import { bisectText, tooLarge } from "./report.ts";
import {
  type BisectAtom,
  bisectKey,
  type BisectState,
  conclusionOf,
  type Failure,
  namesOf,
  packedAtoms,
  stepOf,
  trialBranch,
  type TrialState,
} from "./state.ts";

/** What of a pull request the search looks at. */
export interface SeenChecks {
  readonly pull: PullRequestState;
  /** Of its head. */
  readonly checks: readonly Check[];
  /** Of the commit that it was made on; empty where none of its own failed. */
  readonly baseChecks: readonly Check[];
  /** Of the head of its base, where that has moved on and is asked about: while the commit that it was made on is red. */
  readonly newBaseChecks?: readonly Check[];
  /** Where the search is; absent when there was none for this content on this commit. */
  readonly state?: BisectState;
  /** Of the trial that runs. */
  readonly trial?: { readonly since?: Date; readonly checks: readonly Check[] };
  /** The branches of trials that are there. */
  readonly branches: readonly string[];
  readonly policy: BisectPolicy;
  readonly patience: Patience;
  /** Whether it was said that the group is too large to be searched. */
  readonly isToldSize?: boolean;
  /** Whether the repository has just been scanned. */
  readonly isAfterScan: boolean;
  readonly now: Date;
}

/** How long is waited, in milliseconds. */
export interface Patience {
  /** For a check to begin. */
  readonly start: number;
  /** For it to end. */
  readonly end: number;
}

export const patience: Patience = { start: 5 * 60_000, end: 6 * 3_600_000 };

/** What to do about the checks of a pull request: pure. `begin` where a search is to begin; see `begin`. */
export function decideChecks(seen: SeenChecks): Verdict | "begin" {
  const { pull, state, branches, policy } = seen;
  const clean = { actions: deleting(branches) };
  if (pull.state !== "open" || !pull.isOurs || policy.mode === "off") return clean;
  if (state === undefined) return isFreshlyRed(seen) ? "begin" : clean;
  const decisions: Readonly<Record<BisectState["phase"], () => Verdict | "begin">> = {
    again: () => decideAfterRerun(seen, state),
    "red base": () => decideOnBase(seen, state),
    flaky: () => (isFreshlyRed(seen) && !isSameFailure(seen.checks, state) ? "begin" : clean),
    search: () => decideTrial(seen, state),
    done: () => ({ actions: [...settle(seen, state), ...clean.actions] }),
  };
  return decisions[state.phase]();
}

/** Whether all checks have ended, and one of them badly. */
function isFreshlyRed({ checks }: SeenChecks): boolean {
  return (
    checks.some(({ outcome }) => outcome === "failed") && checks.every(({ outcome }) => outcome !== "pending")
  );
}

/** In characters: what has to be remembered must fit into a comment. */
const longestAtoms = 45_000;

/** A search begins: of the packages that move together, the least suspicious first. */
export function begin(seen: SeenChecks, atoms: readonly BisectAtom[]): Verdict {
  const { pull, checks, now, branches, isToldSize } = seen;
  if (atoms.length < 2) return nothing;
  if (JSON.stringify(packedAtoms(atoms)).length > longestAtoms)
    return isToldSize ? nothing : { actions: [{ kind: "say", key: "size", text: tooLarge }] };
  const failed = checks.filter(({ outcome }) => outcome === "failed");
  const state: BisectState = {
    digest: pull.marker.digest,
    parent: pull.parentSha ?? "",
    phase: "again",
    since: now.toISOString(),
    failed: failed.map(toFailure),
    atoms,
    trials: [],
  };
  const cleaned = deleting(branches);
  if (isBaseRed(seen, state))
    return { actions: [...cleaned, say(seen, { ...state, phase: "red base" })], again: seen.patience.end };
  return {
    actions: [...cleaned, say(seen, state), { kind: "rerun", checks: failed }],
    again: seen.patience.start,
  };
}

/** Whether something that fails on the pull request fails without it, too. */
function isBaseRed({ baseChecks }: SeenChecks, state: BisectState): boolean {
  return state.failed.some(({ name }) =>
    baseChecks.some((check) => check.name === name && check.outcome === "failed"),
  );
}

/** Goes on once the base is mended, on top of what mended it. */
function decideOnBase(seen: SeenChecks, state: BisectState): Verdict | "begin" {
  const { newBaseChecks = [], isAfterScan, patience: wait } = seen;
  if (!isBaseRed(seen, state)) return "begin";
  const isMended = state.failed.every(({ name }) =>
    newBaseChecks.some((check) => check.name === name && check.outcome === "passed"),
  );
  if (!isMended || isAfterScan) return { actions: [], again: wait.end };
  return { actions: [{ kind: "rebase" }, { kind: "scan" }] };
}

function isSameFailure(checks: readonly Check[], { failed }: BisectState): boolean {
  const stamps = new Set(failed.map(({ stamp }) => stamp));
  return checks.some(({ outcome, stamp }) => outcome === "failed" && stamps.has(stamp));
}

function decideAfterRerun(seen: SeenChecks, state: BisectState): Verdict {
  const { checks, now, patience: wait } = seen;
  const names = new Set(state.failed.map(({ name }) => name));
  const own = checks.filter(({ name }) => names.has(name));
  const isPending = checks.some(({ outcome }) => outcome === "pending");
  const since = now.toISOString();
  if (!isPending && own.length > 0 && own.every(({ outcome }) => outcome === "passed"))
    return { actions: [say(seen, { ...state, phase: "flaky", since })] };
  // What was asked for may not have begun yet, and may never begin.
  const isNew = own.some(({ outcome }) => outcome === "failed") && !isSameFailure(checks, state);
  const isLate = now.getTime() - Date.parse(state.since) > 2 * wait.start;
  if (isPending || !(isNew || isLate)) return { actions: [], again: wait.start };
  return advance(seen, { ...state, phase: "search", since });
}

/** The next trial, or the end of the search. */
function advance(seen: SeenChecks, state: BisectState): Verdict {
  const { pull, branches, policy, patience: wait } = seen;
  const step = stepOf(state, policy);
  if (step.kind === "conclude") {
    const done: BisectState = { ...state, phase: "done", since: seen.now.toISOString() };
    return { actions: [say(seen, done), ...settle(seen, done), ...deleting(branches)] };
  }
  const next: BisectState = { ...state, trials: [...state.trials, { atoms: step.atoms }] };
  return {
    actions: [say(seen, next), ...deleting(branches), trying(pull.number, next)],
    again: wait.start,
  };
}

/** Takes the culprits out of the group, unless that is done. */
function settle({ pull, isAfterScan }: SeenChecks, state: BisectState): readonly Action[] {
  const names = namesOf(
    state,
    conclusionOf(state).culprits.map(({ atom }) => atom),
  );
  if (names.length === 0) return [];
  const apart = new Set((pull.marker.apart ?? []).map(({ name }) => name));
  const isSetApart = names.every((name) => apart.has(name));
  return [
    ...(isSetApart ? [] : [{ kind: "set apart" as const, names }]),
    ...(isAfterScan ? [] : [{ kind: "scan" as const }]),
  ];
}

function decideTrial(seen: SeenChecks, state: BisectState): Verdict {
  const { pull, trial, patience: wait, policy, now } = seen;
  const running = state.trials.at(-1);
  if (running === undefined || running.outcome !== undefined) return advance(seen, state);
  const change = (more: Partial<TrialState>): BisectState => ({
    ...state,
    trials: [...state.trials.slice(0, -1), { ...running, ...more }],
  });
  const end = (outcome: TrialOutcome) => advance(seen, change({ outcome, ...seenIn(trial?.checks ?? []) }));
  const branch = trialBranch(pull.number, state.trials.length);
  if (trial?.since === undefined) return { actions: [trying(pull.number, state)], again: wait.start };

  const names = new Set(state.failed.map(({ name }) => name));
  const own = trial.checks.filter(({ name }) => names.has(name));
  const failed = own.filter(({ outcome }) => outcome === "failed");
  const isPending = own.some(({ outcome }) => outcome === "pending");
  const age = now.getTime() - trial.since.getTime();
  if (age > wait.end) return end("unknown");
  if (failed.length > 0 && !isPending) {
    if (running.failedOnce === undefined) {
      const told = change({ failedOnce: failed.map(({ stamp }) => stamp) });
      return {
        actions: [say(seen, told), { kind: "rerun trial", branch, checks: failed }],
        again: wait.start,
      };
    }
    const isNew = failed.some(({ stamp }) => running.failedOnce?.includes(stamp) === false);
    return isNew || age > 2 * wait.start ? end("failed") : { actions: [], again: wait.start };
  }
  if (isPending) return { actions: [], again: wait.start };
  if (own.length === names.size && own.every(({ outcome }) => outcome === "passed")) return end("passed");

  // Something has not begun.
  const wantsDraft = policy.mode === "pull-requests" || (policy.mode === "auto" && age >= wait.start);
  if (running.draftSince === undefined && wantsDraft)
    return {
      actions: [say(seen, change({ draftSince: now.toISOString() })), { kind: "open draft", branch }],
      again: wait.start,
    };
  const waited = now.getTime() - Date.parse(running.draftSince ?? trial.since.toISOString());
  return waited >= wait.start ? end("unknown") : { actions: [], again: wait.start - waited };
}

function seenIn(checks: readonly Check[]): Pick<TrialState, "url" | "failed"> {
  const failed = checks.filter(({ outcome }) => outcome === "failed");
  const { url } = failed[0] ?? checks[0] ?? {};
  return {
    ...(url === undefined ? {} : { url }),
    ...(failed.length === 0 ? {} : { failed: failed.slice(0, 3).map(toFailure) }),
  };
}

/** In characters: the comment that remembers it has room for 65,536. */
const longestWord = 1_500;

function toFailure({ name, stamp, url, summary }: Check): Failure {
  return {
    name,
    stamp,
    ...(url === undefined ? {} : { url }),
    ...(summary === undefined ? {} : { said: summary.slice(0, longestWord) }),
  };
}

function trying(number: number, state: BisectState): Action {
  return {
    kind: "try",
    branch: trialBranch(number, state.trials.length),
    names: namesOf(state, state.trials.at(-1)?.atoms ?? []),
  };
}

/** A trial that cannot be made says nothing. */
export function givenUp(seen: SeenChecks, state: BisectState): Extract<Action, { kind: "say" }> {
  const trials = state.trials.map((trial, index): TrialState =>
    index === state.trials.length - 1 ? { ...trial, outcome: "unknown" } : trial,
  );
  return say(seen, { ...state, trials });
}

function say({ pull, policy }: SeenChecks, state: BisectState): Extract<Action, { kind: "say" }> {
  return { kind: "say", key: bisectKey, text: bisectText(state, pull.base, policy) };
}

function deleting(branches: readonly string[]): readonly Action[] {
  return branches.length === 0 ? [] : [{ kind: "delete branches", branches }];
}
