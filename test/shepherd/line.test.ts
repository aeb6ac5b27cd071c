import { describe, expect, it } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import type { Check, PullRequestState } from "../../src/domain/pull-request.ts";
import { evidenceBook } from "../../src/shepherd/evidence.ts";
import { aheadOf, type InLine, lineOf } from "../../src/shepherd/line.ts";
import { noteOf } from "../../src/shepherd/note.ts";
import type { ShepherdWorld } from "../../src/shepherd/shepherd.ts";
import { policy } from "../builders.ts";
import { pullRequest } from "./builders.ts";

type Some = NonNullable<Parameters<typeof pullRequest>[0]>;

describe("of those in line", () => {
  const one = (number: number, place: InLine["place"], more: Some & { waits?: boolean } = {}): InLine => ({
    pull: pullRequest({ ...more, number }),
    place,
    isOnItsWay: more.waits !== true,
  });
  const security = { marker: { security: true as const } };
  const order = (...line: InLine[]) =>
    Object.fromEntries(line.map((each) => [each.pull.number, aheadOf(each, line)?.pull.number]));

  it("those that conflict wait for one another, the oldest first", () => {
    expect(order(one(3, "conflicts"), one(2, "conflicts"), one(4, "conflicts"))).toEqual({
      2: undefined,
      3: 2,
      4: 3,
    });
  });

  it("what is ready goes first, and waits for nobody else", () => {
    expect(order(one(2, "conflicts"), one(3, "conflicts"), one(4, "ready"))).toMatchObject({ 2: 4, 3: 2 });
  });

  it("what is stale waits for what is ready only", () => {
    expect(order(one(2, "conflicts"), one(3, "elsewhere"))).toEqual({ 2: undefined, 3: undefined });
    expect(order(one(2, "ready"), one(3, "elsewhere"))).toMatchObject({ 3: 2 });
  });

  it("nobody waits for what is red or needs a person, and that goes last", () => {
    expect(
      order(one(1, "ready", { waits: true }), one(2, "conflicts", { waits: true }), one(3, "conflicts")),
    ).toMatchObject({ 2: 3, 3: undefined });
  });

  it("security goes before what is older, and before what is ready", () => {
    expect(order(one(2, "conflicts"), one(3, "conflicts", security), one(4, "conflicts", security))).toEqual({
      2: 4,
      3: undefined,
      4: 3,
    });
    expect(order(one(2, "ready"), one(3, "conflicts", security))).toMatchObject({ 3: undefined });
  });

  it("those of other projects are others' affair, unless the base asks for what is up to date", () => {
    const [shop, docs] = [{ marker: { roots: ["shop"] } }, { marker: { roots: ["docs"] } }];
    expect(order(one(2, "ready", shop), one(3, "conflicts", docs))).toMatchObject({ 3: undefined });
    expect(order(one(2, "ready", shop), one(3, "conflicts", shop))).toMatchObject({ 3: 2 });
    expect(order(one(2, "ready", shop), one(3, "elsewhere", { ...docs, isBehind: true }))).toMatchObject({
      3: 2,
    });
    const docker = { marker: { key: "docker/images" } };
    expect(order(one(2, "ready", docker), one(3, "conflicts"))).toMatchObject({ 3: undefined });
  });
});

describe("a pull request that conflicts", () => {
  const head = "c".repeat(40);
  const now = new Date("2026-06-01T12:00:00Z");
  const hour = 3_600_000;
  const own = pullRequest({ number: 8, mergeable: false, marker: { automerge: {} } });
  const ready: Some = { number: 7, parentSha: head, marker: { automerge: {} } };

  interface Seen {
    readonly outcomes?: readonly Check["outcome"][];
    /** In hours. */
    readonly age?: number;
    readonly refused?: string;
    /** The files that the base has changed since. */
    readonly theirs?: readonly string[];
    readonly isAfterScan?: boolean;
  }

  function line(other: PullRequestState, seen: Seen = {}) {
    const { outcomes = ["pending"], age = 0, refused, theirs = [], isAfterScan = false } = seen;
    const all = [other, own];
    const pulls: Partial<ShepherdWorld["pulls"]> = {
      open: async () => all,
      read: async (number) => all.find((pull) => pull.number === number),
      branch: async (name) => ({
        sha: head,
        at: new Date(now.getTime() - (name === "main" ? 0 : age * hour)),
      }),
      changedFiles: async (_, to) => (to === head ? theirs : ["package-lock.json"]),
      checksOf: async () => outcomes.map((outcome) => ({ name: "test", outcome, stamp: "1" })),
      commentsOn: async () =>
        refused === undefined
          ? []
          : [{ id: 1, author: "", isOurs: true, body: noteOf("merge", { head: refused }) }],
    };
    return lineOf({
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is asked for nothing else
      pulls: pulls as ShepherdWorld["pulls"],
      policies: policy(),
      groupOf: async () => undefined,
      write: async () => undefined,
      evidence: evidenceBook(memoryCache(), 1, "acme/web"),
      patience: { start: hour / 12, end: 6 * hour },
      isAfterScan,
      now: () => now,
    });
  }

  const marked = (wanted: "rebase") => ({ marker: { automerge: {}, wanted } });
  const stale = { theirs: ["package-lock.json"] };

  it.each<[boolean, string, Some, Seen?]>([
    [true, "is checked on the head of the base", {}],
    [true, "has passed there", {}, { outcomes: ["passed"] }],
    [
      true,
      "is checked, and the base has changed other files since",
      { parentSha: "p" },
      { theirs: ["a.js"] },
    ],
    [true, "conflicts too, and is older", { mergeable: false }],
    [true, "has no checks yet", {}, { outcomes: [] }],
    [true, "is about to be made anew", { parentSha: "p", ...marked("rebase") }, stale],
    [
      false,
      "was to be made anew, and could not be",
      { parentSha: "p", ...marked("rebase") },
      { ...stale, isAfterScan: true },
    ],
    [false, "conflicts still, though it was to be made anew", { mergeable: false, ...marked("rebase") }],
    [false, "is stale", { parentSha: "p" }, stale],
    [false, "has failed", {}, { outcomes: ["failed"] }],
    [false, "was refused", {}, { outcomes: ["passed"], refused: "b".repeat(40) }],
    [true, "was refused, and has another head now", {}, { outcomes: ["passed"], refused: "a".repeat(40) }],
    [true, "has been checked for five hours", {}, { age: 5 }],
    [false, "has been checked for seven hours", {}, { age: 7 }],
    [false, "has had no check for an hour", {}, { outcomes: [], age: 1 }],
    [false, "is not to be merged", { marker: {} }],
    [false, "is somebody's work", { isOurs: false }],
    [false, "is for another base", { base: "next" }],
  ])("waits (%s) for another that %s", async (expected, _, other, seen) => {
    const ahead = await line(pullRequest({ ...ready, ...other }), seen).ahead(own);
    expect(ahead?.pull.number).toBe(expected ? 7 : undefined);
  });

  it("waits for what is asked to be made anew in the same run, once that is so", async () => {
    const here = line(pullRequest({ ...ready, parentSha: "p" }), { ...stale, isAfterScan: true });
    expect(await here.ahead(own)).toBe(undefined);
    here.moved(7);
    expect((await here.ahead(own))?.pull.number).toBe(7);
  });
});
