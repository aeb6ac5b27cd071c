import { describe, expect, it } from "vitest";
import type { IntervalSchedule, Schedule } from "../../src/domain/policy.ts";
import { isDue, nextRun } from "../../src/domain/schedule.ts";

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
