import { expect, it } from "vitest";
import { freshness, type SeenBase } from "../../src/shepherd/freshness.ts";
import { pullRequest } from "./builders.ts";

const lock = "package-lock.json";

it.each<[string, ReturnType<typeof freshness>, Partial<SeenBase>]>([
  ["nothing has changed since", "merge", {}],
  ["other files have changed since", "merge", { theirs: ["src/a.js", "docs/package-lock.json"] }],
  ["one of its files has changed since", "rebase", { theirs: ["src/a.js", lock] }],
  ["its base asks for what is up to date", "rebase", { pull: pullRequest({ isBehind: true }) }],
  ["it conflicts with its base", "rebase", { pull: pullRequest({ mergeable: false }) }],
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
