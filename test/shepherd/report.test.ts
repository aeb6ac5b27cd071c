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

it("leaves out what is more than a comment holds, and never what it has to remember", () => {
  const said = "x".repeat(1_500);
  const atoms = Array.from({ length: 200 }, (_, nth) => ({ names: [`${"n".repeat(80)}${nth}`], weight: 1 }));
  const all = atoms.map((_, nth) => nth);
  const trials = Array.from({ length: 30 }, () => ({
    atoms: all.slice(0, 100),
    outcome: "failed" as const,
    url: `https://github.test/${"u".repeat(100)}`,
    failed: ["1", "2"].map((stamp) => ({ name: "test", stamp, said })),
  }));
  const few = bisectText(state({ trials: trials.slice(0, 10), atoms: atoms.slice(0, 5) }), "main", {
    runs: 30,
  });
  expect(few).toContain(said);
  const many = bisectText(state({ trials, atoms: atoms.slice(0, 5) }), "main", { runs: 30 });
  expect(many).toContain("| Trial |");
  expect(many).not.toContain(said);
  const huge = bisectText(state({ trials, atoms }), "main", { runs: 30 });
  for (const text of [few, many, huge]) expect(text.length).toBeLessThan(65_536);
  expect(readNote(comment(huge), bisectKey, bisectShape)?.trials).toHaveLength(30);
});

it("holds the search of a group of a thousand", () => {
  const atoms = Array.from({ length: 1_000 }, (_, nth) => ({
    names: [`@acme/some-package-${nth}`],
    weight: 1,
  }));
  const trials = Array.from({ length: 30 }, (_, nth) => ({
    atoms: atoms.flatMap((__, at) => (at % 30 === nth ? [] : [at])),
    outcome: "passed" as const,
    url: `https://github.test/${"u".repeat(60)}`,
  }));
  const text = bisectText(state({ atoms, trials }), "main", { runs: 30 });
  expect(text.length).toBeLessThan(65_536);
  expect(readNote(comment(text), bisectKey, bisectShape)).toEqual(state({ atoms, trials }));
});

it("reads what an older version wrote down", () => {
  const old = noteOf(bisectKey, state());
  expect(readNote(comment(old), bisectKey, bisectShape)).toEqual(state());
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

it("ends as a person reads it", async () => {
  const found = state({
    phase: "done",
    failed: [{ name: "test", stamp: "1", url: "https://ci.example/1" }],
    atoms: ["alpha", "bravo", "charlie", "delta"].map((name) => ({ names: [name], weight: 1 })),
    trials: [
      { atoms: [0, 1], outcome: "passed", url: "https://ci.example/2" },
      { atoms: [0, 1, 2], outcome: "failed", failedOnce: ["7"], url: "https://ci.example/3" },
      { atoms: [0, 1, 3], outcome: "passed", failedOnce: ["8"], url: "https://ci.example/4" },
      { atoms: [2], outcome: "passed" },
      { atoms: [0, 2], outcome: "passed" },
      { atoms: [1, 2], outcome: "failed", failedOnce: ["9"] },
    ],
  });
  await expect(bisectText(found, "main", { runs: 12 })).toMatchFileSnapshot("snapshots/search.md");
});
