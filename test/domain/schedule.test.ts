import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IntervalSchedule, Schedule, WindowSchedule } from "../../src/domain/policy.ts";
import { isDue, minuteOf, nextRun } from "../../src/domain/schedule.ts";

const repository = { owner: "acme", name: "shop" };

const at = (more: Partial<IntervalSchedule>): Schedule => ({
  kind: "interval",
  interval: "weekly",
  day: 1,
  minute: 0,
  timezone: "UTC",
  ...more,
});

describe("the next run", () => {
  it.each([
    ["is now without a schedule", undefined, "2026-03-10T10:00:00Z", "2026-03-10T10:00:00Z"],
    ["is now within the window", at({}), "2026-03-09T10:00:00Z", "2026-03-09T10:00:00Z"],
    ["is the next Monday", at({}), "2026-03-10T10:00:00Z", "2026-03-16T00:00:00Z"],
    ["is today, later", at({ minute: 330 }), "2026-03-09T03:10:00Z", "2026-03-09T05:30:00Z"],
    ["skips the weekend", at({ interval: "daily" }), "2026-03-14T12:00:00Z", "2026-03-16T00:00:00Z"],
    [
      "is the first of the month",
      at({ interval: "monthly" }),
      "2026-01-31T12:00:00Z",
      "2026-02-01T00:00:00Z",
    ],
    [
      "is the first of the quarter",
      at({ interval: "quarterly" }),
      "2026-02-10T00:00:00Z",
      "2026-04-01T00:00:00Z",
    ],
    ["is July", at({ interval: "semiannually" }), "2026-02-10T00:00:00Z", "2026-07-01T00:00:00Z"],
    ["is New Year", at({ interval: "yearly" }), "2028-02-29T00:00:00Z", "2029-01-01T00:00:00Z"],
    [
      "is told in its own time zone",
      at({ timezone: "Asia/Kolkata" }),
      "2026-03-10T10:00:00Z",
      "2026-03-15T18:30:00Z",
    ],
    // Clocks in Berlin go forward at 02:00 on 29 March 2026, a Sunday: half past two does not exist.
    [
      "comes after a gap in the clock",
      at({ day: 0, minute: 150, timezone: "Europe/Berlin" }),
      "2026-03-28T12:00:00Z",
      "2026-03-29T01:00:00Z",
    ],
    // In New York they go forward at 02:00 on 8 March 2026, in Lord Howe by half an hour at 02:00 on 4 October.
    [
      "is at the same time of day after clocks moved",
      at({ interval: "daily", minute: 330, timezone: "America/New_York" }),
      "2026-03-07T12:00:00Z",
      "2026-03-09T09:30:00Z",
    ],
    [
      "comes after a gap of half an hour",
      at({ day: 0, minute: 135, timezone: "Australia/Lord_Howe" }),
      "2026-10-03T12:00:00Z",
      "2026-10-03T15:30:00Z",
    ],
    [
      "is the first of the month where that is another day in UTC",
      at({ interval: "monthly", timezone: "Pacific/Kiritimati" }),
      "2028-02-28T00:00:00Z",
      "2028-02-29T10:00:00Z",
    ],
    // In New York they go back at 02:00 on 1 November 2026: half past one comes twice, and the first counts.
    [
      "is the first of two like hours",
      at({ day: 0, minute: 90, timezone: "America/New_York" }),
      "2026-10-31T12:00:00Z",
      "2026-11-01T05:30:00Z",
    ],
  ])("%s", (_, schedule, now, expected) => {
    const next = nextRun(schedule, repository, new Date(now));
    expect(next).toEqual(new Date(expected));
    expect(isDue(schedule, repository, new Date(expected))).toBe(true);
  });
});

const cron = (expression: string, timezone = "UTC"): Schedule => ({ kind: "cron", expression, timezone });
const window = (more: Partial<WindowSchedule>): Schedule => ({
  kind: "window",
  weekdays: [0, 1, 2, 3, 4, 5, 6],
  after: 0,
  before: 1440,
  timezone: "UTC",
  ...more,
});

describe("the next run by an expression or a window", () => {
  it.each<[string, Schedule, string, string | undefined]>([
    [
      "is the next moment of the expression",
      cron("30 5 * * 1"),
      "2026-03-10T10:00:00Z",
      "2026-03-16T05:30:00Z",
    ],
    ["is now until midnight", cron("30 5 * * 1"), "2026-03-09T23:59:00Z", "2026-03-09T23:59:00Z"],
    ["is now at the very moment", cron("30 5 * * 1"), "2026-03-09T05:30:00Z", "2026-03-09T05:30:00Z"],
    ["is the last day of a month", cron("0 5 L * *"), "2026-04-28T10:00:00Z", "2026-04-30T05:00:00Z"],
    ["is the 31st, where there is one", cron("0 5 31 * *"), "2026-02-28T10:00:00Z", "2026-03-31T05:00:00Z"],
    ["is the leap day", cron("0 5 29 2 *"), "2026-03-01T00:00:00Z", "2028-02-29T05:00:00Z"],
    ["never comes on 30 February", cron("0 5 30 2 *"), "2026-03-01T00:00:00Z", undefined],
    // Clocks in Berlin go forward at 02:00 on 29 March 2026.
    [
      "comes after a gap in the clock",
      cron("30 2 * * *", "Europe/Berlin"),
      "2026-03-28T23:30:00Z",
      "2026-03-29T01:00:00Z",
    ],
    // In Lord Howe they go back by half an hour at 02:00 on 5 April 2026.
    [
      "is right where half an hour comes twice",
      window({ after: 90, before: 180, timezone: "Australia/Lord_Howe" }),
      "2026-04-04T13:30:00Z",
      "2026-04-04T14:30:00Z",
    ],
    [
      "is the evening of a weekday",
      window({ after: 22 * 60, weekdays: [1, 2, 3, 4, 5] }),
      "2026-03-14T12:00:00Z",
      "2026-03-16T22:00:00Z",
    ],
    [
      "is now in a window over midnight",
      window({ after: 22 * 60, before: 300 }),
      "2026-03-14T03:00:00Z",
      "2026-03-14T03:00:00Z",
    ],
    [
      "is the evening, between two such windows",
      window({ after: 22 * 60, before: 300 }),
      "2026-03-14T05:00:00Z",
      "2026-03-14T22:00:00Z",
    ],
    [
      "is the 31st day of a month that has it",
      window({ monthDay: 31, before: 240 }),
      "2026-04-01T00:00:00Z",
      "2026-05-31T00:00:00Z",
    ],
    [
      "is a Monday that is the first",
      window({ monthDay: 1, weekdays: [1] }),
      "2026-06-02T00:00:00Z",
      "2027-02-01T00:00:00Z",
    ],
    [
      "never comes in an empty window",
      window({ after: 300, before: 300 }),
      "2026-03-14T05:00:00Z",
      undefined,
    ],
  ])("%s", (_, schedule, now, expected) => {
    const next = nextRun(schedule, repository, new Date(now));
    expect(next?.toISOString()).toBe(expected === undefined ? undefined : new Date(expected).toISOString());
    expect(next === undefined || isDue(schedule, repository, next)).toBe(true);
  });

  it("is never before now, and due when it comes", () => {
    const zone = fc.constantFrom(
      "UTC",
      "Europe/Berlin",
      "America/New_York",
      "Asia/Kathmandu",
      "Australia/Lord_Howe",
    );
    const minute = fc.integer({ min: 0, max: 1439 });
    const schedule = fc.oneof(
      fc.record({
        kind: fc.constant("interval" as const),
        interval: fc.constantFrom("daily", "weekly", "monthly", "quarterly", "semiannually", "yearly"),
        day: fc.integer({ min: 0, max: 6 }),
        minute,
        timezone: zone,
      }),
      fc.record({
        kind: fc.constant("window" as const),
        weekdays: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
        after: minute,
        before: fc.constant(1440),
        timezone: zone,
      }),
    );
    const time = fc.date({ min: new Date("2024-01-01"), max: new Date("2032-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(schedule, time, (of, now) => {
        const next = nextRun(of, repository, now);
        // A day on which clocks skip the whole window is passed over.
        if (next === undefined) throw new Error("it never comes");
        expect(next.getTime()).toBeGreaterThanOrEqual(now.getTime());
        expect(isDue(of, repository, next)).toBe(true);
        const before = new Date(next.getTime() - 60_000);
        expect(before < now || !isDue(of, repository, before)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a repository's own minute", () => {
  it("is always the same, whatever the case of its name, and leaves six hours of the day", () => {
    const minutes = Array.from({ length: 500 }, (_, index) => minuteOf({ owner: "acme", name: `r${index}` }));
    expect(minuteOf({ owner: "Acme", name: "R7" })).toBe(minutes[7]);
    expect(Math.max(...minutes)).toBeLessThan(18 * 60);
    expect(new Set(minutes).size).toBeGreaterThan(300);
  });

  it("is when a schedule without a time begins", () => {
    const { minute: _, ...schedule } = {
      kind: "interval" as const,
      interval: "daily" as const,
      day: 1,
      minute: 0,
      timezone: "UTC",
    };
    const next = nextRun(schedule, repository, new Date("2026-03-09T00:00:00Z"));
    expect(next?.getTime()).toBe(Date.parse("2026-03-09T00:00:00Z") + minuteOf(repository) * 60_000);
  });
});
