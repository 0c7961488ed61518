/**
 * Times as people type them: `14:30`, `2:30:05 pm`, `yesterday 9:15`, `mon 14:30`, `2026-11-20 14:30:05`, `20 Nov 14:30`, `20.11.2026`,
 * `2:30 CET`, `-10m`, `+30s`, `2 h ago`, `now`, and RFC 3339. Pure.
 */
import { shortMonth, shortWeekday } from "./format";
import { plus, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_S, utcUs, type UtcUs } from "./instant";
import { dayStart, instantAt, instantsAt, isZone, localTime, wallOf, type WallTime, wallUs, zoneName } from "./zone";

/** What a typed text means; `note` says what a person should know, as that clocks showed this time twice. */
export type Typed = { readonly atUs: UtcUs; readonly note: string | null } | { readonly problem: string };

export interface TypedContext {
  readonly zone: string;
  readonly nowUs: UtcUs;
  /** The playhead: a time without a day is on its day, and `-10m` counts from it. */
  readonly fromUs: UtcUs;
}

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly us: number;
}

const UNREADABLE: Typed = {
  problem: "this is not a time; write it as 14:30, yesterday 9:15, 2026-11-20 14:30:05 or -10m",
};

const UNITS_US: Readonly<Record<string, number>> = {
  d: US_PER_DAY,
  h: US_PER_HOUR,
  m: US_PER_MINUTE,
  s: US_PER_S,
};

const LENGTH = /(\d+(?:\.\d+)?)\s*(d|h|m|s)[a-z]*/gy;

/** `1h30m`, `10 min`, `2 days`, as microseconds; null when it is something else. */
function lengthOf(text: string): number | null {
  let total = 0;
  let end = 0;
  LENGTH.lastIndex = 0;
  for (let found = LENGTH.exec(text); found !== null; found = LENGTH.exec(text)) {
    total += Number(found[1]) * (UNITS_US[found[2] ?? ""] ?? 0);
    while (text[LENGTH.lastIndex] === " ") LENGTH.lastIndex += 1;
    end = LENGTH.lastIndex;
  }
  return end > 0 && end === text.length ? total : null;
}

function relative(text: string, context: TypedContext): UtcUs | null {
  const signed = /^([+-])\s*(.+)$/.exec(text);
  if (signed !== null) {
    const length = lengthOf(signed[2] ?? "");
    return length === null ? null : plus(context.fromUs, signed[1] === "-" ? -length : length);
  }
  const ago = /^(.+?)\s+ago$/.exec(text);
  const length = ago === null ? null : lengthOf(ago[1] ?? "");
  return length === null ? null : plus(context.nowUs, -length);
}

function timeOfDay(text: string): TimeOfDay | null {
  const found = /^(\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?)?\s*(am|pm)?$/.exec(text);
  if (found === null || (found[2] === undefined && found[5] === undefined)) return null;
  let hour = Number(found[1]);
  const half = found[5];
  if (half !== undefined && (hour < 1 || hour > 12)) return null;
  if (half !== undefined) hour = (hour % 12) + (half === "pm" ? 12 : 0);
  const [minute, second] = [Number(found[2] ?? 0), Number(found[3] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) return null;
  return { hour, minute, second, us: Number((found[4] ?? "").padEnd(6, "0")) };
}

function realDay(year: number, month: number, day: number): Day | null {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && year >= 1970 ? { year, month, day } : null;
}

const MONTHS = Array.from({ length: 12 }, (_, index) => shortMonth(index + 1).toLowerCase());
const WEEKDAYS = Array.from({ length: 7 }, (_, index) => shortWeekday(index).toLowerCase());

/** The day `days` before today, by the calendar. */
function daysBefore(days: number, context: TypedContext): Day {
  const today = localTime(context.nowUs, context.zone);
  const date = new Date(Date.UTC(today.year, today.month - 1, today.day - days));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** A day without its year: the newest such day that is not in the future. */
function dayOfYear(month: number, day: number, context: TypedContext): Day | null {
  const today = localTime(context.nowUs, context.zone);
  const future = month > today.month || (month === today.month && day > today.day);
  return realDay(future ? today.year - 1 : today.year, month, day);
}

function namedDay(text: string, context: TypedContext): Day | null {
  if (text === "today") return daysBefore(0, context);
  if (text === "yesterday") return daysBefore(1, context);
  const weekday = WEEKDAYS.findIndex((name) => /^[a-z]{3,}$/.test(text) && text.startsWith(name));
  if (weekday === -1) return null;
  return daysBefore((localTime(context.nowUs, context.zone).weekday - weekday + 7) % 7, context);
}

function dayOf(text: string, context: TypedContext): Day | null {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (iso !== null) return realDay(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})?$/.exec(text);
  if (dotted !== null) {
    const [day, month] = [Number(dotted[1]), Number(dotted[2])];
    return dotted[3] === undefined ? dayOfYear(month, day, context) : realDay(Number(dotted[3]), month, day);
  }
  const worded = /^(\d{1,2}) ([a-z]{3})[a-z]*(?: (\d{4}))?$/.exec(text);
  if (worded !== null) {
    const [day, month] = [Number(worded[1]), MONTHS.indexOf(worded[2] ?? "") + 1];
    if (month === 0) return null;
    return worded[3] === undefined ? dayOfYear(month, day, context) : realDay(Number(worded[3]), month, day);
  }
  return namedDay(text, context);
}

/** The instant of a day and time, and what is odd about it. */
function resolved(written: WallTime, zone: string): Typed {
  const wall = wallOf(written);
  const all = instantsAt(wall, zone);
  const [first, second] = all;
  if (first !== undefined && second !== undefined) {
    const names = `${zoneName(first, zone)} and ${zoneName(second, zone)}`;
    return { atUs: first, note: `clocks showed this time twice (${names}); this is the first` };
  }
  if (first !== undefined) return { atUs: first, note: null };
  return { atUs: instantAt(wall, zone), note: "clocks left this time out; this is as much later" };
}

/** A time without a day: on the playhead's day, or, when that is still to come, on the day before. */
function timeAlone(time: TimeOfDay, context: TypedContext): Typed {
  const { year, month, day } = localTime(context.fromUs, context.zone);
  const found = resolved({ year, month, day, ...time }, context.zone);
  const future = "atUs" in found && found.atUs > context.nowUs;
  return future ? resolved({ year, month, day: day - 1, ...time }, context.zone) : found;
}

function onDay(text: string, context: TypedContext): Typed {
  const whole = dayOf(text, context);
  if (whole !== null) return { atUs: dayStart(whole.year, whole.month, whole.day, context.zone), note: null };
  for (const { index } of text.matchAll(/ /g)) {
    const [day, time] = [dayOf(text.slice(0, index), context), timeOfDay(text.slice(index + 1))];
    if (day !== null && time !== null) return resolved({ ...day, ...time }, context.zone);
  }
  return UNREADABLE;
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(z|[+-]\d{2}:\d{2})$/;

function found(text: string, context: TypedContext): Typed {
  if (text === "now" || text === "live") return { atUs: context.nowUs, note: null };
  if (RFC_3339.test(text)) {
    const ms = Date.parse(
      text
        .replace(/ (?=[z+-])/, "")
        .replace(" ", "t")
        .toUpperCase(),
    );
    return Number.isNaN(ms) ? UNREADABLE : { atUs: utcUs(ms * 1_000), note: null };
  }
  const moved = relative(text, context);
  if (moved !== null) return { atUs: utcUs(Math.min(moved, context.nowUs)), note: null };
  const time = timeOfDay(text);
  if (time !== null) return timeAlone(time, context);
  const day = text.replace(/^[a-z]{3,9} (?=\d{1,2} [a-z])/, ""); // the weekday of a day that is written in full
  return onDay(day.replace(/(?<=\d)t(?=\d)/, " "), context);
}

/** `2:30 cet`: with the name of the zone's time, as the page shows times that come twice; null when none is at the end. */
function ofNamedTime(text: string, context: TypedContext): Typed | null {
  const [, time, name] = /^(.+) (\S+)$/.exec(text) ?? [];
  const typed = time === undefined ? null : found(time, context);
  if (typed === null || !("atUs" in typed)) return null;
  const all = instantsAt(wallUs(typed.atUs, context.zone), context.zone);
  const meant = all.find((at) => zoneName(at, context.zone).toLowerCase() === name);
  return meant === undefined ? null : { atUs: meant, note: null };
}

/** What a person means; a time to come is a problem, as nothing is recorded yet. */
export function parseTyped(text: string, context: TypedContext): Typed {
  if (!isZone(context.zone)) return { problem: `the browser does not know the time zone ${context.zone}` };
  const plain = text.trim().toLowerCase().replace(/,\s+/g, " ").replace(/\s+/g, " ").replace(/ at /, " ");
  const typed = ofNamedTime(plain, context) ?? found(plain, context);
  if ("atUs" in typed && typed.atUs > context.nowUs) {
    return { problem: "this time is still to come; type one that has passed, or now" };
  }
  return typed;
}
