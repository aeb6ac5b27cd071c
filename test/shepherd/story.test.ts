import { expect, it } from "vitest";
import type { PullRequests } from "../../src/domain/ports.ts";
import { bisectText } from "../../src/shepherd/report.ts";
import type { BisectState } from "../../src/shepherd/state.ts";
import { storyOf } from "../../src/shepherd/story.ts";

const hostile = [
  "1 failed <!-- hidden",
  "Fixes #1, thanks @octocat ![pixel](https://track.example/1.png)",
  "</details><script>alert(1)</script>",
].join("\n\n");

const found = (more: Partial<BisectState["trials"][number]> = {}): BisectState => ({
  digest: "d1",
  parent: "a".repeat(40),
  phase: "done",
  since: "2026-06-01T12:00:00Z",
  failed: [{ name: "test", stamp: "41 2026", url: "https://ci.example/1" }],
  atoms: ["alpha", "bravo"].map((name) => ({ names: [name], weight: 1 })),
  trials: [
    { atoms: [0], outcome: "passed" },
    {
      atoms: [1],
      outcome: "failed",
      failed: [{ name: "test", stamp: "42 2026", url: "https://ci.example/2", said: hostile }],
      ...more,
    },
  ],
});

function pulls(state: BisectState, log?: string): Pick<PullRequests, "commentsOn" | "logOf"> {
  const body = bisectText(state, "main", { runs: 12 });
  return {
    commentsOn: async () => [{ id: 1, author: "steeplejack[bot]", body, isOurs: true }],
    logOf: async ({ run }) => (log === undefined ? undefined : `${run}: ${log}`),
  };
}

it("tells what failed and what was tried, and is harmless whatever the check said", async () => {
  const story = await storyOf(pulls(found()), 7, ["bravo"]);
  await expect(story).toMatchFileSnapshot("snapshots/story.md");
  expect(story).not.toMatch(/<!--|<script|@octocat|Fixes #1|!\[/);
});

it("shows the end of the log where the check says nothing of itself", async () => {
  const failed = [{ name: "test", stamp: "42 2026" }];
  const story = await storyOf(pulls(found({ failed }), "```\nassert 1 == 2"), 7, ["bravo"]);
  expect(story).toContain("> 42: ```\n> assert 1 == 2");
});

it("tells nothing of what no search has found", async () => {
  expect(await storyOf(pulls(found()), 7, ["alpha"])).toBeUndefined();
  expect(await storyOf(pulls({ ...found(), phase: "search" }), 7, ["bravo"])).toBeUndefined();
  expect(await storyOf({ ...pulls(found()), commentsOn: async () => [] }, 7, ["bravo"])).toBeUndefined();
});
