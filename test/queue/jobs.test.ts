import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { covers, fold, type Job } from "../../src/queue/jobs.ts";
import { scan, shepherd } from "./builders.ts";

const subject = fc.constantFrom("#1", "#2", "#3", "steeplejack/npm/runtime", "main", "dashboard octocat");
const job = fc.oneof(
  fc.constantFrom("push", "schedule", "checks", "pull-request").map((reason) => scan("web", reason)),
  fc.uniqueArray(subject).map((subjects) => shepherd("web", subjects)),
  fc
    .tuple(fc.uniqueArray(subject), fc.constantFrom("next", "main"))
    .map(([subjects, branch]): Job => ({ ...shepherd("web", subjects, "push"), pushed: [branch] })),
  fc.nat(9).map((number): Job => ({ ...shepherd("web", []), configurations: [number + 1] })),
);

/** What is to be done, without who asked for it. */
function told({ kind, subjects = ["all"], configurations = [], pushed = [] }: Job): unknown {
  return {
    kind,
    subjects: subjects.toSorted(),
    configurations: configurations.toSorted((a, b) => a - b),
    pushed: pushed.toSorted(),
  };
}

describe("several requests made one", () => {
  it("are the same in whatever order, and twice is as good as once", () => {
    fc.assert(
      fc.property(fc.array(job, { minLength: 1, maxLength: 6 }), fc.nat(5), (jobs, turn) => {
        const turned = [...jobs.slice(turn), ...jobs.slice(0, turn)];
        const [whole, other] = [jobs, turned].map((all) => all.reduce(fold));
        expect(told(other ?? scan("x"))).toEqual(told(whole ?? scan("x")));
        const again = [...jobs, ...jobs].reduce(fold);
        expect(told(again)).toEqual(told(whole ?? scan("x")));
      }),
    );
  });

  it("do all that each of them is for", () => {
    fc.assert(
      fc.property(fc.array(job, { minLength: 1, maxLength: 6 }), (jobs) => {
        const whole = jobs.reduce(fold);
        for (const one of jobs) expect(covers(whole, one)).toBe(true);
      }),
    );
  });

  it("are done for the installation that is there now", () => {
    const before = { ...scan("web", "comment"), installationId: 1 };
    expect(fold(before, { ...scan("web", "installation"), installationId: 2 })).toEqual({
      ...before,
      installationId: 2,
    });
  });

  it("tend by a scan what may be open no longer, too", () => {
    const closed = shepherd("web", ["#1", "steeplejack/npm/runtime"], "pull-request");
    expect(fold(closed, scan("web"))).toEqual({ ...scan("web"), subjects: ["#1"] });
    expect(fold(scan("web"), closed).subjects).toEqual(["#1"]);
    expect([covers(scan("web"), closed), covers(scan("web"), shepherd("web", ["main"]))]).toEqual([
      false,
      true,
    ]);
  });
});
