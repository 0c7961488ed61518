/**
 * The ruler: lines at round local times, and two levels of labels that never overlap (day over hour, hour over minute, month over day,
 * year over month). Pure.
 *
 * Where clocks change, local times are repeated or left out: lines follow the clock, a time that comes twice is named with its zone's
 * time, and a day that is not 24 hours long says so.
 */
import {
  formatClock,
  formatShortDay,
  formatTime,
  monthName,
  type Precision,
  shortMonth,
  shortWeekday,
} from "../../time/format";
import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_S, utcUs, type UtcUs } from "../../time/instant";
import { changes, dayStart, localTime, nextDay, startOfDay, wallUs } from "../../time/zone";
import { endUs, type View, xOf } from "./view";

/** A line; `midnight` is where a calendar day begins, `change` where clocks are set. */
export interface Line {
  readonly x: number;
  readonly weight: "minor" | "major" | "midnight" | "change";
}

/** A text whose left edge is at `x`. */
export interface Label {
  readonly x: number;
  readonly text: string;
}

export interface Ruler {
  readonly lines: readonly Line[];
  readonly lower: readonly Label[];
  readonly upper: readonly Label[];
}

export type Measure = (text: string) => number;

/** A step of lines: so long, or so many calendar days, months or years. */
type Step =
  | { readonly unit: "us"; readonly us: number }
  | { readonly unit: "day" | "month" | "year"; readonly count: number; readonly us: number };

const clock = (us: number): Step => ({ unit: "us", us });
const calendar = (unit: "day" | "month" | "year", count: number, days: number): Step => ({
  unit,
  count,
  us: days * US_PER_DAY,
});

const STEPS: readonly Step[] = [
  ...[10_000, 20_000, 50_000, 100_000, 200_000, 500_000].map(clock),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => clock(seconds * US_PER_S)),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => clock(minutes * US_PER_MINUTE)),
  ...[1, 2, 3, 6, 12].map((hours) => clock(hours * US_PER_HOUR)),
  calendar("day", 1, 1),
  calendar("day", 2, 2),
  calendar("day", 7, 7),
  calendar("month", 1, 30),
  calendar("month", 3, 91),
  calendar("year", 1, 365),
  calendar("year", 5, 1_826),
];

/** Space between a line and its label, and after a label. */
const BESIDE_PX = 5;
const AFTER_PX = 8;
const MINOR_PX = 7;

const WIDEST = STEPS.at(-1) as Step;

/** The labels of a step, as wide as they come. */
function widestText(step: Step): string {
  if (step.unit === "year") return "2000";
  if (step.unit === "month") return "Mmm";
  if (step.unit === "day") return step.count === 1 ? "Wed 28" : "28";
  return { minute: "00:00", second: "00:00:00", tenth: "00:00:00.0", ms: "00:00:00.000" }[precisionOf(step)];
}

/** The narrowest step whose labels have room. */
function majorStep(usPerPx: number, measure: Measure): Step {
  const roomFor = (step: Step): number => BESIDE_PX + measure(widestText(step)) + 2 * AFTER_PX;
  return STEPS.find((step) => step.us / usPerPx >= roomFor(step)) ?? WIDEST;
}

const minorStep = (usPerPx: number): Step => STEPS.find((step) => step.us / usPerPx >= MINOR_PX) ?? WIDEST;

/** Round local times of a clock's step in [first, last]; between two changes of clocks they are evenly spaced. */
function clockTicks(stepUs: number, first: UtcUs, last: UtcUs, zone: string): UtcUs[] {
  const found: UtcUs[] = [];
  const edges = [first, ...changes(first, utcUs(last + 1), zone).map((change) => change.atUs), utcUs(last + 1)];
  for (let piece = 0; piece + 1 < edges.length; piece++) {
    const [start, end] = [edges[piece] ?? first, edges[piece + 1] ?? last];
    const offset = wallUs(start, zone) - start;
    for (let wall = Math.ceil((start + offset) / stepUs) * stepUs; wall - offset < end; wall += stepUs) {
      found.push(utcUs(wall - offset));
    }
  }
  return found;
}

/** The first instants of days, of each second day, or of days 1, 8, 15 and 22 of a month. */
function dayTicks(count: number, first: UtcUs, last: UtcUs, zone: string): UtcUs[] {
  const found: UtcUs[] = [];
  const from = localTime(first, zone);
  // counting from the first of the month, so that the days are the same wherever the view begins
  for (let month = from.month, day = from.day - ((from.day - 1) % count); ; day += count) {
    if (count > 1 && day > 28) [month, day] = [month + 1, 1];
    const at = dayStart(from.year, month, day, zone);
    if (at > last) return found;
    if (at >= first) found.push(at);
  }
}

function monthTicks(count: number, first: UtcUs, last: UtcUs, zone: string): UtcUs[] {
  const found: UtcUs[] = [];
  const { year, month } = localTime(first, zone);
  let months = year * 12 + month - 1;
  months -= months % count;
  for (let at = dayStart(Math.floor(months / 12), (months % 12) + 1, 1, zone); at <= last;) {
    if (at >= first) found.push(at);
    months += count;
    at = dayStart(Math.floor(months / 12), (months % 12) + 1, 1, zone);
  }
  return found;
}

function ticksOf(step: Step, first: UtcUs, last: UtcUs, zone: string): UtcUs[] {
  if (step.unit === "us") return clockTicks(step.us, first, last, zone);
  if (step.unit === "day") return dayTicks(step.count, first, last, zone);
  return monthTicks(step.unit === "month" ? step.count : 12 * step.count, first, last, zone);
}

/** What stands above the lower labels: something larger of the calendar or the clock, which they do not say. */
function upperStep(step: Step): Step | null {
  if (step.unit === "year") return null;
  if (step.unit === "month") return calendar("year", 1, 365);
  if (step.unit === "day") return calendar("month", 1, 30);
  if (step.us >= 15 * US_PER_MINUTE) return calendar("day", 1, 1);
  return clock(step.us >= 10 * US_PER_S ? US_PER_HOUR : US_PER_MINUTE);
}

function precisionOf(step: Step): Precision {
  if (step.us >= US_PER_MINUTE) return "minute";
  if (step.us >= US_PER_S) return "second";
  return step.us >= 100_000 ? "tenth" : "ms";
}

const dayHours = (at: UtcUs, zone: string): number => (nextDay(at, zone) - startOfDay(at, zone)) / US_PER_HOUR;

function lowerText(at: UtcUs, step: Step, zone: string): string {
  const { year, month, day, weekday } = localTime(at, zone);
  if (step.unit === "year") return String(year);
  if (step.unit === "month") return shortMonth(month);
  if (step.unit === "day" && step.count > 1) return String(day);
  if (step.unit === "day") {
    const hours = dayHours(at, zone);
    return `${shortWeekday(weekday)} ${day}${hours === 24 ? "" : ` (${hours} h)`}`;
  }
  // seconds stand under their hour or minute, which says it
  return (step.us >= US_PER_MINUTE ? formatTime : formatClock)(at, zone, precisionOf(step));
}

function upperText(at: UtcUs, upper: Step, zone: string): string {
  const { year, month } = localTime(at, zone);
  if (upper.unit === "year") return String(year);
  if (upper.unit === "month") return `${monthName(month)} ${year}`;
  if (upper.unit === "us") return `${formatShortDay(at, zone)}, ${formatTime(at, zone, "minute")}`;
  const hours = dayHours(at, zone);
  return `${formatShortDay(at, zone)} ${year}${hours === 24 ? "" : `, a day of ${hours} hours`}`;
}

/** Of labels from left to right, those that do not run into the one before or beyond `endX`. */
function fitting(labels: readonly Label[], measure: Measure, endX: number): Label[] {
  let taken = -Infinity;
  return labels.filter(({ x, text }) => {
    const end = x + measure(text);
    if (x < taken || end > endX) return false;
    taken = end + AFTER_PX;
    return true;
  });
}

/** The upper labels; that of what the left edge lies in stays there until the next one pushes it out. */
function upperLabels(view: View, upper: Step, zone: string, measure: Measure, endX: number): Label[] {
  const [first, last] = [utcUs(view.startUs), utcUs(endUs(view))];
  const before = ticksOf(upper, utcUs(view.startUs - 1.1 * upper.us - US_PER_DAY / 24), first, zone).at(-1) ?? first;
  const ticks = ticksOf(upper, utcUs(view.startUs + 1), last, zone);
  const labels = ticks.map((at) => ({ x: xOf(view, at) + BESIDE_PX, text: upperText(at, upper, zone) }));
  const pinned = upperText(before, upper, zone);
  const room = (labels[0]?.x ?? Infinity) - AFTER_PX - measure(pinned);
  if (room >= BESIDE_PX) return fitting([{ x: BESIDE_PX, text: pinned }, ...labels], measure, endX);
  return fitting([{ x: room, text: pinned }, ...labels], measure, endX);
}

function weightOf(at: UtcUs, step: Step, zone: string): Line["weight"] {
  if (step.unit !== "us") return step.unit === "day" ? "midnight" : "major";
  return startOfDay(at, zone) === at ? "midnight" : "major";
}

/**
 * The ruler of a view. `measure` gives the width of a label in pixels; the rightmost `reservedPx` of the upper line are left free for the
 * name of the zone.
 */
export function rulerOf(view: View, zone: string, measure: Measure, reservedPx = 0): Ruler {
  const step = majorStep(view.usPerPx, measure);
  // one step more on the left, whose label may reach into the view
  const [first, last] = [utcUs(view.startUs - step.us), utcUs(endUs(view))];
  const major = ticksOf(step, first, last, zone);
  const labels = major.map((at) => ({ x: xOf(view, at) + BESIDE_PX, text: lowerText(at, step, zone) }));
  const upper = upperStep(step);
  return {
    lines: linesOf(view, step, major, zone),
    lower: fitting(labels, measure, Infinity),
    upper: upper === null ? [] : upperLabels(view, upper, zone, measure, view.widthPx - reservedPx),
  };
}

function linesOf(view: View, step: Step, major: readonly UtcUs[], zone: string): Line[] {
  const [first, last] = [utcUs(view.startUs), utcUs(endUs(view))];
  const line = (at: UtcUs, weight: Line["weight"]): Line => ({ x: xOf(view, at), weight });
  const minor = minorStep(view.usPerPx);
  const between = minor.us < step.us ? ticksOf(minor, first, last, zone) : [];
  const set = step.us > US_PER_DAY ? [] : changes(first, utcUs(last + 1), zone);
  return [
    ...between.map((at) => line(at, "minor")),
    ...major.map((at) => line(at, weightOf(at, step, zone))),
    ...set.map((change) => line(change.atUs, "change")),
  ];
}
