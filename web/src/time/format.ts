/** Instants, lengths and sizes as people read them, in plain English with a 24-hour clock. Pure. */
import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_MS, US_PER_S, type UtcUs } from "./instant";
import { instantsAt, localTime, type LocalTime, wallUs, zoneName } from "./zone";

const MONTHS = "January February March April May June July August September October November December".split(" ");
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

const two = (number: number): string => String(number).padStart(2, "0");

export const monthName = (month: number): string => MONTHS[month - 1] ?? "";
export const shortMonth = (month: number): string => monthName(month).slice(0, 3);
export const weekdayName = (weekday: number): string => DAYS[weekday] ?? "";
export const shortWeekday = (weekday: number): string => weekdayName(weekday).slice(0, 3);

export type Precision = "minute" | "second" | "tenth" | "ms";

function fraction(us: number, precision: Precision): string {
  if (precision === "tenth") return `.${Math.floor(us / 100_000)}`;
  return precision === "ms" ? `.${String(Math.floor(us / US_PER_MS)).padStart(3, "0")}` : "";
}

function clockText(local: LocalTime, precision: Precision): string {
  const minutes = `${two(local.hour)}:${two(local.minute)}`;
  return precision === "minute" ? minutes : `${minutes}:${two(local.second)}${fraction(local.us, precision)}`;
}

/** `14:32:07`, `14:32`, `14:32:07.4` or `14:32:07.480`: rounded down, as clocks do; of a time that comes twice it does not say which. */
export const formatClock = (at: UtcUs, zone: string, precision: Precision = "second"): string =>
  clockText(localTime(at, zone), precision);

/** Which of two, where clocks show a time twice: ` CEST`. */
function whichOfTwo(at: UtcUs, zone: string): string {
  return instantsAt(wallUs(at, zone), zone).length > 1 ? ` ${zoneName(at, zone)}` : "";
}

/** `formatClock`; where clocks show this time twice, with the name of the zone's time: `02:30:00 CEST`. */
export const formatTime = (at: UtcUs, zone: string, precision: Precision = "second"): string =>
  formatClock(at, zone, precision) + whichOfTwo(at, zone);

/** `Sun 22 November 2026`. */
export function formatDay(at: UtcUs, zone: string): string {
  const { weekday, day, month, year } = localTime(at, zone);
  return `${shortWeekday(weekday)} ${day} ${monthName(month)} ${year}`;
}

/** `Sun 22 Nov`. */
export function formatShortDay(at: UtcUs, zone: string): string {
  const { weekday, day, month } = localTime(at, zone);
  return `${shortWeekday(weekday)} ${day} ${shortMonth(month)}`;
}

/** `2026-11-22`, as the API names days. */
export function isoDay(at: UtcUs, zone: string): string {
  const { year, month, day } = localTime(at, zone);
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

/** `Sun 22 Nov 2026, 14:32:07`; where clocks show this time twice, with the name of the zone's time: `…02:30:00 CEST`. */
export function formatInstant(at: UtcUs, zone: string, precision: Precision = "second"): string {
  return `${formatShortDay(at, zone)} ${localTime(at, zone).year}, ${formatTime(at, zone, precision)}`;
}

/** For screen readers: `14:32:07, Sunday 22 November 2026`; the zone's time as in `formatTime`. */
export function spokenInstant(at: UtcUs, zone: string): string {
  const local = localTime(at, zone);
  return `${formatTime(at, zone)}, ${weekdayName(local.weekday)} ${local.day} ${monthName(local.month)} ${local.year}`;
}

/** A length in its two largest units: `2 d 3 h`, `1 h 05 min`, `4 min 09 s`, `12 s`, `0.4 s`. */
export function formatDuration(us: number): string {
  if (us < 0) return `-${formatDuration(-us)}`;
  if (us < 10 * US_PER_S && us % US_PER_S !== 0) return `${(Math.floor(us / 100_000) / 10).toFixed(1)} s`;
  const [days, hours] = [Math.floor(us / US_PER_DAY), Math.floor(us / US_PER_HOUR) % 24];
  const [minutes, seconds] = [Math.floor(us / US_PER_MINUTE) % 60, Math.floor(us / US_PER_S) % 60];
  if (days > 0) return hours === 0 ? `${days} d` : `${days} d ${hours} h`;
  if (hours > 0) return minutes === 0 ? `${hours} h` : `${hours} h ${two(minutes)} min`;
  if (minutes > 0) return seconds === 0 ? `${minutes} min` : `${minutes} min ${two(seconds)} s`;
  return `${seconds} s`;
}

const counted = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? "" : "s"}`;

/** A length for screen readers: `1 hour 5 minutes`. */
export function spokenDuration(us: number): string {
  const units: readonly [number, string][] = [
    [US_PER_DAY, "day"],
    [US_PER_HOUR, "hour"],
    [US_PER_MINUTE, "minute"],
    [US_PER_S, "second"],
  ];
  const first = units.findIndex(([length]) => us >= length);
  if (first === -1) return "less than a second";
  let rest = us;
  const words: string[] = [];
  for (const [length, unit] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) words.push(counted(count, unit));
  }
  return words.join(" ");
}

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"] as const;

/** `1.5 GB`; units of 1024, as the recorder counts them. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.95 would be shown as 1024.0
  while (value >= (unit === 0 ? 1024 : 1023.95) && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? "B"}`;
}

/** `4.1 Mbit/s`. */
export function formatBitRate(bitsPerSecond: number): string {
  if (bitsPerSecond < 1_000_000) return `${Math.round(bitsPerSecond / 1_000)} kbit/s`;
  return `${(bitsPerSecond / 1_000_000).toFixed(1)} Mbit/s`;
}
