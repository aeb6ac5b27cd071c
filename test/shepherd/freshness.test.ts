import { describe, expect, it } from "vitest";
import type { Check } from "../../src/domain/pull-request.ts";
import { freshness, isBehindAnother, type SeenBase } from "../../src/shepherd/freshness.ts";
import { pullRequest } from "./builders.ts";

const lock = "package-lock.json";

it.each<[string, ReturnType<typeof freshness>, Partial<SeenBase>]>([
  ["nothing has changed since", "merge", {}],
  ["other files have changed since", "merge", { theirs: ["src/a.js", "docs/package-lock.json"] }],
  ["one of its files has changed since", "rebase", { theirs: ["src/a.js", lock] }],
  ["its base asks for what is up to date", "rebase", { pull: pullRequest({ isBehind: true }) }],
  [
    "that was asked for already",
    "wait",
    { theirs: [lock], pull: pullRequest({ marker: { wanted: "rebase" } }) },
  ],
  ["somebody committed to it", "merge", { theirs: [lock], pull: pullRequest({ isOurs: false }) }],
  ["the configuration leaves that to people", "merge", { theirs: [lock], strategy: "disabled" }],
])("where %s: %s", (_, expected, more) => {
  const seen = { pull: pullRequest(), strategy: undefined, own: ["package.json", lock], theirs: [], ...more };
  expect(freshness(seen)).toBe(expected);
});

describe("a stale pull request", () => {
  const base = "c".repeat(40);
  const stale = pullRequest({ number: 7 });
  const ready = { number: 8, parentSha: base, marker: { automerge: {} } };
  const ask = (other: Parameters<typeof pullRequest>[0], outcome: Check["outcome"] = "pending") =>
    isBehindAnother(stale, {
      open: async () =>
        [7, other?.number ?? 0].map((number) => ({ number, branch: "", base: other?.base ?? "main" })),
      read: async (number) => (number === 7 ? stale : pullRequest(other)),
      branch: async () => ({ sha: base, at: new Date() }),
      checksOf: async () => [{ name: "test", outcome, stamp: "1" }],
    });

  it.each<[boolean, string, Parameters<typeof pullRequest>[0], Check["outcome"]?]>([
    [true, "another is checked on the head of the base", ready],
    [true, "another has passed there", ready, "passed"],
    [
      true,
      "another is about to be made anew",
      { ...ready, parentSha: "p", marker: { automerge: {}, wanted: "rebase" } },
    ],
    [false, "the other has failed there", ready, "failed"],
    [false, "the other is stale, too", { ...ready, parentSha: "p" }],
    [false, "nobody wants the other merged", { ...ready, marker: {} }],
    [false, "the other is somebody's work", { ...ready, isOurs: false }],
    [false, "the other conflicts", { ...ready, mergeable: false }],
    [false, "the other is for another base", { ...ready, base: "next" }],
  ])("waits (%s) where %s", async (expected, _, other, outcome) => {
    expect(await ask(other, outcome)).toBe(expected);
  });
});
