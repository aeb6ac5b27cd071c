import { expect, it } from "vitest";
import { tellRefusal } from "../../src/shepherd/refusal.ts";
import { pullRequest } from "./builders.ts";

it.each([
  [
    { automerge: {} },
    "The configuration lets this be merged, and GitHub does not let me yet: A review is missing. I try again when something happens here.",
  ],
  [
    { automerge: {}, merge: "usual" as const },
    "I was asked to merge this, and GitHub does not let me yet: A review is missing. I try again when something happens here; `@steeplejack cancel merge` takes it back.",
  ],
])("tells in one comment why GitHub refuses to merge, for %j", async (marker, text) => {
  const said: unknown[] = [];
  const say = async (...what: unknown[]) => void said.push(what);
  await tellRefusal(pullRequest({ marker }), "A review is missing.", { say });
  expect(said).toEqual([[7, "merge", `${text}\n\n<!-- steeplejack:merge -->`]]);
});
