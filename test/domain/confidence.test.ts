import fc from "fast-check";
import { expect, it } from "vitest";
import { confidenceOf, evidenceText } from "../../src/domain/confidence.ts";

it.each([
  [0, 0, ""],
  [1, 0, "1 of 1 here (22–100 %)"],
  [5, 0, "5 of 5 here (61–100 %)"],
  [0, 3, "0 of 3 here (0–53 %)"],
  [8, 2, "8 of 10 here (53–92 %)"],
  [200, 0, "200 of 200 here (99–100 %)"],
])("%i passed and %i failed is told as %j", (passed, failed, text) => {
  expect(evidenceText({ passed, failed })).toBe(text);
});

it("is bounded, holds what was seen, and grows with what passes", () => {
  const count = fc.integer({ min: 0, max: 300 });
  fc.assert(
    fc.property(count, count, (passed, failed) => {
      const { low, high } = confidenceOf({ passed, failed });
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(1);
      expect(low).toBeLessThan(high);
      expect(confidenceOf({ passed: passed + 1, failed }).low).toBeGreaterThanOrEqual(low - 0.001);
      expect(confidenceOf({ passed, failed: failed + 1 }).high).toBeLessThanOrEqual(high + 0.001);
    }),
    { numRuns: 200 },
  );
});
