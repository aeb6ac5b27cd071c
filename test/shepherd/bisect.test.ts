import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Conclusion, nextStep, type Trial, type TrialOutcome } from "../../src/shepherd/bisect.ts";

/** Atoms that break the checks wherever they are all there. */
type Faults = readonly (readonly number[])[];

const breaks = (faults: Faults) => (atoms: readonly number[]) =>
  faults.some((fault) => fault.every((atom) => atoms.includes(atom)));

/** Tries what is asked for until it is told what is wrong. */
function search(
  weights: readonly number[],
  judge: (atoms: readonly number[], nth: number) => TrialOutcome,
  budget = 1_000,
): { conclusion: Conclusion; trials: readonly Trial[] } {
  const trials: Trial[] = [];
  for (;;) {
    const step = nextStep(weights, trials, budget);
    if (step.kind === "conclude") return { conclusion: step.conclusion, trials };
    trials.push({ atoms: step.atoms, outcome: judge(step.atoms, trials.length) });
  }
}

function find(n: number, faults: Faults, weights: readonly number[] = Array(n).fill(1), budget?: number) {
  const isBroken = breaks(faults);
  return search(weights, (atoms) => (isBroken(atoms) ? "failed" : "passed"), budget);
}

const deep = (n: number) => Math.ceil(Math.log2(n));

describe("the search for what breaks a group", () => {
  it("finds one culprit among eight, halving", () => {
    const { conclusion, trials } = find(8, [[5]]);
    expect(trials.map(({ atoms, outcome }) => `${atoms.join("")} ${outcome}`)).toEqual([
      "0123 passed",
      "012345 failed",
      "01234 passed",
      "0123467 passed",
      "5 failed",
    ]);
    expect(conclusion).toEqual({
      culprits: [{ atom: 5, with: [] }],
      green: [0, 1, 2, 3, 4, 6, 7],
      open: [],
    });
  });

  it("asks about a suspect first", () => {
    const { conclusion, trials } = find(8, [[7]], [1, 1, 1, 1, 1, 1, 1, 20]);
    expect(trials.map(({ atoms }) => atoms.join(""))).toEqual(["0123456", "7"]);
    expect(conclusion.culprits).toEqual([{ atom: 7, with: [] }]);
  });

  it("tells what breaks only together from what breaks alone", () => {
    expect(find(8, [[2, 6]]).conclusion).toEqual({
      culprits: [{ atom: 6, with: [2] }],
      green: [0, 1, 2, 3, 4, 5, 7],
      open: [],
    });
    expect(find(8, [[0, 3, 6]]).conclusion.culprits).toEqual([{ atom: 6, with: [0, 3] }]);
  });

  it("finds two that break independently", () => {
    expect(find(8, [[1], [6]]).conclusion).toEqual({
      culprits: [
        { atom: 1, with: [] },
        { atom: 6, with: [] },
      ],
      green: [0, 2, 3, 4, 5, 7],
      open: [],
    });
  });

  it.each([
    [201, 12],
    [500, 12],
    [1_000, 12],
  ])("finds the culprit of a group of %i within %i trials, wherever it is", (n, budget) => {
    for (let culprit = 0; culprit < n; culprit += 37) {
      const { conclusion, trials } = find(n, [[culprit]], undefined, budget);
      expect(conclusion.culprits.map(({ atom }) => atom)).toEqual([culprit]);
      expect(trials.length).toBeLessThanOrEqual(budget);
    }
  });

  it("ends with what is known when the budget is used up", () => {
    expect(find(20, [[13]], undefined, 3).conclusion.culprits).toEqual([]);
    const { conclusion, trials } = find(20, [[3], [13]], undefined, 6);
    expect(trials).toHaveLength(6);
    expect(conclusion.culprits).toEqual([{ atom: 3 }]);
    expect(conclusion.open).toContain(13);
  });

  it("ends with what is known when a trial says nothing", () => {
    const { conclusion, trials } = search(Array(8).fill(1), (_, nth) => (nth === 1 ? "unknown" : "passed"));
    expect(trials).toHaveLength(2);
    expect(conclusion.culprits).toEqual([]);
  });

  it("finds every culprit in as few runs as it promises, and what it leaves is green", () => {
    const story = fc.integer({ min: 2, max: 40 }).chain((n) =>
      fc.record({
        n: fc.constant(n),
        faults: fc.oneof(
          fc
            .uniqueArray(fc.integer({ min: 0, max: n - 1 }), { minLength: 1, maxLength: 2 })
            .map((all) => all.map((atom) => [atom])),
          fc
            .uniqueArray(fc.integer({ min: 0, max: n - 1 }), { minLength: 2, maxLength: 2 })
            .map((pair) => [pair]),
        ),
        weights: fc.oneof(
          fc.constant(Array<number>(n).fill(1)),
          fc.array(fc.constantFrom(1, 2, 8, 30), { minLength: n, maxLength: n }),
        ),
      }),
    );
    fc.assert(
      fc.property(story, ({ n, faults, weights }) => {
        const { conclusion, trials } = find(n, faults, weights);
        const sorted = weights.toSorted((a, b) => a - b);
        const involved = conclusion.culprits.flatMap(({ atom, with: others = [] }) => [atom, ...others]);
        expect(involved.toSorted((a, b) => a - b)).toEqual(faults.flat().toSorted((a, b) => a - b));
        expect(breaks(faults)(conclusion.green)).toBe(false);
        expect(conclusion.green.length + conclusion.culprits.length).toBe(n);
        const isEven = sorted[0] === sorted.at(-1);
        expect(trials.length).toBeLessThanOrEqual(involved.length * (deep(n) + (isEven ? 2 : 3)));
        expect(new Set(trials.map(({ atoms }) => atoms.join())).size).toBe(trials.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it("needs hardly more runs than there is to know", () => {
    const table = [2, 8, 20].map((n) => {
      const all = [...Array(n).keys()];
      const pairs = all.flatMap((a) => all.slice(a + 1).map((b) => [a, b] as const));
      const mean = (faults: readonly Faults[]) =>
        Math.round((faults.reduce((sum, of) => sum + find(n, of).trials.length, 0) / faults.length) * 10) /
        10;
      const optimum = (possibilities: number) => Math.round(Math.log2(possibilities) * 10) / 10;
      const beside = (faults: readonly Faults[]) => `${mean(faults)} beside ${optimum(faults.length)}`;
      return {
        n,
        one: beside(all.map((atom) => [[atom]])),
        two: beside(pairs.map(([a, b]) => [[a], [b]])),
        together: beside(pairs.map((pair) => [pair])),
      };
    });
    // The optimum would only name them; these also prove that the rest is green, and that each breaks alone.
    expect(table).toMatchInlineSnapshot(`
      [
        {
          "n": 2,
          "one": "2 beside 1",
          "together": "2 beside 0",
          "two": "2 beside 0",
        },
        {
          "n": 8,
          "one": "4.8 beside 3",
          "together": "7.8 beside 4.8",
          "two": "8.7 beside 4.8",
        },
        {
          "n": 20,
          "one": "6.3 beside 4.3",
          "together": "10.9 beside 7.6",
          "two": "11.7 beside 7.6",
        },
      ]
    `);
  });
});
