import { describe, expect, it } from "vitest";
import type { Check, PullRequestState } from "../../src/domain/pull-request.ts";
import { begin, decideChecks, type SeenChecks } from "../../src/shepherd/checks.ts";
import type { BisectState } from "../../src/shepherd/state.ts";
import { pullRequest } from "./builders.ts";

const now = new Date("2026-06-01T12:00:00Z");
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000);
const check = (outcome: Check["outcome"], stamp = "1", name = "test"): Check => ({ name, outcome, stamp });
const atoms = ["alpha", "bravo", "charlie", "delta"].map((name) => ({ names: [name], weight: 1 }));

function state(more: Partial<BisectState> = {}): BisectState {
  return {
    digest: "d1",
    parent: "a".repeat(40),
    phase: "search",
    since: ago(30).toISOString(),
    failed: [{ name: "test", stamp: "1" }],
    atoms,
    trials: [],
    ...more,
  };
}

function seen(more: Partial<SeenChecks> = {}): SeenChecks {
  return {
    pull: pullRequest(),
    checks: [],
    baseChecks: [],
    branches: [],
    policy: { mode: "auto", runs: 12 },
    patience: { start: 300_000, end: 3_600_000 },
    isAfterScan: false,
    now,
    ...more,
  };
}

/** The decision as a person would jot it down. */
function told(verdict: ReturnType<typeof decideChecks>): string {
  if (verdict === "begin") return "begin";
  const actions = verdict.actions.map((action) => {
    if (action.kind === "say") return `say ${/"phase":"([^"]+)"/.exec(action.text)?.[1]}`;
    if (action.kind === "try") return `try ${action.names.join("+")} on ${action.branch}`;
    if (action.kind === "set apart") return `set apart ${action.names.join("+")}`;
    return action.kind;
  });
  return [...actions, ...(verdict.again === undefined ? [] : [`wait ${verdict.again / 1_000}`])].join(", ");
}
const decide = (more: Partial<SeenChecks>) => told(decideChecks(seen(more)));

describe("a group of hundreds", () => {
  const many = (count: number, length = 25) =>
    Array.from({ length: count }, (_, nth) => ({ names: [`${"n".repeat(length)}${nth}`], weight: 1 }));
  const red = seen({ checks: [check("failed")] });

  it.each([201, 500, 1_000])("of %i is searched", (count) => {
    expect(told(begin(red, many(count)))).toBe("say again, rerun, wait 300");
  });

  it("that no comment can hold is told so, once", () => {
    const { actions } = begin(red, many(1_000, 80));
    expect(actions).toEqual([
      { kind: "say", key: "size", text: expect.stringContaining("too large to search") },
    ]);
    expect(begin({ ...red, isToldSize: true }, many(1_000, 80)).actions).toEqual([]);
  });
});

describe("a pull request without a search", () => {
  it.each<[string, Partial<SeenChecks>, string]>([
    ["green", { checks: [check("passed")] }, ""],
    [
      "green, with what another search left",
      { checks: [check("passed")], branches: ["steeplejack/bisect/7/2"] },
      "delete branches",
    ],
    ["red", { checks: [check("failed"), check("passed", "2", "lint")] }, "begin"],
    ["red, and something still runs", { checks: [check("failed"), check("pending", "2", "lint")] }, ""],
    [
      "red, and a person committed to it",
      { checks: [check("failed")], pull: pullRequest({ isOurs: false }) },
      "",
    ],
    [
      "red, and nothing is to be searched",
      { checks: [check("failed")], policy: { mode: "off", runs: 12 } },
      "",
    ],
    [
      "closed in the middle of a search",
      { pull: pullRequest({ state: "closed" }), branches: ["steeplejack/bisect/7/2"] },
      "delete branches",
    ],
  ])("that is %s", (_, more, decision) => {
    expect(decide(more)).toBe(decision);
  });

  it("has what failed run again first, and is not searched where its base is red", () => {
    const red = seen({ checks: [check("failed")] });
    expect(told(begin(red, atoms))).toBe("say again, rerun, wait 300");
    expect(told(begin({ ...red, branches: ["steeplejack/bisect/7/2"] }, atoms))).toBe(
      "delete branches, say again, rerun, wait 300",
    );
    expect(told(begin({ ...red, baseChecks: [check("failed")] }, atoms))).toBe("say red base, wait 3600");
    expect(told(begin({ ...red, baseChecks: [check("failed", "1", "lint")] }, atoms))).toContain("say again");
    expect(told(begin(red, atoms.slice(0, 1)))).toBe("");
  });
});

describe("what failed and was asked for again", () => {
  const again = (seconds: number) => state({ phase: "again", since: ago(seconds).toISOString() });
  it.each<[string, Partial<SeenChecks>, string]>([
    ["has not begun", { checks: [check("failed", "1")], state: again(30) }, "wait 300"],
    ["runs", { checks: [check("pending", "2")], state: again(30) }, "wait 300"],
    ["passes", { checks: [check("passed", "2")], state: again(30) }, "say flaky"],
    [
      "fails again",
      { checks: [check("failed", "2")], state: again(30) },
      "say search, try alpha+bravo on steeplejack/bisect/7/1, wait 300",
    ],
    [
      "never begins",
      { checks: [check("failed", "1")], state: again(601) },
      "say search, try alpha+bravo on steeplejack/bisect/7/1, wait 300",
    ],
  ])("%s", (_, more, decision) => {
    expect(decide(more)).toBe(decision);
  });
});

describe("a red base", () => {
  const waiting = state({ phase: "red base" });
  const red = { state: waiting, checks: [check("failed")], baseChecks: [check("failed")] };
  it("is waited for, and then built upon", () => {
    expect(decide(red)).toBe("wait 3600");
    expect(decide({ ...red, newBaseChecks: [check("failed", "5")] })).toBe("wait 3600");
    expect(decide({ ...red, newBaseChecks: [check("passed", "5")] })).toBe("rebase, scan");
    expect(decide({ ...red, baseChecks: [check("passed", "5")] })).toBe("begin");
  });
});

describe("a trial", () => {
  const running = state({ trials: [{ atoms: [0, 1] }] });
  const branches = ["steeplejack/bisect/7/1"];
  const next = (names: string) =>
    `say search, delete branches, try ${names} on steeplejack/bisect/7/2, wait 300`;
  const trial = (seconds: number, ...checks: Check[]) => ({ trial: { since: ago(seconds), checks } });
  const drafted = state({ trials: [{ atoms: [0, 1], draftSince: ago(301).toISOString() }] });
  const failedOnce = state({ trials: [{ atoms: [0, 1], failedOnce: ["7"] }] });

  it.each<[string, Partial<SeenChecks>, string]>([
    [
      "is made where it is not there",
      { state: running, trial: { checks: [] } },
      "try alpha+bravo on steeplejack/bisect/7/1, wait 300",
    ],
    ["runs", { state: running, branches, ...trial(9, check("pending")) }, "wait 300"],
    ["passes", { state: running, branches, ...trial(9, check("passed")) }, next("alpha+bravo+charlie")],
    [
      "passes as far as it was asked",
      { state: running, branches, ...trial(9, check("passed"), check("failed", "3", "lint")) },
      next("alpha+bravo+charlie"),
    ],
    [
      "fails, and is asked for again",
      { state: running, branches, ...trial(9, check("failed", "7")) },
      "say search, rerun trial, wait 300",
    ],
    [
      "fails, and has not begun again",
      { state: failedOnce, branches, ...trial(9, check("failed", "7")) },
      "wait 300",
    ],
    ["fails again", { state: failedOnce, branches, ...trial(9, check("failed", "8")) }, next("alpha")],
    [
      "passes the second time",
      { state: failedOnce, branches, ...trial(9, check("passed", "8")) },
      next("alpha+bravo+charlie"),
    ],
    ["is waited for", { state: running, branches, ...trial(9) }, "wait 291"],
    [
      "gets a draft where no check begins",
      { state: running, branches, ...trial(301) },
      "say search, open draft, wait 300",
    ],
    [
      "gets none where that is not wanted",
      { state: running, branches, policy: { mode: "branches", runs: 12 }, ...trial(301) },
      "say done, delete branches",
    ],
    [
      "gets one at once where that is wanted",
      { state: running, branches, policy: { mode: "pull-requests", runs: 12 }, ...trial(1) },
      "say search, open draft, wait 300",
    ],
    [
      "ends the search where no check begins on the draft either",
      { state: drafted, branches, ...trial(700) },
      "say done, delete branches",
    ],
    [
      "ends the search where its checks never end",
      { state: running, branches, ...trial(3_601, check("pending")) },
      "say done, delete branches",
    ],
  ])("%s", (_, more, decision) => {
    expect(decide(more)).toBe(decision);
  });
});

describe("the end of a search", () => {
  const trials = [
    { atoms: [0, 1], outcome: "failed" as const },
    { atoms: [0], outcome: "passed" as const },
    { atoms: [0, 2, 3], outcome: "passed" as const },
  ];
  const done = state({ phase: "done", trials: [...trials, { atoms: [1], outcome: "failed" }] });
  const last = state({ trials: [...trials, { atoms: [1], failedOnce: ["7"] }] });

  it("takes the culprit out, and has the rest made anew", () => {
    const failure = { since: ago(9), checks: [check("failed", "8")] };
    expect(decide({ state: last, branches: ["steeplejack/bisect/7/4"], trial: failure })).toBe(
      "say done, set apart bravo, scan, delete branches",
    );
  });

  it("is completed by a later run, once", () => {
    const apart: Partial<PullRequestState["marker"]> = { apart: [{ name: "bravo", version: "2.0.0" }] };
    expect(decide({ state: done })).toBe("set apart bravo, scan");
    expect(decide({ state: done, pull: pullRequest({ marker: apart }) })).toBe("scan");
    expect(decide({ state: done, pull: pullRequest({ marker: apart }), isAfterScan: true })).toBe("");
  });
});
