import { describe, expect, it } from "vitest";
import { type MigratedSchedule, toScheduleOption, wordsOf } from "../../../src/config/migrate/schedule.ts";
import { readNamedSchedule } from "../../../src/config/phrases.ts";

const one = { lost: "only one window can be said" };

describe("a schedule of Renovate", () => {
  it.each<[readonly string[], MigratedSchedule]>([
    [["at any time"], {}],
    [[], {}],
    [["before 4am on monday"], { schedule: { at: "before 04:00 on monday" } }],
    [["* 0-3 * * 1"], { schedule: { at: "before 04:00 on monday" } }],
    [["* 0-3 1 * *"], { schedule: { at: "before 04:00 on the first day of the month" } }],
    [["* * * * 0,6"], { schedule: { at: "every weekend" } }],
    [["* 22-23,0-4 * * 1-5"], { schedule: { at: "after 22:00 and before 05:00 every weekday" } }],
    [["* 0-4,22-23 * * *"], { schedule: { at: "after 22:00 and before 05:00" } }],
    [["* 5-7,20-22 * * *"], { lost: "its words are not understood" }],
    [["* * * * *"], { schedule: { at: "every day" } }],
    [
      ["after 10pm every weekday", "before 5am every weekday"],
      { schedule: { at: "after 22:00 and before 05:00 every weekday" } },
    ],
    [
      ["after 10pm every weekday", "before 5am every weekday", "every weekend"],
      { schedule: { at: "after 22:00 every weekday" }, ...one },
    ],
    [["every 3 months on the first day of the month"], { schedule: { interval: "quarterly" } }],
    [["* * 1 */12 *"], { schedule: { interval: "yearly" } }],
    [["0 5 * * 1"], { schedule: { interval: "cron", cronjob: "0 5 * * 1" } }],
    [["when the moon is full"], { lost: "its words are not understood" }],
  ])("%j", (lines, expected) => {
    expect(toScheduleOption(lines)).toEqual(expected);
  });

  it("keeps the time zone", () => {
    expect(toScheduleOption(["every weekend"], "Europe/Berlin")).toEqual({
      schedule: { at: "every weekend", timezone: "Europe/Berlin" },
    });
  });

  it.each([
    "after 22:00 every weekday",
    "before 05:00 on monday and friday",
    "on the 15 day of the month",
    "every day",
  ])("writes %s as it is read", (words) => {
    const read = readNamedSchedule(words);
    if (read?.kind !== "window") throw new Error("no window");
    expect(wordsOf(read)).toBe(words);
  });
});
