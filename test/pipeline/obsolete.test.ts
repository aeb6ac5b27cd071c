import { describe, expect, it } from "vitest";
import type { OpenPullRequest } from "../../src/domain/ports.ts";
import { newsOf } from "../../src/pipeline/compose/news.ts";
import { whyObsolete } from "../../src/pipeline/obsolete.ts";
import { plan } from "../../src/pipeline/plan/plan.ts";
import { npmVersions } from "../../src/versions/semver.ts";
import { dependency, findings, manifest, policy, project, releases } from "../builders.ts";

const move = (name: string, to: string) => ({ name, from: "1.0.0", to, size: "minor" as const });
const pull = (...names: string[]): OpenPullRequest => ({
  number: 1,
  url: "",
  branch: "",
  title: "",
  labels: [],
  key: "npm/runtime",
  digest: "d",
  basis: "b",
  roots: [""],
  moves: names.map((name) => move(name, "1.2.0")),
});

const { decisions } = plan(
  findings(
    project(
      manifest(
        dependency("current", "^1.2.0"),
        dependency("ignored", "^1.0.0"),
        dependency("grouped", "^1.0.0"),
      ),
    ),
    {
      current: releases("1.2.0"),
      ignored: releases("1.0.0", "1.2.0"),
      grouped: releases("1.0.0", "1.2.0"),
    },
  ),
  policy({ ignore: [{ pattern: "ignored", versions: [], updateTypes: [], origin: "dependabot.yml:7" }] }),
  new Date("2026-06-01T00:00:00Z"),
);
const why = (...names: string[]) =>
  whyObsolete(pull(...names), {
    decisions,
    elsewhere: new Map([["grouped", 7]]),
    schemes: new Map([["npm", npmVersions]]),
  });

describe("a pull request that is no longer needed", () => {
  it.each([
    ["current", "`current` is at `1.2.0` already"],
    ["gone", "`gone` is no longer required"],
    ["grouped", "`grouped` is updated in #7"],
    ["ignored", "`ignored` stays: the configuration ignores ignored (dependabot.yml:7)"],
  ])("says what became of what is %s", (name, sentence) => {
    expect(why(name)).toBe(`No longer needed: ${sentence}.`);
  });

  it("says it of each of its packages", () => {
    expect(why("current", "gone")).toBe(
      "No longer needed:\n\n- `current` is at `1.2.0` already\n- `gone` is no longer required",
    );
    expect(why()).toMatch(/^Nothing is left to update here/);
    expect(why(...Array.from({ length: 50 }, (_, at) => `gone-${at}`)).split("\n")).toHaveLength(23);
  });
});

describe("a pull request that was updated", () => {
  it("tells what is other than before", () => {
    const before = [move("a", "1.1.0"), move("b", "1.1.0"), move("c", "1.1.0")];
    const after = [move("a", "1.2.0"), move("b", "1.1.0"), move("d", "1.1.0")];
    expect(newsOf(before, after)?.split("\n").slice(2)).toEqual([
      "- `a` now goes to `1.2.0`, and no longer to `1.1.0`",
      "- `d` now goes to `1.1.0`: it is new in here",
      "- `c` is no longer in here",
    ]);
    expect(newsOf(before, before)).toBeUndefined();
    expect(newsOf(undefined, after)).toBeUndefined();
  });
});
