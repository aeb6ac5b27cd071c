import { Cron } from "croner";
import type { CronSchedule, WindowSchedule } from "../domain/policy.ts";

/** A schedule without its time zone. */
export type NamedSchedule = Omit<CronSchedule, "timezone"> | Omit<WindowSchedule, "timezone">;

/**
 * Reads a cron expression of five fields, or words: `every day at 5pm`, `after 10pm every weekday`,
 * `before 5am on monday and thursday`, `on the first day of the month`. `undefined` for everything else.
 */
export function readNamedSchedule(text: string): NamedSchedule | undefined {
  const words = text.trim().toLowerCase().replace(/\s+/g, " ");
  if (isCron(words)) return { kind: "cron", expression: words };
  return readWindow(words);
}

function isCron(text: string): boolean {
  if (!/^\S+(?: \S+){4}$/.test(text)) return false;
  try {
    return new Cron(text, { mode: "5-part", paused: true }).getPattern() !== undefined;
  } catch {
    return false; // the only way that the library has to say so
  }
}

const midnight = 24 * 60;
const everyDay = [0, 1, 2, 3, 4, 5, 6];
const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const day = String.raw`(?:sun|mon|tues|wednes|thurs|fri|satur)days?|sun|mon|tue|wed|thu|fri|sat`;
const clock = String.raw`(?:\d{1,2}(?::\d\d)? ?(?:am|pm)|\d{1,2}:\d\d|noon|midnight)`;

const parts = {
  any: /^(?:at any time|every day|daily)$/,
  after: new RegExp(`^(?:after|at|from) (${clock})$`),
  before: new RegExp(`^(?:before|until) (${clock})$`),
  between: new RegExp(`^between (${clock}) and (${clock})$`),
  weekdays: /^(?:on |every )?(?:every )?weekdays?$/,
  weekends: /^(?:on |every )?(?:every |the )?weekends?$/,
  span: new RegExp(`^(?:on |every )?(${day}) (?:through|to|-) (${day})$`),
  days: new RegExp(`^(?:on |every )?((?:${day})(?:(?:,? and |, ?)(?:${day}))*)$`),
  monthDay: /^on the (first|\d{1,2})(?:st|nd|rd|th)? day of (?:the|every) month$/,
} as const;

/** Takes the longest part from the front, again and again. */
function readWindow(text: string): NamedSchedule | undefined {
  let window: Omit<WindowSchedule, "timezone"> = {
    kind: "window",
    weekdays: everyDay,
    after: 0,
    before: midnight,
  };
  let words = text.split(" ").filter((word) => word !== "");
  if (words.length === 0 || words.length > 40) return undefined;
  while (words.length > 0) {
    let length = Math.min(words.length, 20);
    let read: Partial<WindowSchedule> | undefined;
    for (; length > 0; length--) {
      read = readPart(words.slice(0, length).join(" ").replace(/,$/, ""));
      if (read !== undefined) break;
    }
    if (read === undefined) return undefined;
    window = { ...window, ...read, kind: "window" };
    words = words.slice(length);
    if (words[0] === "and" && words.length > 1) words = words.slice(1);
  }
  return window;
}

function readPart(text: string): Partial<WindowSchedule> | undefined {
  if (parts.any.test(text)) return {};
  if (parts.weekdays.test(text)) return { weekdays: [1, 2, 3, 4, 5] };
  if (parts.weekends.test(text)) return { weekdays: [0, 6] };
  const [, after] = parts.after.exec(text) ?? [];
  if (after !== undefined) return bounded({ after: minuteOf(after) });
  const [, before] = parts.before.exec(text) ?? [];
  if (before !== undefined) return bounded({ before: minuteOf(before) || midnight });
  const [, from, to] = parts.between.exec(text) ?? [];
  if (from !== undefined && to !== undefined)
    return bounded({ after: minuteOf(from), before: minuteOf(to) || midnight });
  const [, monthDay] = parts.monthDay.exec(text) ?? [];
  if (monthDay !== undefined) {
    const number = monthDay === "first" ? 1 : Number(monthDay);
    return number >= 1 && number <= 31 ? { monthDay: number } : undefined;
  }
  const [, first, last] = parts.span.exec(text) ?? [];
  if (first !== undefined && last !== undefined) return { weekdays: span(weekdayOf(first), weekdayOf(last)) };
  const [, list] = parts.days.exec(text) ?? [];
  if (list === undefined) return undefined;
  return { weekdays: [...new Set(list.split(/,? and |, ?/).map(weekdayOf))].toSorted(byNumber) };
}

function bounded(window: { after?: number; before?: number }): Partial<WindowSchedule> | undefined {
  return Object.values(window).every((minute) => minute >= 0 && minute <= midnight) ? window : undefined;
}

/** After midnight; -1 for a time that no clock shows. */
function minuteOf(text: string): number {
  if (text === "noon") return 12 * 60;
  if (text === "midnight") return 0;
  const [, hours = "", minutes = "0", half] = /^(\d+)(?::(\d\d))? ?(am|pm)?$/.exec(text) ?? [];
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (half === "pm" ? 12 : 0);
  const isShown = half === undefined ? hour < 24 : Number(hours) >= 1 && Number(hours) <= 12;
  return isShown && Number(minutes) < 60 ? hour * 60 + Number(minutes) : -1;
}

function weekdayOf(name: string): number {
  return weekdays.findIndex((weekday) => weekday.startsWith(name.slice(0, 3)));
}

function span(first: number, last: number): readonly number[] {
  const length = ((last - first + 7) % 7) + 1;
  return Array.from({ length }, (_, index) => (first + index) % 7).toSorted(byNumber);
}

function byNumber(a: number, b: number): number {
  return a - b;
}
