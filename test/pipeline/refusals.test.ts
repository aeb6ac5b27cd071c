import { describe, expect, it } from "vitest";
import { digestOf, type Marker, movesOf } from "../../src/domain/branch.ts";
import type { ClosedPullRequest, OpenPullRequest } from "../../src/domain/ports.ts";
import { setApart } from "../../src/pipeline/apart.ts";
import { plan } from "../../src/pipeline/plan/plan.ts";
import {
  afterDeclining,
  closedFor,
  declinedIn,
  forBranch,
  refusalsOf,
  refusing,
} from "../../src/pipeline/refusals.ts";
import { advisory, dependency, findings, manifest, policy, project, releases, summary } from "../builders.ts";

const now = new Date("2026-06-01T00:00:00Z");
const url = "https://github.test/acme/web/pull/7";
const web = project(manifest(dependency("react", "^18.2.0"), dependency("zod", "^3.22.0")));
const known = {
  react: releases("18.2.0", "18.3.0", "18.3.1", "19.0.0", "19.1.0", "20.0.0"),
  zod: releases("3.22.0", "3.22.1", "3.23.8"),
};

function closed(more: Partial<ClosedPullRequest>): ClosedPullRequest {
  const of = { number: 7, url, title: "", isMerged: false };
  return { ...of, key: "npm/runtime", digest: "d", basis: "b", roots: [""], ...more };
}

/** What is proposed, after these were closed. */
function proposed(pulls: readonly ClosedPullRequest[], flaws = [] as ReturnType<typeof advisory>[]) {
  return plan(findings(web, known, flaws), refusing(policy(), refusalsOf(pulls, [])), now);
}

const reasonOf = (name: string, { decisions }: ReturnType<typeof plan>) =>
  decisions.find(({ dependency: of }) => of.name === name)?.reason;

describe("a pull request that a person closed", () => {
  const zod = { name: "zod", from: "3.22.0", to: "3.23.8", size: "minor" as const };
  const react = { name: "react", from: "18.2.0", to: "19.0.0", size: "major" as const };

  it("keeps away its only version, and older ones in its stead", () => {
    const result = proposed([closed({ moves: [zod] })]);
    expect(summary(result)).toEqual({
      "npm/major:react": ["react ^18.2.0 -> ^20.0.0"],
      "npm/runtime": ["react ^18.2.0 -> ^18.3.1"],
    });
    expect(reasonOf("zod", result)).toEqual({
      code: "closed",
      detail: `3.23.8: a person closed the pull request for it (${url})`,
      origin: url,
    });
  });

  it("lets a newer version come", () => {
    const older = closed({ moves: [{ ...zod, to: "3.22.1", size: "patch" }] });
    expect(summary(proposed([older]))["npm/runtime"]).toContain("zod ^3.22.0 -> ^3.23.8");
  });

  it("keeps away that whole major, and lets small steps and the next major come", () => {
    const major = closed({ key: "npm/major:react", moves: [react] });
    const { groups, decisions } = proposed([major]);
    expect(summary({ groups, decisions })["npm/major:react"]).toEqual(["react ^18.2.0 -> ^20.0.0"]);
    expect(
      decisions[0]?.candidates.filter(({ rejected }) => rejected?.code === "closed").map((it) => it.version),
    ).toEqual(["19.1.0", "19.0.0"]);
  });

  it.each<[string, Partial<ClosedPullRequest>]>([
    ["when the App closed it", { digest: "" }],
    ["when it was merged", { isMerged: true }],
    ["for another project", { roots: ["shop"] }],
    ["for another ecosystem", { key: "pypi/runtime" }],
    ["when it is about several packages", { moves: [zod, { ...zod, name: "zed" }] }],
  ])("says nothing of a version %s", (_, more) => {
    expect(summary(proposed([closed({ moves: [zod], ...more })]))["npm/runtime"]).toContain(
      "zod ^3.22.0 -> ^3.23.8",
    );
  });

  it("holds a security fix back only where it was one", () => {
    const flaw = [advisory("GHSA-1", "zod", { fixed: "3.23.8" })];
    const fixes = { "npm/security": ["zod ^3.22.0 -> ^3.23.8"] };
    expect(summary(proposed([closed({ moves: [zod] })], flaw))).toMatchObject(fixes);
    expect(summary(proposed([closed({ moves: [zod], key: "npm/security" })], flaw))).not.toMatchObject(fixes);
  });

  it("keeps away a group of just these packages at just these versions", () => {
    const { groups } = proposed([]);
    const runtime = groups.find(({ key }) => key === "npm/runtime");
    if (runtime === undefined) throw new Error("no group");
    const digest = digestOf(runtime);
    const moves = movesOf(runtime);
    const of = (more: Partial<ClosedPullRequest>) =>
      closedFor(runtime, digest, [closed({ digest: "other", moves, ...more })])?.number;
    expect(of({})).toBe(7);
    expect(of({ moves: [], digest })).toBe(7);
    expect(of({ moves: moves.slice(1) })).toBeUndefined();
    expect(of({ digest: "" })).toBeUndefined();
    expect(of({ isMerged: true })).toBeUndefined();
    expect(of({ key: "npm/development" })).toBeUndefined();
  });

  it("tells that of each dependency, and leaves what is in other groups", () => {
    const { groups, decisions } = proposed([]);
    const runtime = groups.find(({ key }) => key === "npm/runtime");
    if (runtime === undefined) throw new Error("no group");
    const pull = closed({ moves: movesOf(runtime) });
    const declined = declinedIn(groups, [], [pull]);
    expect([...declined.keys()]).toEqual([runtime]);
    const after = afterDeclining(decisions, declined);
    const said = `a person closed the pull request for just these versions (${url})`;
    expect(
      after.map((it) => [it.dependency.name, it.outcome, it.outcome === "held" ? it.reason : undefined]),
    ).toEqual([
      ["react", "update", undefined],
      ["zod", "held", { code: "closed", detail: `3.23.8: ${said}`, origin: url }],
    ]);
    expect(after[0]?.candidates.find(({ version }) => version === "18.3.1")?.rejected?.detail).toBe(said);
    expect(declinedIn(groups, [{ ...pull, branch: "", labels: [] }], [pull]).size).toBe(0);
  });

  it("counts for its own branch only", () => {
    const keys = ["npm/runtime", "npm/runtime on next", "npm/runtime in a on next~zod"];
    const pulls = keys.map((key) => ({ key }));
    expect(forBranch(pulls, undefined, ["next"])).toEqual([{ key: "npm/runtime" }]);
    expect(forBranch(pulls, "next", ["next"]).map(({ key }) => key)).toEqual(keys.slice(1));
  });
});

describe("what a comment says to ignore", () => {
  it.each<[string, string[] | undefined]>([
    ["*", undefined],
    [">=18.3.1 <19", ["react ^18.2.0 -> ^18.3.0"]],
    ["patch 18.3.1", ["react ^18.2.0 -> ^18.3.0"]],
    ["minor 18.3.0", undefined],
    ["major 19.0.0", ["react ^18.2.0 -> ^18.3.1"]],
  ])("keeps %s of react away", (what, left) => {
    const pulls = [closed({ digest: "", isMerged: true, ignore: [{ name: "react", what }] })];
    const groups = summary(proposed(pulls));
    expect(groups["npm/runtime"]?.filter((line) => line.startsWith("react"))).toEqual(left ?? []);
  });

  it("is told with its place", () => {
    const ignore = [{ name: "zod", what: "*" }];
    expect(reasonOf("zod", proposed([closed({ ignore })]))).toEqual({
      code: "ignored",
      detail: `a comment on a pull request ignores zod (${url})`,
      origin: url,
    });
  });
});

describe("what is taken out of a group", () => {
  const { groups } = proposed([]);
  const pull = (more: Partial<Marker>): OpenPullRequest => ({
    number: 1,
    url,
    branch: "",
    title: "",
    labels: [],
    key: "npm/runtime",
    digest: "",
    basis: "",
    ...more,
  });
  const apart = (open: readonly OpenPullRequest[], of = groups) =>
    summary({ groups: setApart(of, open), decisions: [] });

  it("has a group of its own at that version, and the rest stays", () => {
    const open = [pull({ apart: [{ name: "zod", version: "3.23.8" }] })];
    expect(apart(open)).toEqual({
      "npm/major:react": ["react ^18.2.0 -> ^20.0.0"],
      "npm/runtime": ["react ^18.2.0 -> ^18.3.1"],
      "npm/runtime~zod": ["zod ^3.22.0 -> ^3.23.8"],
    });
    expect(setApart(groups, open).map(({ key, name, single }) => `${key} ${name} ${single}`)).toEqual([
      "npm/runtime runtime false",
      "npm/runtime~zod zod true",
      "npm/major:react react true",
    ]);
  });

  it("is back in it at another version", () => {
    expect(apart([pull({ apart: [{ name: "zod", version: "3.22.1" }] })])).toEqual(
      summary({ groups, decisions: [] }),
    );
  });

  it("stays apart when the rest was merged, as long as its own pull request is open", () => {
    const moves = [{ name: "zod", from: "3.22.0", to: "3.23.8", size: "minor" as const }];
    const open = [pull({ key: "npm/runtime~zod", from: "npm/runtime", moves })];
    expect(apart(open)).toHaveProperty(["npm/runtime~zod"]);
  });

  it("takes along what cannot move without it", () => {
    const bound = groups.map((group) => ({
      ...group,
      updates: group.updates.map((update) => ({
        ...update,
        bonds: [{ name: update.dependency.name === "zod" ? "react" : "zod", reason: "" }],
      })),
    }));
    expect(apart([pull({ apart: [{ name: "zod", version: "3.23.8" }] })], bound)).toEqual({
      "npm/major:react": ["react ^18.2.0 -> ^20.0.0"],
      "npm/runtime~zod": ["react ^18.2.0 -> ^18.3.1", "zod ^3.22.0 -> ^3.23.8"],
    });
  });
});
