/**
 * How one trial ended. `unknown`: nothing can be said, such as where no check came.
 */
export type TrialOutcome = "passed" | "failed" | "unknown";

/** Some of the atoms, put on a branch without the others. Atoms are numbered, in rising order. */
export interface Trial {
  readonly atoms: readonly number[];
  readonly outcome: TrialOutcome;
}

/** An atom that the checks do not survive. */
export interface Culprit {
  readonly atom: number;
  /** The others that it takes for that; none where it breaks by itself. Absent: not found out. */
  readonly with?: readonly number[];
}

/** What the trials so far tell. */
export interface Conclusion {
  readonly culprits: readonly Culprit[];
  /** Known to pass together. */
  readonly green: readonly number[];
  /** Neither cleared nor convicted. */
  readonly open: readonly number[];
}

export type Step =
  | { readonly kind: "try"; readonly atoms: readonly number[] }
  | { readonly kind: "conclude"; readonly conclusion: Conclusion };

/**
 * What to try next, to tell the atoms of a red group that break the checks from those that do not. Pure: the same trials
 * give the same step, so that a search goes on where it was left.
 *
 * Known from the start: none of the atoms passes (the base is green), all of them fail. `weights` has one number for each
 * atom, the least suspicious first. The shortest prefix that fails is looked for by halving: its last atom is a
 * culprit, at least in the company of those before it, which pass. The search goes on with those after it, on top of
 * what passes, until the rest passes too; then each culprit is tried alone, and where it passes alone, its company is
 * searched for what it takes to break. A trial is believed: one that says nothing, and the end of the budget, end it.
 */
export function nextStep(weights: readonly number[], trials: readonly Trial[], budget: number): Step {
  const found: Progress = { culprits: [], green: [], open: weights.map((_, atom) => atom) };
  const run = search(weights, found);
  for (let next = run.next(); next.done !== true;) {
    const wanted = next.value;
    const known = trials.find(({ atoms }) => atoms.join() === wanted.join());
    if (known === undefined && trials.length < budget) return { kind: "try", atoms: wanted };
    if (known === undefined || known.outcome === "unknown") break;
    next = run.next(known.outcome === "failed");
  }
  return { kind: "conclude", conclusion: found };
}

interface Progress extends Conclusion {
  culprits: Culprit[];
  green: readonly number[];
  open: readonly number[];
}

/** Asks whether atoms fail together, and is answered. */
type Search<T> = Generator<readonly number[], T, boolean>;

function* search(weights: readonly number[], found: Progress): Search<void> {
  const companies: (readonly number[])[] = [];
  for (let isRed = true; isRed; isRed = found.open.length > 0 && (yield sorted(found.green, found.open))) {
    const at = yield* shortest(found.green, found.open, weights);
    const culprit = found.open[at];
    if (culprit === undefined) return;
    found.green = sorted(found.green, found.open.slice(0, at));
    found.open = found.open.slice(at + 1);
    found.culprits.push({ atom: culprit });
    companies.push(found.green);
  }
  found.green = sorted(found.green, found.open);
  found.open = [];
  for (const [index, { atom }] of found.culprits.entries()) {
    const partners = yield* partnersOf(atom, companies[index] ?? [], weights);
    found.culprits[index] = { atom, with: partners };
  }
}

/** What of its company a culprit needs to break; together they are known to. */
function* partnersOf(
  culprit: number,
  company: readonly number[],
  weights: readonly number[],
): Search<readonly number[]> {
  let partners: readonly number[] = [];
  for (let left = company; left.length > 0;) {
    if (yield sorted([culprit], partners)) break;
    const at = yield* shortest(sorted([culprit], partners), left, weights);
    partners = sorted(partners, left.slice(at, at + 1));
    left = left.slice(0, at);
  }
  return partners;
}

/** The index of the last atom of the shortest prefix that fails on top of what is fixed. All of them fail. */
function* shortest(
  fixed: readonly number[],
  atoms: readonly number[],
  weights: readonly number[],
): Search<number> {
  const own = atoms.map((atom) => weights[atom] ?? 1);
  // A suspect is worth one trial more at the worst, where it saves several if the suspicion is right.
  const isEven = new Set(own).size <= 1;
  let left = Math.ceil(Math.log2(atoms.length)) + (isEven ? 0 : 1);
  let [passes, fails] = [0, atoms.length];
  while (fails - passes > 1) {
    left -= 1;
    const middle = middleOf(own, passes, fails, 2 ** left);
    if (yield sorted(fixed, atoms.slice(0, middle))) fails = middle;
    else passes = middle;
  }
  return fails - 1;
}

/** Where the weight is halved, as far as neither side is longer than `most`. */
function middleOf(weights: readonly number[], from: number, to: number, most: number): number {
  const total = sum(weights.slice(from, to));
  let [best, least] = [from + 1, Infinity];
  for (let middle = from + 1; middle < to; middle++) {
    if (middle - from > most || to - middle > most) continue;
    const off = Math.abs(total - 2 * sum(weights.slice(from, middle)));
    if (off < least) [best, least] = [middle, off];
  }
  return best;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function sorted(...parts: readonly (readonly number[])[]): readonly number[] {
  return parts.flat().toSorted((a, b) => a - b);
}
