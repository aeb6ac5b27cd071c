import { expect, it } from "vitest";
import { noteOf, readNote } from "../../src/shepherd/note.ts";
import { bisectText } from "../../src/shepherd/report.ts";
import { bisectKey, bisectShape, type BisectState } from "../../src/shepherd/state.ts";

const comment = (body: string) => [{ id: 1, author: "steeplejack[bot]", body, isOurs: true }];
const state = (more: Partial<BisectState> = {}): BisectState => ({
  digest: "d1",
  parent: "a".repeat(40),
  phase: "search",
  since: "2026-06-01T12:00:00Z",
  failed: [{ name: "test", stamp: "1", said: "--> 1 < 2 @octocat" }],
  atoms: ["alpha", "@acme/`bravo`", "a|b -->"].map((name) => ({ names: [name], weight: 1 })),
  trials: [{ atoms: [0], outcome: "passed" }, { atoms: [0, 1] }],
  ...more,
});

it("remembers in a comment all that it was told, whatever that is", () => {
  const text = bisectText(state(), "main", { runs: 12 });
  expect(readNote(comment(text), bisectKey, bisectShape)).toEqual(state());
  expect(text.split("<!--")).toHaveLength(2);
  expect(text.split("<!--")[1]?.split("-->")).toHaveLength(2);
  expect(text).toContain("2 of at most 12 trials");
});

it("shows what was tried, with names that break out of nothing", () => {
  expect(bisectText(state(), "main", { runs: 12 }).split("\n\n")[1]).toBe(
    [
      "| Trial | With | Checks |",
      "| --- | --- | --- |",
      "| 1 | `alpha` | passed |",
      "| 2 | all but `a\\|b -->` | running |",
    ].join("\n"),
  );
});

it("forgets what checks said, where all of it is more than a comment holds", () => {
  const said = "x".repeat(1_500);
  const trials = Array.from({ length: 50 }, () => ({
    atoms: [0],
    outcome: "failed" as const,
    failed: [{ name: "test", stamp: "1", said }],
  }));
  const text = bisectText(state({ trials }), "main", { runs: 50 });
  expect(text.length).toBeLessThan(60_000);
  expect(readNote(comment(text), bisectKey, bisectShape)?.trials).toHaveLength(50);
});

it("takes nobody else's word, and none that was edited by hand", () => {
  const note = noteOf(bisectKey, state());
  const [mine] = comment(note);
  expect(
    readNote(mine === undefined ? [] : [{ ...mine, isOurs: false }], bisectKey, bisectShape),
  ).toBeUndefined();
  expect(readNote(comment(note.replace("digest", "digesst")), bisectKey, bisectShape)).toBeUndefined();
  expect(readNote(comment("<!-- steeplejack:bisect {oops -->"), bisectKey, bisectShape)).toBeUndefined();
  expect(readNote(comment(noteOf("other", state())), bisectKey, bisectShape)).toBeUndefined();
});
