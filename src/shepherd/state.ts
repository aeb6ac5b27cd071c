import { z } from "zod";
import type { BisectPolicy } from "../domain/policy.ts";
import { type Conclusion, nextStep, type Step } from "./bisect.ts";

/** How a comment with this state is known; see `noteOf`. */
export const bisectKey = "bisect";

/** A check as it failed. */
const failureShape = z.object({
  name: z.string(),
  stamp: z.string(),
  url: z.string().optional(),
  /** The beginning of what it says of itself: Markdown from outside. */
  said: z.string().optional(),
});

const placesShape = z.union([
  z.array(z.int().nonnegative()).readonly(),
  z
    .string()
    .regex(/^\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)*$/)
    .transform(placesIn),
]);

const atomShape = z.union([
  z.object({ names: z.array(z.string()).readonly(), weight: z.number() }),
  z
    .tuple([z.number()], z.string())
    .readonly()
    .transform(([weight, ...names]) => ({ names, weight })),
]);

const trialShape = z.object({
  /** By their place in `atoms`; see `packed`. */
  atoms: placesShape,
  /** Absent while it runs. */
  outcome: z.enum(["passed", "failed", "unknown"]).optional(),
  /** The stamps of what failed the first time, once it has been asked for again. */
  failedOnce: z.array(z.string()).readonly().optional(),
  /** Since when it has a draft pull request. ISO 8601. */
  draftSince: z.string().optional(),
  url: z.string().optional(),
  /** What failed, where something did. */
  failed: z.array(failureShape).readonly().optional(),
});

/**
 * Where the search for what breaks a pull request is: all there is to know to go on with it, kept in a comment on the pull
 * request. It is about one content (`digest`) on top of one commit (`parent`).
 */
export const bisectShape = z.object({
  digest: z.string(),
  parent: z.string(),
  /**
   * `again`: what failed is run once more. `flaky`: it passed then. `red base`: it fails without the updates, too.
   * `search`: parts are tried. `done`: they were.
   */
  phase: z.enum(["again", "flaky", "red base", "search", "done"]),
  /** Since when it is in this phase. ISO 8601. */
  since: z.string(),
  /** What failed on the pull request, as it was when it failed first. */
  failed: z.array(failureShape).readonly(),
  /** What moves together or not at all, the least suspicious first. */
  atoms: z.array(atomShape).readonly(),
  trials: z.array(trialShape).readonly(),
});

export type BisectState = z.infer<typeof bisectShape>;
export type Failure = BisectState["failed"][number];
export type TrialState = BisectState["trials"][number];
export type BisectAtom = BisectState["atoms"][number];

/** A state as it is written down: what a group of hundreds comes to must fit into a comment. `bisectShape` reads it. */
export function packed({ atoms, trials, ...rest }: BisectState): object {
  return {
    ...rest,
    atoms: packedAtoms(atoms),
    trials: trials.map((trial) => ({ ...trial, atoms: rangesOf(trial.atoms) })),
  };
}

export function packedAtoms(atoms: readonly BisectAtom[]): readonly (readonly (string | number)[])[] {
  return atoms.map(({ names, weight }) => [weight, ...names]);
}

/** Rising numbers as `0-99,101`; what none of them is, as a list. */
function rangesOf(places: readonly number[]): string | readonly number[] {
  const ranges: { first: number; last: number }[] = [];
  for (const place of places) {
    const open = ranges.at(-1);
    if (open !== undefined && place === open.last + 1) open.last = place;
    else ranges.push({ first: place, last: place });
  }
  if (ranges.length === 0) return [];
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

function placesIn(ranges: string): readonly number[] {
  return ranges.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  });
}

/** The branch of a pull request's nth trial, from 1; without `nth`, how all of them begin. */
export function trialBranch(number: number, nth?: number): string {
  return `steeplejack/bisect/${number}/${nth ?? ""}`;
}

/** The names of the packages of some atoms. */
export function namesOf(state: Pick<BisectState, "atoms">, atoms: readonly number[]): readonly string[] {
  return atoms.flatMap((atom) => state.atoms[atom]?.names ?? []);
}

/** What the trials so far come to. */
export function stepOf(state: BisectState, { runs }: Pick<BisectPolicy, "runs">): Step {
  const weights = state.atoms.map(({ weight }) => weight);
  const ended = state.trials.flatMap(({ atoms, outcome }) =>
    outcome === undefined ? [] : [{ atoms, outcome }],
  );
  return nextStep(weights, ended, runs);
}

/** What the search has found; once it is over. */
export function conclusionOf(state: BisectState): Conclusion {
  const step = stepOf(state, { runs: state.trials.length });
  return step.kind === "conclude" ? step.conclusion : { culprits: [], green: [], open: [] };
}
