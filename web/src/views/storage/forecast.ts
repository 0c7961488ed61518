/** What the space that is left means, in words. Pure. */
import { fromMs, US_PER_DAY, type UtcUs } from "../../time/instant";
import { localTime, startOfDay } from "../../time/zone";
import { monthName, weekdayName } from "../../time/format";

/** What is used of `GET /api/storage`; GB are 2^30 bytes. */
export interface Space {
  readonly usedGB: number;
  readonly maxGB: number | null;
  readonly freeGB: number | null;
  readonly daysUntilFull: number | null;
  readonly daysKept: number | null;
  /** RFC 3339. */
  readonly oldestGoesAt?: string | null;
  readonly limits?: {
    readonly minFreeGB: number | null;
    readonly retentionDays: number | null;
  };
}

export interface Forecast {
  readonly text: string;
  /** More to know; may be empty. */
  readonly detail: string;
  /** warning: somebody should do something soon. alarm: now. */
  readonly level: "fine" | "warning" | "alarm";
}

/** Without a limit, a disk that is full within so many days is worth a warning. */
const SOON_DAYS = 7;

const counted = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? "" : "s"}`;

/** `5 hours`, `12 days`, `4 months`, `3 years`: as exactly as a forecast can be. */
export function daysText(days: number): string {
  if (days < 2) return counted(Math.max(1, Math.round(days * 24)), "hour");
  if (days < 90) return counted(Math.round(days), "day");
  if (days < 730) return counted(Math.round(days / 30.44), "month");
  return counted(Math.round(days / 365.25), "year");
}

/** `today`, `tomorrow`, `on Tuesday`, `on 12 December`, `on 12 December 2027`. */
export function dayWord(at: UtcUs, nowUs: UtcUs, zone: string): string {
  // days of 23 and 25 hours count as one
  const ahead = Math.round((startOfDay(at, zone) - startOfDay(nowUs, zone)) / US_PER_DAY);
  const { weekday, day, month, year } = localTime(at, zone);
  if (ahead <= 0) return "today";
  if (ahead === 1) return "tomorrow";
  if (ahead < 7) return `on ${weekdayName(weekday)}`;
  const date = `on ${day} ${monthName(month)}`;
  return year === localTime(nowUs, zone).year ? date : `${date} ${year}`;
}

export function forecast(space: Space, nowUs: UtcUs, zone: string): Forecast {
  if (space.freeGB === null) {
    return {
      text: "The disk for recordings is not there.",
      detail: "Nothing is recorded until it is back: look at its cable and whether it is mounted.",
      level: "alarm",
    };
  }
  const { minFreeGB = null, retentionDays = null } = space.limits ?? {};
  const limited = space.maxGB !== null || minFreeGB !== null || retentionDays !== null;
  return limited ? withLimit(space, nowUs, zone) : withoutLimit(space);
}

function withLimit(space: Space, nowUs: UtcUs, zone: string): Forecast {
  const goesAt = space.oldestGoesAt ? fromMs(Date.parse(space.oldestGoesAt)) : null;
  const detail = heldText(space);
  if (goesAt !== null)
    return { text: `At this rate the oldest day goes ${dayWord(goesAt, nowUs, zone)}.`, detail, level: "fine" };
  if (space.daysKept !== null) return { text: "The oldest footage goes as new footage comes.", detail, level: "fine" };
  if (space.daysUntilFull !== null) {
    const days = daysText(space.daysUntilFull);
    return { text: `Full in ${days} at this rate; then the oldest footage goes first.`, detail: "", level: "fine" };
  }
  return unknown;
}

function heldText({ daysKept, daysUntilFull }: Space): string {
  if (daysKept !== null) return `There is room for about ${daysText(daysKept)} of footage.`;
  return daysUntilFull === null ? "" : `Full in ${daysText(daysUntilFull)}.`;
}

function withoutLimit({ daysUntilFull, daysKept, freeGB }: Space): Forecast {
  const free = freeGB === null ? "" : ` (${sizeText(freeGB)} free)`;
  const detail = "To have the oldest footage go first, set MAX_STORAGE_GB, MIN_FREE_GB or RETENTION_DAYS.";
  if (daysKept !== null) {
    return { text: `No limit is set, and the disk is all but full${free}.`, detail, level: "alarm" };
  }
  const when = daysUntilFull === null ? "" : `, in ${daysText(daysUntilFull)} at this rate`;
  return {
    text: `No limit is set: footage stays until the disk is full${when}${free}.`,
    detail,
    level: daysUntilFull !== null && daysUntilFull < SOON_DAYS ? "warning" : "fine",
  };
}

const unknown: Forecast = {
  text: "How long the space lasts is not known yet.",
  detail: "A forecast needs some minutes of recording.",
  level: "fine",
};

/** `77.1 GB`, `1.5 TB` of GB. */
export const sizeText = (gigabytes: number): string => {
  if (gigabytes < 1) return `${Math.round(gigabytes * 1024)} MB`;
  return gigabytes < 1023.95 ? `${gigabytes.toFixed(1)} GB` : `${(gigabytes / 1024).toFixed(1)} TB`;
};

/** The parts of the bar that shows the space, as shares of its whole length. */
export interface Bar {
  readonly totalGB: number;
  /** Of all: footage that cleanup never deletes. */
  readonly protected: number;
  readonly used: number;
  readonly room: number;
}

/** The whole is the limit, or the disk as far as it is not taken by other things. */
export function barOf(space: Space, protectedGB: number): Bar {
  const disk = space.usedGB + (space.freeGB ?? 0);
  const totalGB = Math.max(space.usedGB, space.maxGB ?? disk, 1e-9);
  const kept = Math.min(protectedGB, space.usedGB);
  return {
    totalGB,
    protected: kept / totalGB,
    used: (space.usedGB - kept) / totalGB,
    room: 1 - space.usedGB / totalGB,
  };
}

/** A limit that the disk cannot hold is never reached: recording ends before. */
export function limitWarning({ usedGB, maxGB, freeGB, limits }: Space): string | null {
  if (maxGB === null || freeGB === null || maxGB <= usedGB + freeGB || (limits?.minFreeGB ?? null) !== null)
    return null;
  return `The limit of ${sizeText(maxGB)} is more than the disk can hold (${sizeText(usedGB + freeGB)}): lower MAX_STORAGE_GB, or set MIN_FREE_GB.`;
}
