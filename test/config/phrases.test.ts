import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type NamedSchedule, readNamedSchedule } from "../../src/config/phrases.ts";

const all = [0, 1, 2, 3, 4, 5, 6];
const window = (more: object) => ({ kind: "window", weekdays: all, after: 0, before: 1440, ...more });

describe("a schedule in words", () => {
  it.each<[string, object | undefined]>([
    ["after 10pm every weekday", window({ after: 22 * 60, weekdays: [1, 2, 3, 4, 5] })],
    ["before 5am on monday", window({ before: 300, weekdays: [1] })],
    ["every day at 5pm", window({ after: 17 * 60 })],
    ["every weekday at 9:30", window({ after: 570, weekdays: [1, 2, 3, 4, 5] })],
    [
      "after 10pm and before 5am every weekday",
      window({ after: 22 * 60, before: 300, weekdays: [1, 2, 3, 4, 5] }),
    ],
    ["between 9am and 5pm on mon, wed and friday", window({ after: 540, before: 1020, weekdays: [1, 3, 5] })],
    ["every weekend", window({ weekdays: [0, 6] })],
    ["on saturday and sunday", window({ weekdays: [0, 6] })],
    ["monday through thursday", window({ weekdays: [1, 2, 3, 4] })],
    ["friday to monday", window({ weekdays: [0, 1, 5, 6] })],
    ["before 4am on the first day of the month", window({ before: 240, monthDay: 1 })],
    ["on the 15th day of every month", window({ monthDay: 15 })],
    ["at any time", window({})],
    ["until midnight", window({})],
    ["after noon", window({ after: 720 })],
    ["  After   12AM  Every Day ", window({})],
    ["30 5 * * 1", { kind: "cron", expression: "30 5 * * 1" }],
    ["0 5 l * *", { kind: "cron", expression: "0 5 l * *" }],
    ["after 25:00", undefined],
    ["after 13pm", undefined],
    ["99 * * * *", undefined],
    ["* * * * * *", undefined],
    ["every other week", undefined],
    ["on the 42nd day of the month", undefined],
    ["and", undefined],
    ["", undefined],
  ])("%s", (text, expected) => {
    expect(readNamedSchedule(text)).toEqual(expected);
  });

  it("is understood or not, and nothing else", () => {
    const word = fc.constantFrom(
      "after",
      "before",
      "every",
      "on",
      "monday",
      "10pm",
      "and",
      "between",
      "5:00",
      "*",
      "1",
      "weekday",
      "of the month",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 5 })), { maxLength: 12 }), (words) => {
        const read: NamedSchedule | undefined = readNamedSchedule(words.join(" "));
        if (read?.kind !== "window") return;
        expect(read.weekdays.length).toBeGreaterThan(0);
        expect(read.after).toBeGreaterThanOrEqual(0);
        expect(read.before).toBeLessThanOrEqual(1440);
      }),
    );
  });
});
