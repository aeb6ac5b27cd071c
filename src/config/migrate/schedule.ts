import type { WindowSchedule } from "../../domain/policy.ts";
import { readNamedSchedule } from "../phrases.ts";
import type { Options } from "../schema/options.ts";

type ScheduleOption = NonNullable<Options["schedule"]>;
type Window = Omit<WindowSchedule, "timezone">;

export interface MigratedSchedule {
  /** Absent: at any time. */
  readonly schedule?: ScheduleOption;
  /** What of it could not be taken over. */
  readonly lost?: string;
}

const fullDay = 24 * 60;
const intervals = { 1: "monthly", 3: "quarterly", 6: "semiannually", 12: "yearly" } as const;

/** Renovate's `schedule`: lines of words or cron expressions, of which any may fit. */
export function toScheduleOption(lines: readonly string[], timezone?: string): MigratedSchedule {
  const zone = timezone === undefined ? {} : { timezone };
  if (lines.length === 0 || lines.some((line) => /^at any time$/i.test(line.trim()))) return {};
  const interval = lines.map(intervalOf).find((it) => it !== undefined);
  if (interval !== undefined && lines.length === 1) return { schedule: { interval, ...zone } };
  const windows = lines.map(windowOf);
  const joined = joinedWindow(windows);
  if (joined !== undefined) return { schedule: { at: wordsOf(joined), ...zone } };
  const [first] = windows.filter((window) => window !== undefined);
  const rest = lines.length > 1 ? "only one window can be said" : undefined;
  if (first !== undefined)
    return { schedule: { at: wordsOf(first), ...zone }, ...(rest === undefined ? {} : { lost: rest }) };
  // An expression that begins with `*` names several windows, and would name a moment of each minute here.
  const cron = lines.find((line) => !line.trim().startsWith("*") && readNamedSchedule(line)?.kind === "cron");
  if (cron !== undefined)
    return {
      schedule: { interval: "cron", cronjob: cron.trim().toLowerCase(), ...zone },
      ...(rest === undefined ? {} : { lost: rest }),
    };
  return { lost: "its words are not understood" };
}

/** `every 3 months on the first day of the month`, and the same as cron. */
function intervalOf(line: string): (typeof intervals)[keyof typeof intervals] | undefined {
  const months =
    /^every (\d+) months? on the first day of the month$/i.exec(line.trim())?.[1] ??
    /^\* \* 1 \*\/(\d+) \*$/.exec(line.trim())?.[1];
  if (months === "3") return intervals[3];
  if (months === "6") return intervals[6];
  if (months === "12") return intervals[12];
  return months === "1" ? intervals[1] : undefined;
}

function windowOf(line: string): Window | undefined {
  const cron = windowOfCron(line.trim());
  if (cron !== undefined) return cron;
  const named = readNamedSchedule(line);
  return named?.kind === "window" ? named : undefined;
}

/** Renovate's cron expressions begin with `*`: they name windows, where others name moments. */
function windowOfCron(line: string): Window | undefined {
  const [minutes, hours = "", monthDay = "", month, days = "", ...more] = line.split(/\s+/);
  if (minutes !== "*" || month !== "*" || more.length > 0) return undefined;
  const span = hoursOf(hours);
  const weekdays = days === "*" ? [0, 1, 2, 3, 4, 5, 6] : numbersOf(days, 7)?.map((day) => day % 7);
  if (span === undefined || weekdays === undefined || !/^(?:\*|\d{1,2})$/.test(monthDay)) return undefined;
  return {
    kind: "window",
    weekdays: [...new Set(weekdays)].toSorted((a, b) => a - b),
    ...span,
    ...(monthDay === "*" ? {} : { monthDay: Number(monthDay) }),
  };
}

/** One window of the day; it may span midnight. */
function hoursOf(text: string): Pick<Window, "after" | "before"> | undefined {
  if (text === "*") return { after: 0, before: fullDay };
  const hours = numbersOf(text, 23);
  if (hours === undefined) return undefined;
  const starts = hours.filter((hour) => !hours.includes((hour + 23) % 24));
  const ends = hours.filter((hour) => !hours.includes((hour + 1) % 24));
  const [start] = starts;
  const [end] = ends;
  if (starts.length !== 1 || start === undefined || end === undefined) return undefined;
  return { after: start * 60, before: ((end + 1) % 24) * 60 || fullDay };
}

/** `0-4,22-23` */
function numbersOf(text: string, most: number): readonly number[] | undefined {
  const all: number[] = [];
  for (const part of text.split(",")) {
    const [, from, to] = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(part) ?? [];
    if (from === undefined || Number(to ?? from) > most || Number(from) > most) return undefined;
    for (let number = Number(from); number <= Number(to ?? from); number++) all.push(number);
  }
  return all.length === 0 ? undefined : all;
}

/** `after 10pm every weekday` and `before 5am every weekday` are one window, which spans midnight. */
function joinedWindow(windows: readonly (Window | undefined)[]): Window | undefined {
  const [a, b, ...more] = windows;
  if (a === undefined || more.length > 0) return undefined;
  if (b === undefined) return windows.length === 1 ? a : undefined;
  const [late, early] = a.after > 0 ? [a, b] : [b, a];
  const isSpan = late.before === fullDay && early.after === 0 && early.before < late.after;
  if (!isSpan || late.weekdays.join() !== early.weekdays.join() || late.monthDay !== early.monthDay)
    return undefined;
  return { ...late, before: early.before };
}

const dayNames = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** A window in the words that `readNamedSchedule` reads. */
export function wordsOf({ weekdays, monthDay, after, before }: Window): string {
  const words = [
    ...(after === 0 ? [] : [`after ${clock(after)}`]),
    ...(before === fullDay ? [] : [`${after === 0 ? "" : "and "}before ${clock(before)}`]),
    ...(monthDay === undefined ? [] : [`on the ${monthDay === 1 ? "first" : monthDay} day of the month`]),
    ...daysOf(weekdays),
  ];
  return words.length === 0 ? "every day" : words.join(" ");
}

function daysOf(weekdays: readonly number[]): readonly string[] {
  if (weekdays.length === 7) return [];
  if (weekdays.join() === "1,2,3,4,5") return ["every weekday"];
  if (weekdays.join() === "0,6") return ["every weekend"];
  return [`on ${weekdays.map((day) => dayNames[day]).join(" and ")}`];
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60) % 24).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
