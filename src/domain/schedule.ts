import type { Schedule } from "./policy.ts";

/**
 * Whether version updates may be opened now: on one of the schedule's days, in its own time zone, from its time on until
 * midnight. `daily` is Monday to Friday; from `monthly` on it is the first day of the month.
 */
export function isDue(schedule: Schedule | undefined, now: Date): boolean {
  if (schedule === undefined) return true;
  const { weekday, day, month, minute } = clockIn(schedule.timezone, now);
  return isDay(schedule, weekday, day, month) && minute >= schedule.minute;
}

/** The next moment from `now` on at which `isDue` is true: `now` itself, or the beginning of a later window. */
export function nextRun(schedule: Schedule | undefined, now: Date): Date {
  if (schedule === undefined || isDue(schedule, now)) return now;
  const minute = 60_000;
  const end = now.getTime() + 367 * 24 * 60 * minute;
  let time = now.getTime() - (now.getTime() % minute);
  while (time < end) {
    if (isDue(schedule, new Date(time))) {
      while (time - minute > now.getTime() && isDue(schedule, new Date(time - minute))) time -= minute;
      return new Date(Math.max(time, now.getTime()));
    }
    // Small steps only on the day itself: where clocks are set back, the window can open twice, for minutes at first.
    const { weekday, day, month } = clockIn(schedule.timezone, new Date(time));
    time += isDay(schedule, weekday, day, month) ? 15 * minute : 60 * minute;
  }
  throw new Error(`a schedule that never comes: ${JSON.stringify(schedule)}`);
}

const startMonths: Readonly<Record<Exclude<Schedule["interval"], "daily" | "weekly">, readonly number[]>> = {
  monthly: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  quarterly: [1, 4, 7, 10],
  semiannually: [1, 7],
  yearly: [1],
};

function isDay({ interval, day: wanted }: Schedule, weekday: number, day: number, month: number): boolean {
  if (interval === "daily") return weekday >= 1 && weekday <= 5;
  if (interval === "weekly") return weekday === wanted;
  return day === 1 && startMonths[interval].includes(month);
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
