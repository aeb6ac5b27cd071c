import { expect, it } from "vitest";
import type { Check } from "../../src/domain/pull-request.ts";
import { decideMerging, isOnItsWay, type SeenForMerging } from "../../src/shepherd/merging.ts";
import { pullRequest } from "./builders.ts";

const now = new Date("2026-06-01T00:00:00Z");
const check = (name: string, outcome: Check["outcome"] = "passed"): Check => ({ name, outcome, stamp: "1" });

type Pull = NonNullable<Parameters<typeof pullRequest>[0]>;

function decide(more: Partial<SeenForMerging> = {}, pull: Pull = {}): string {
  const { actions, again } = decideMerging({
    pull: pullRequest({ ...pull, marker: { automerge: {}, ...pull.marker } }),
    checks: [check("test")],
    required: [],
    confidence: 0,
    now,
    ...more,
  });
  return [
    ...actions.map(({ kind }) => kind),
    ...(again === undefined ? [] : [`in ${again / 1000} s`]),
  ].join();
}

it("merges what is green, and the App's own", () => {
  expect(decide()).toBe("merge");
  expect(decide({ required: ["test"] })).toBe("merge");
});

it.each<[string, Partial<SeenForMerging>, Pull]>([
  ["a check failed", { checks: [check("test"), check("lint", "failed")] }, {}],
  ["a check runs", { checks: [check("test"), check("lint", "pending")] }, {}],
  ["a check was cancelled", { checks: [check("test"), check("lint", "inconclusive")] }, {}],
  ["no check has run", { checks: [] }, {}],
  ["a required check is missing", { required: ["test", "build"] }, {}],
  ["a person committed", {}, { isOurs: false }],
  ["it is a draft", {}, { isDraft: true }],
  ["it is closed", {}, { state: "closed" }],
  ["it conflicts", {}, { mergeable: false }],
  ["GitHub does it", {}, { autoMerge: true }],
  ["it is not sure enough", { confidence: 0.7 }, { marker: { automerge: { confidence: 0.8 } } }],
])("does not merge where %s", (_, seen, pull) => {
  expect(decide(seen, pull)).toBe("");
});

it("does not merge what the configuration does not name", () => {
  expect(decide({}, { marker: { automerge: undefined } })).toBe("");
});

it("waits until a release is old enough, and until GitHub knows whether it merges", () => {
  expect(decide({}, { marker: { automerge: { after: "2026-06-01T00:01:00Z" } } })).toBe("in 60 s");
  expect(decide({}, { marker: { automerge: { after: "2026-05-31T00:00:00Z" } } })).toBe("merge");
  expect(decide({}, { mergeable: undefined })).toBe("in 10 s");
});

it("has GitHub not merge it, after all, when a check fails or a person commits", () => {
  expect(decide({ checks: [check("lint", "failed")] }, { autoMerge: true })).toBe("auto-merge");
  expect(decide({}, { autoMerge: true, isOurs: false })).toBe("auto-merge");
});

it.each<[boolean, string, Pull, Check["outcome"]?]>([
  [true, "its checks run", {}, "pending"],
  [true, "its checks have passed", {}, "passed"],
  [true, "it conflicts", { mergeable: false }],
  [false, "a check failed", {}, "failed"],
  [false, "a check was cancelled", {}, "inconclusive"],
  [false, "it is closed", { state: "closed" }],
  [false, "it is a draft", { isDraft: true }],
  [false, "a person committed", { isOurs: false }],
  [false, "GitHub waits for more than checks", { autoMerge: true }],
  [false, "a release is too young", { marker: { automerge: { after: "2026-06-02T00:00:00Z" } } }],
  [false, "it is not sure enough", { marker: { automerge: { confidence: 0.8 } } }],
  [false, "nobody wants it merged", { marker: { automerge: undefined } }],
])("is on its way (%s) where %s", (expected, _, pull, outcome = "passed") => {
  const own = pullRequest({ ...pull, marker: { automerge: {}, ...pull.marker } });
  expect(isOnItsWay({ pull: own, checks: [check("test", outcome)], confidence: 0.7, now })).toBe(expected);
});
