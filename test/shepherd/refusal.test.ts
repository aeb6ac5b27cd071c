import { expect, it } from "vitest";
import type { Comment } from "../../src/domain/pull-request.ts";
import { isRefused, tellRefusal, tellTakenOut } from "../../src/shepherd/refusal.ts";
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
  expect(said).toEqual([[7, "merge", `${text}\n\n<!-- steeplejack:merge {"head":"${"b".repeat(40)}"} -->`]]);
});

it("knows by the comment which head it was that was refused, or taken out of the queue", async () => {
  const pull = pullRequest({ headSha: "b1" });
  const comments: Comment[] = [];
  const say = async (id: number, _: string, body: string) =>
    void comments.push({ id, author: "steeplejack[bot]", body, isOurs: true });
  for (const tell of [tellRefusal, tellTakenOut]) {
    comments.length = 0;
    await tell(pull, "FAILED_CHECKS", { say });
    expect(isRefused(comments, pull)).toBe(true);
    expect(isRefused(comments, { headSha: "b2" })).toBe(false);
  }
  expect(isRefused([], pull)).toBe(false);
});
