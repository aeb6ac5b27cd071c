import { describe, expect, it } from "vitest";
import type { Marker, Move } from "../../../src/domain/branch.ts";
import type { Check, PullRequestState } from "../../../src/domain/pull-request.ts";
import { type Condition, conditionsOf, farewell, isTakenBack } from "../../../src/shepherd/closing.ts";
import { answer, type Heard } from "../../../src/shepherd/commands/answer.ts";
import { mergeStep } from "../../../src/shepherd/commands/merging.ts";
import { type Command, parseCommands } from "../../../src/shepherd/commands/parse.ts";
import { pullRequest } from "../builders.ts";

const move = (name: string, to = "2.0.0", size: Move["size"] = "major"): Move => ({
  name,
  from: "1.0.0",
  to,
  size,
});

function pull(marker: Partial<Marker> = {}, more: Partial<PullRequestState> = {}): PullRequestState {
  const moves = [move("a"), move("b")];
  return pullRequest({ title: "Bump", headSha: "h", parentSha: "p", ...more, marker: { moves, ...marker } });
}

const commandOf = (text: string): Command => {
  const [command] = parseCommands(`@steeplejack ${text}`, "steeplejack");
  if (command === undefined) throw new Error("no command");
  return command;
};

/** What is done, as `kinds: what`, and the reaction. */
function told(text: string, on = pull(), more: Partial<Heard> = {}): string {
  const { deeds, reaction } = answer(commandOf(text), {
    pull: on,
    conditions: [],
    search: "none",
    isRed: true,
    isResumed: false,
    ...more,
  });
  return [...deeds.map(({ kind }) => kind), reaction].join(", ");
}

const closed = pull({}, { state: "closed" });
const merged = pull({}, { state: "merged" });
const single = pull({ moves: [move("a")] });

describe("the answer", () => {
  it.each<[string, PullRequestState, string]>([
    ["help", pull(), "rocket"],
    ["make tea", pull(), "confused"],
    ["rebase", pull(), "mark, scan, rocket"],
    ["rebase", closed, "confused"],
    ["rebase", pull({}, { isOurs: false }), "confused"],
    ["recreate", pull({}, { isOurs: false }), "mark, scan, rocket"],
    ["recreate", merged, "confused"],
    ["merge", pull(), "mark, rocket"],
    ["merge", closed, "confused"],
    ["cancel merge", pull(), "rocket"],
    ["cancel merge", pull({ merge: "usual" }), "mark, no auto-merge, rocket"],
    ["cancel merge", pull({}, { autoMerge: true }), "mark, no auto-merge, rocket"],
    ["close", pull(), "close, rocket"],
    ["close", merged, "confused"],
    ["reopen", closed, "reopen, rocket"],
    ["reopen", merged, "confused"],
    ["ignore a", pull(), "mark, scan, rocket"],
    ["ignore this dependency", pull(), "confused"],
    ["ignore this major version", single, "mark, close, scan, rocket"],
    ["ignore a", pull({ moves: [move("a")] }, { state: "closed" }), "mark, scan, rocket"],
    ["ignore other >=2 <3", pull(), "mark, scan, rocket"],
    ["ignore other major version", pull(), "confused"],
    ["unignore a", pull(), "confused"],
    ["show ignore conditions", pull(), "rocket"],
    ["explain a", pull(), "confused"],
    ["split a", pull(), "mark, scan, rocket"],
    ["split other", pull(), "confused"],
    ["split a", single, "rocket"],
    ["split a", closed, "confused"],
    ["bisect", pull(), "search anew, rocket"],
    ["bisect", single, "confused"],
  ])("to %s", (text, on, expected) => {
    expect(told(text, on)).toBe(expected);
  });

  it("depends on what else is known", () => {
    expect(told("bisect", pull(), { search: "running" })).toBe("rocket");
    expect(told("bisect", pull(), { isRed: false })).toBe("confused");
    expect(told("explain a", pull(), { explanation: "because" })).toBe("rocket");
    const conditions: Condition[] = [{ number: 3, names: ["a"], how: "closed", what: "up to 2.0.0" }];
    expect(told("unignore a", pull(), { conditions })).toBe("unignore, scan, rocket");
    expect(told("unignore *", pull(), { conditions })).toBe("unignore, scan, rocket");
    expect(told("unignore a", pull(), { isResumed: true })).toBe("unignore, scan, rocket");
    expect(told("close", closed, { isResumed: true })).toBe("close, rocket");
    expect(told("cancel merge", pull(), { isResumed: true })).toBe("mark, no auto-merge, rocket");
  });

  it.each<[string, Partial<Marker>]>([
    ["ignore a", { ignore: [{ name: "a", what: "*" }] }],
    ["ignore a minor version", { ignore: [{ name: "a", what: "minor 2.0.0" }] }],
    ["ignore a >=2 <3", { ignore: [{ name: "a", what: ">=2 <3" }] }],
    ["split b", { apart: [{ name: "b", version: "2.0.0" }] }],
    ["rebase", { wanted: "rebase" }],
    ["recreate", { wanted: "recreate" }],
    ["squash and merge", { merge: "squash" }],
  ])("%s is remembered, once", (text, kept) => {
    const once = answer(commandOf(text), {
      pull: pull(),
      conditions: [],
      search: "none",
      isRed: true,
      isResumed: false,
    });
    const [deed] = once.deeds;
    expect(deed).toEqual({ kind: "mark", marker: { ...pull().marker, ...kept } });
    const again = answer(commandOf(text), {
      pull: pull(kept),
      conditions: [],
      search: "none",
      isRed: true,
      isResumed: false,
    });
    expect(again.deeds[0]).toEqual(deed);
  });

  it("shows what is ignored, and no Markdown of anybody", () => {
    const conditions: Condition[] = [
      { number: 3, names: ["a|b"], how: "ignored", what: "<img> | @octocat" },
      { number: 4, names: ["a", "b", "c", "d"], how: "closed", what: "a 1, b 2" },
    ];
    const { text = "" } = answer(commandOf("show ignore conditions"), {
      pull: pull(),
      conditions,
      search: "none",
      isRed: true,
      isResumed: false,
    });
    expect(text.split("\n").slice(2, 4)).toEqual([
      expect.stringMatching(/^\| `a\\\|b` \| &lt;img> .*octocat \| a comment on #3 \|$/),
      "| `a`, `b`, `c` and 1 more | a 1, b 2 | #4 was closed |",
    ]);
    expect(text).not.toContain("@octocat");
  });
});

describe("merging that a person asked for", () => {
  const asked = (more: Partial<PullRequestState> = {}) => pull({ merge: "squash" }, more);
  const check = (name: string, outcome: Check["outcome"]): Check => ({ name, outcome, stamp: name });

  it.each<[string, PullRequestState, Check[], string[], unknown]>([
    ["nobody asked", pull(), [], [], undefined],
    ["it is closed", asked({ state: "closed" }), [], [], undefined],
    ["it is a draft", asked({ isDraft: true }), [], [], undefined],
    ["there are no checks", asked(), [], [], { kind: "merge", method: "squash" }],
    ["all passed", asked(), [check("a", "passed")], ["a"], { kind: "merge", method: "squash" }],
    ["one failed", asked(), [check("a", "failed"), check("b", "passed")], [], { kind: "wait", for: ["a"] }],
    ["one is running", asked(), [check("a", "pending")], ["a"], { kind: "wait", for: ["a"] }],
    ["one was cancelled", asked(), [check("a", "inconclusive")], [], { kind: "wait", for: ["a"] }],
    ["a required one is missing", asked(), [check("a", "passed")], ["b"], { kind: "wait", for: ["b"] }],
    ["it conflicts", asked({ mergeable: false }), [], [], { kind: "rebase" }],
    [
      "it conflicts and is somebody else's",
      asked({ mergeable: false, isOurs: false }),
      [],
      [],
      { kind: "wait", for: [] },
    ],
    ["GitHub does not know yet", asked({ mergeable: undefined }), [], [], { kind: "wait", for: [] }],
  ])("when %s", (_, on, checks, required, expected) => {
    expect(mergeStep(on, checks, required)).toEqual(expected);
  });
});

describe("closing", () => {
  it("says what follows, unless the App closed it", () => {
    expect(farewell(pull())).toBeUndefined();
    expect(farewell(merged)).toBeUndefined();
    expect(farewell(pull({ digest: "" }, { state: "closed" }))).toBeUndefined();
    expect(farewell(closed)).toMatch(/^OK, just these updates will not be proposed together again/);
    const minor = pull({ moves: [move("a", "1.1.0", "minor")] }, { state: "closed" });
    expect(farewell(minor)).toMatch(/^OK, `a` `1.1.0` will not be proposed again; a newer release will be\./);
  });

  it("makes conditions, and what is ignored in comments too, also on what is open", () => {
    const of = { url: "", title: "", isMerged: false, key: "npm/runtime", digest: "d", basis: "b" };
    const conditions = conditionsOf(
      [
        { ...of, number: 1, moves: [move("a")] },
        { ...of, number: 2, moves: [move("a"), move("b")] },
        { ...of, number: 3, moves: [move("c")], digest: "" },
        {
          ...of,
          number: 4,
          moves: [move("c")],
          isMerged: true,
          ignore: [{ name: "c", what: "minor 2.1.0" }],
        },
      ],
      [{ ...of, number: 5, branch: "", labels: [], ignore: [{ name: "a", what: "*" }] }],
    );
    expect(conditions.map(({ number, how, what }) => `#${number} ${how}: ${what}`)).toEqual([
      "#1 closed: the major version of 2.0.0",
      "#2 closed: a 2.0.0, b 2.0.0",
      "#4 ignored: the minor version of 2.1.0",
      "#5 ignored: all versions",
    ]);
    const backFor = (name: string) =>
      conditions.filter((one) => isTakenBack(one, name)).map(({ number }) => number);
    expect(backFor("a")).toEqual([1, 5]);
    expect(backFor("b")).toEqual([]);
    expect(backFor("*")).toEqual([1, 2, 4, 5]);
  });
});
