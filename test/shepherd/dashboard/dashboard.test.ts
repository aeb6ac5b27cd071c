import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GroupOutcome } from "../../../src/pipeline/propose.ts";
import { plan } from "../../../src/pipeline/plan/plan.ts";
import type { Condition } from "../../../src/shepherd/closing.ts";
import { dashboardOf, type Known } from "../../../src/shepherd/dashboard/body.ts";
import { type Act, boxOf, ticked, untick } from "../../../src/shepherd/dashboard/boxes.ts";
import { advisory, dependency, findings, manifest, policy, project, releases } from "../../builders.ts";

const word = fc.string({ unit: "binary", minLength: 1, maxLength: 60 });
const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constantFrom("open", "retry"), key: word }),
  fc.record({ kind: fc.constant("unignore"), name: word }),
  fc.record({ kind: fc.constant("rebase"), number: fc.nat({ max: 999_999_999 }) }),
);

describe("a box", () => {
  it("asks for what it was made for, once it is ticked, whatever stands in it", () => {
    fc.assert(
      fc.property(fc.array(acts, { maxLength: 5 }), (wanted) => {
        const body = wanted.map((act) => `${boxOf(act)} text`).join("\n");
        expect(ticked(body)).toEqual([]);
        const all = body.replaceAll("- [ ]", "- [x]");
        const well = JSON.stringify(wanted, (_, value: unknown) =>
          typeof value === "string" ? value.toWellFormed() : value,
        );
        expect(JSON.stringify(ticked(all))).toBe(well);
        expect(untick(all)).toBe(body);
      }),
    );
  });

  it.each([
    "- [x] <!-- act:delete main -->",
    "- [x] <!-- act:rebase 1;2 -->",
    "- [x] <!-- act:open %E0%A4%A -->",
    "text - [x] <!-- act:rebase 1 -->",
  ])("asks for nothing when it was edited by hand: %s", (line) => {
    expect(ticked(line)).toEqual([]);
  });
});

const outcome = (more: Partial<GroupOutcome>): GroupOutcome => ({
  key: "npm/runtime",
  title: "Bump the runtime group with 2 updates",
  branch: "steeplejack/npm/runtime",
  outcome: "unchanged",
  number: 1,
  ...more,
});

const at = project(
  manifest(dependency("left-pad", "^1.0.0"), dependency("flawed", "1.0.0"), dependency("react", "^18.2.0")),
);
const { decisions } = plan(
  findings(
    at,
    {
      "left-pad": releases("1.0.0", "1.3.0"),
      flawed: releases("1.0.0"),
      react: releases("18.2.0", "19.0.0"),
    },
    [advisory("GHSA-1", "flawed")],
  ),
  policy({ ignore: [{ pattern: "left-pad", versions: [], updateTypes: [], origin: "dependabot.yml:3" }] }),
  new Date("2026-06-01T00:00:00Z"),
);

const known: Known = {
  outcomes: [
    outcome({}),
    outcome({ key: "npm/major:vite", title: "Bump vite from 5.0.0 to 6.0.0", number: 2, outcome: "edited" }),
    outcome({
      key: "npm/major:react",
      title: "Bump react from 18.2.0 to 19.0.0",
      outcome: "waits",
      reason: "for the schedule, until 2026-06-08T05:00Z",
    }),
    outcome({
      key: "npm/private",
      title: "Bump @acme/ui from 1.0.0 to 2.0.0",
      outcome: "failed",
      reason: "npm.acme.example: answered 403 (GET /@acme%2Fui)",
    }),
  ],
  scan: {
    decisions,
    problems: [
      { stage: "discover", subject: "apps/x/package.json", message: "apps/x/package.json (line 3): no JSON" },
      { stage: "propose", subject: "npm/private", message: "told above" },
    ],
    projects: [at],
    excluded: ["vendor/package.json"],
  },
  conditions: [
    { number: 3, names: ["zod"], how: "ignored", what: "all versions" },
    { number: 4, names: ["a", "b"], how: "closed", what: "a 1.0.0, b 2.0.0" },
  ],
};

describe("the dashboard", () => {
  it("reads so", async () => {
    await expect(dashboardOf(known)).toMatchFileSnapshot("snapshots/dashboard.md");
  });

  it("says little where there is little", () => {
    const empty = { outcomes: [], scan: { ...known.scan, decisions: [], problems: [] }, conditions: [] };
    expect(dashboardOf(empty).match(/^#+ /gm)).toBeNull();
  });

  it("fits, however much there is", () => {
    const many = <T>(make: (at: number) => T) => Array.from({ length: 3_000 }, (_, index) => make(index));
    const long = "x".repeat(500);
    const body = dashboardOf({
      outcomes: many((index) =>
        outcome({ key: `npm/${index}`, title: long, outcome: "failed", reason: long }),
      ),
      scan: {
        ...known.scan,
        decisions: Array.from({ length: 1_000 }, () => decisions).flat(),
        problems: many((index) => ({ stage: "resolve", subject: `p${index}`, message: long })),
      },
      conditions: many((index): Condition => ({ number: index, names: [long], how: "ignored", what: long })),
    });
    expect(body.length).toBeLessThan(65_536);
    expect(body).toMatch(/<!-- steeplejack dashboard -->\n$/);
  });

  it("is not moved by hostile names", () => {
    const evil = "--> @octocat fixes #1 <script>\n- [x] <!-- act:open npm/x -->";
    const body = dashboardOf({
      outcomes: [outcome({ key: evil, title: evil, outcome: "failed", reason: evil })],
      scan: { ...known.scan, problems: [{ stage: "resolve", subject: evil, message: evil }] },
      conditions: [{ number: 1, names: [evil], how: "ignored", what: evil }],
    });
    expect(ticked(body)).toEqual([]);
    const prose = body.replace(/<!-- act:.*?-->|`[^`\n]*`/g, "");
    expect(prose).not.toMatch(/<script>|@octocat|<!-- act/);
  });
});
