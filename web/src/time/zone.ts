/**
 * Time zones: how far a zone's clocks are from UTC, and what they show. Pure; the browser's zone data is read through Intl and kept.
 *
 * A *wall* time is what a clock on the wall shows, counted like an instant: microseconds from 1970-01-01 00:00 on that clock. When
 * clocks are set forward there are wall times that never come; when they are set back, some come twice.
 */
import { plus, US_PER_DAY, US_PER_MS, US_PER_S, utcUs, type UtcUs } from "./instant";

/** What the clock and the calendar of a zone show at an instant. */
export interface LocalTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Microseconds within the second. */
  readonly us: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly offsetS: number;
}

/** An instant at which the clocks of a zone are set forward (`afterS` > `beforeS`) or back. */
export interface Change {
  readonly atUs: UtcUs;
  readonly beforeS: number;
  readonly afterS: number;
}

/** A day and time of day as a person writes it. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour?: number;
  readonly minute?: number;
  readonly second?: number;
  readonly us?: number;
}

/** Offsets are looked up at the ends of blocks as long as this; no zone ever changed its clocks twice within one. */
const BLOCK_US = US_PER_DAY;
const BLOCKS_KEPT = 20_000;

/** Its clocks show UTC. Asking the browser for the first zone takes 20 ms and more, which a page that is just opening has better use for. */
const isUtc = (name: string): boolean => name === "UTC" || name === "Etc/UTC";

interface Zone {
  /** Made when it is needed. */
  readonly clock: () => Intl.DateTimeFormat;
  /** By the number of the block: the offset where it begins. */
  readonly starts: Map<number, number>;
  /** By the number of the block: its offset, or the change inside it. */
  readonly blocks: Map<number, number | Change>;
  /** By the number of the day since 1970: where it begins. */
  readonly days: Map<number, UtcUs>;
}

const zones = new Map<string, Zone>();

function clockOf(zone: string): Intl.DateTimeFormat {
  const digits = "2-digit";
  return new Intl.DateTimeFormat("en-US-u-ca-iso8601-nu-latn", {
    ...{ timeZone: zone, hourCycle: "h23", era: "short" },
    ...{ year: "numeric", month: digits, day: digits, hour: digits, minute: digits, second: digits },
  });
}

function zoneOf(name: string): Zone {
  let zone = zones.get(name);
  if (zone === undefined) {
    let clock: Intl.DateTimeFormat | undefined;
    zone = { clock: () => (clock ??= clockOf(name)), starts: new Map(), blocks: new Map(), days: new Map() };
    zones.set(name, zone);
  }
  return zone;
}

/** The browser knows this zone. */
export function isZone(name: string): boolean {
  try {
    zoneOf(name).clock();
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Asks Intl, which is slow. */
function askedOffsetS(clock: Intl.DateTimeFormat, at: number): number {
  const seconds = Math.floor(at / US_PER_S);
  const shown = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of clock.formatToParts(seconds * 1_000)) if (type in shown) shown[type as "year"] = +value;
  const wallMs = Date.UTC(shown.year, shown.month - 1, shown.day, shown.hour, shown.minute, shown.second);
  return wallMs / 1_000 - seconds;
}

/** Where between two instants, to the second, the offset changes. */
function changeBetween(
  clock: Intl.DateTimeFormat,
  first: number,
  last: number,
  beforeS: number,
  afterS: number,
): Change {
  let low = Math.floor(first / US_PER_S);
  let high = Math.ceil(last / US_PER_S);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (askedOffsetS(clock, middle * US_PER_S) === beforeS) low = middle;
    else high = middle;
  }
  return { atUs: utcUs(high * US_PER_S), beforeS, afterS };
}

function startOffsetS(zone: Zone, number: number): number {
  let offset = zone.starts.get(number);
  if (offset === undefined) {
    offset = askedOffsetS(zone.clock(), number * BLOCK_US);
    if (zone.starts.size >= BLOCKS_KEPT) zone.starts.clear();
    zone.starts.set(number, offset);
  }
  return offset;
}

function blockOf(zone: Zone, number: number): number | Change {
  let block = zone.blocks.get(number);
  if (block === undefined) {
    const [beforeS, afterS] = [startOffsetS(zone, number), startOffsetS(zone, number + 1)];
    const [first, last] = [number * BLOCK_US, (number + 1) * BLOCK_US];
    block = beforeS === afterS ? beforeS : changeBetween(zone.clock(), first, last, beforeS, afterS);
    if (zone.blocks.size >= BLOCKS_KEPT) zone.blocks.clear();
    zone.blocks.set(number, block);
  }
  return block;
}

/** Seconds that the zone's clocks are ahead of UTC at an instant. */
export function offsetS(at: UtcUs, zone: string): number {
  if (isUtc(zone)) return 0;
  const block = blockOf(zoneOf(zone), Math.floor(at / BLOCK_US));
  if (typeof block === "number") return block;
  return at < block.atUs ? block.beforeS : block.afterS;
}

/** The changes of clocks in [first, last), in order. */
export function changes(first: UtcUs, last: UtcUs, zone: string): Change[] {
  if (isUtc(zone)) return [];
  const found: Change[] = [];
  const known = zoneOf(zone);
  // a change at the very start of a block is that block's predecessor's
  for (let number = Math.floor(first / BLOCK_US) - 1; number * BLOCK_US < last; number++) {
    const block = blockOf(known, number);
    if (typeof block !== "number" && block.atUs >= first && block.atUs < last) found.push(block);
  }
  return found;
}

/** What a clock on the wall shows, as microseconds since 1970 on that clock. */
export const wallUs = (at: UtcUs, zone: string): number => at + offsetS(at, zone) * US_PER_S;

/** The wall time in microseconds of a written one; days beyond the month's end run on. */
export function wallOf(written: WallTime): number {
  const { year, month, day, hour = 0, minute = 0, second = 0, us = 0 } = written;
  return Date.UTC(year, month - 1, day, hour, minute, second) * US_PER_MS + us;
}

/** All instants at which the clocks show a wall time, earliest first: none when it was left out, two when it came twice. */
export function instantsAt(wall: number, zone: string): UtcUs[] {
  const [early, late] = [utcUs(wall - US_PER_DAY), utcUs(wall + US_PER_DAY)];
  const near = changes(early, late, zone);
  if (near.length === 0) return [utcUs(wall - offsetS(early, zone) * US_PER_S)];
  const offsets = [...new Set(near.flatMap((change) => [change.beforeS, change.afterS]))];
  const found = offsets.map((offset) => utcUs(wall - offset * US_PER_S)).filter((at) => wallUs(at, zone) === wall);
  return found.sort((a, b) => a - b);
}

/** The change that leaves a wall time out; undefined when it does come. */
function changeOver(wall: number, zone: string): Change | undefined {
  const near = changes(utcUs(wall - 2 * US_PER_DAY), utcUs(wall + 2 * US_PER_DAY), zone);
  return near.find(({ atUs, beforeS, afterS }) => atUs + beforeS * US_PER_S <= wall && wall < atUs + afterS * US_PER_S);
}

/** The instant of a wall time: the first one when it comes twice; as much after the change when it was left out. */
export function instantAt(wall: number, zone: string): UtcUs {
  const [first] = instantsAt(wall, zone);
  if (first !== undefined) return first;
  const over = changeOver(wall, zone);
  return utcUs(wall - (over?.beforeS ?? 0) * US_PER_S);
}

/** What the clock and the calendar show. */
export function localTime(at: UtcUs, zone: string): LocalTime {
  const offset = offsetS(at, zone);
  const wall = at + offset * US_PER_S;
  const seconds = Math.floor(wall / US_PER_S);
  const date = new Date(seconds * 1_000);
  return {
    ...{ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() },
    ...{ hour: date.getUTCHours(), minute: date.getUTCMinutes(), second: date.getUTCSeconds() },
    us: wall - seconds * US_PER_S,
    weekday: date.getUTCDay(),
    offsetS: offset,
  };
}

/** The first instant of a calendar day; months and days beyond their end run on. Where midnight is left out, the day begins later. */
export function dayStart(year: number, month: number, day: number, zone: string): UtcUs {
  const wall = wallOf({ year, month, day });
  const { days } = zoneOf(zone);
  let start = days.get(wall / US_PER_DAY);
  if (start === undefined) {
    start = instantsAt(wall, zone)[0] ?? changeOver(wall, zone)?.atUs ?? instantAt(wall, zone);
    if (days.size >= BLOCKS_KEPT) days.clear();
    days.set(wall / US_PER_DAY, start);
  }
  return start;
}

/** Where the day of an instant began. */
export function startOfDay(at: UtcUs, zone: string): UtcUs {
  const { year, month, day } = localTime(at, zone);
  return dayStart(year, month, day, zone);
}

/** Where the day `days` after that of an instant begins; days of 23 and 25 hours, and days that a zone skipped, count as one. */
export function nextDay(at: UtcUs, zone: string, days = 1): UtcUs {
  const { year, month, day } = localTime(at, zone);
  const found = dayStart(year, month, day + days, zone);
  return found > at || days <= 0 ? found : plus(at, 1);
}

const zoneNames = new Map<string, Intl.DateTimeFormat>();

/** What the zone's clocks are called at an instant: `CET`, `GMT+5:45`. */
export function zoneName(at: UtcUs, zone: string): string {
  let format = zoneNames.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "short" });
    zoneNames.set(zone, format);
  }
  const parts = format.formatToParts(at / US_PER_MS);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}
