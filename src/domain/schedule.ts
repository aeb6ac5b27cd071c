import { createHash } from "node:crypto";
import { Cron } from "croner";
import type { CronSchedule, IntervalSchedule, Schedule, WindowSchedule } from "./policy.ts";
import type { Repository } from "./types.ts";

/** Whether version updates of a repository may be opened now. Without a schedule, always. */
export function isDue(schedule: Schedule | undefined, repository: Repository, now: Date): boolean {
  if (schedule === undefined) return true;
  if (schedule.kind === "cron") return isDueByCron(schedule, now);
  return isOpen(windowOf(schedule, repository), clockIn(schedule.timezone, now));
}

/**
 * The next moment from `now` on at which `isDue` is true: `now` itself, or the beginning of a later window. `undefined` for
 * a schedule that never comes, such as one for 30 February.
 */
export function nextRun(schedule: Schedule | undefined, repository: Repository, now: Date): Date | undefined {
  if (schedule === undefined || isDue(schedule, repository, now)) return now;
  if (schedule.kind === "cron") return cronOf(schedule).nextRun(now) ?? undefined;
  const window = windowOf(schedule, repository);
  if (window.after === window.before) return undefined;
  const isDueAt = (time: number) => isOpen(window, clockIn(schedule.timezone, new Date(time)));
  const end = now.getTime() + yearsAhead * 366 * 24 * 60 * minute;
  let time = now.getTime() - (now.getTime() % minute);
  while (time < end) {
    if (isDueAt(time)) {
      while (time - minute > now.getTime() && isDueAt(time - minute)) time -= minute;
      return new Date(Math.max(time, now.getTime()));
    }
    time += stepFrom(window, clockIn(schedule.timezone, new Date(time))) * minute;
  }
  return undefined;
}

/** In minutes, to a moment at which the window may open: with an hour and a half to spare, for clocks that are moved. */
function stepFrom({ isDay, after }: Window, clock: Clock): number {
  if (isDay(clock) && clock.minute < after) return Math.max(after - clock.minute - 90, 1);
  return Math.max(23 * 60 - clock.minute, 60);
}

const minute = 60_000;
/** 29 February comes every fourth year. */
const yearsAhead = 5;

/**
 * The minute of the day from which a repository is due where its schedule gives no time: always the same for one
 * repository, and spread over the first 18 hours for many, so that six hours of the day are left for it.
 */
export function minuteOf({ owner, name }: Repository): number {
  const digest = createHash("sha256").update(`${owner}/${name}`.toLowerCase()).digest();
  return digest.readUInt32BE() % (18 * 60);
}

interface Window {
  readonly isDay: (clock: Clock) => boolean;
  readonly after: number;
  readonly before: number;
}

function isOpen({ isDay, after, before }: Window, clock: Clock): boolean {
  if (!isDay(clock)) return false;
  const { minute: at } = clock;
  return after <= before ? at >= after && at < before : at >= after || at < before;
}

function windowOf(schedule: IntervalSchedule | WindowSchedule, repository: Repository): Window {
  if (schedule.kind === "window") {
    const { weekdays, monthDay, after, before } = schedule;
    const isDay = ({ weekday, day }: Clock) =>
      weekdays.includes(weekday) && (monthDay === undefined || day === monthDay);
    return { isDay, after, before };
  }
  const isDay = ({ weekday, day, month }: Clock) => isDayOf(schedule, weekday, day, month);
  return { isDay, after: schedule.minute ?? minuteOf(repository), before: 24 * 60 };
}

const startMonths: Readonly<
  Record<Exclude<IntervalSchedule["interval"], "daily" | "weekly">, readonly number[]>
> = {
  monthly: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  quarterly: [1, 4, 7, 10],
  semiannually: [1, 7],
  yearly: [1],
};

function isDayOf(
  { interval, day: wanted }: IntervalSchedule,
  weekday: number,
  day: number,
  month: number,
): boolean {
  if (interval === "daily") return weekday >= 1 && weekday <= 5;
  if (interval === "weekly") return weekday === wanted;
  return day === 1 && startMonths[interval].includes(month);
}

/** From each moment of the expression until midnight. */
function isDueByCron(schedule: CronSchedule, now: Date): boolean {
  const [last] = cronOf(schedule).previousRuns(1, new Date(now.getTime() + 1_000));
  if (last === undefined) return false;
  const { timezone } = schedule;
  return (
    now.getTime() - last.getTime() < 25 * 60 * minute &&
    clockIn(timezone, last).day === clockIn(timezone, now).day
  );
}

function cronOf({ expression, timezone }: CronSchedule): Cron {
  return new Cron(expression, { timezone, mode: "5-part", paused: true });
}

interface Clock {
  readonly weekday: number;
  readonly day: number;
  readonly month: number;
  /** After midnight. */
  readonly minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function clockIn(timezone: string, now: Date): Clock {
  const format =
    formats.get(timezone) ??
    new Intl.DateTimeFormat("en-US", {
      timeZone: timezone,
      weekday: "short",
      day: "numeric",
      month: "numeric",
      hour: "numeric",
      minute: "numeric",
      hourCycle: "h23",
    });
  formats.set(timezone, format);
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return {
    weekday: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].indexOf(parts.get("weekday") ?? ""),
    day: Number(parts.get("day")),
    month: Number(parts.get("month")),
    minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")),
  };
}
