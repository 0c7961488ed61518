/** A day's list: its files and its gaps in one order, hour by hour. Pure. */
import type { Recording } from "../../api/recordings";
import { formatShortDay, formatTime, isoDay } from "../../time/format";
import { fromMs, plus, US_PER_HOUR, US_PER_S, type Span, type UtcUs } from "../../time/instant";
import { dayStart, nextDay, wallUs } from "../../time/zone";
import type { Day } from "./calendar";

/** Time without footage. */
export interface Gap extends Span {
  readonly cause: string;
  readonly detail: string;
  /** How many gaps close together this is. */
  readonly count: number;
}

export type Entry =
  | { readonly kind: "file"; readonly key: string; readonly atUs: UtcUs; readonly file: Recording }
  | { readonly kind: "gap"; readonly key: string; readonly atUs: UtcUs; readonly gap: Gap };

/** What began within one hour of the clock, newest first. */
export interface Hour {
  readonly key: string;
  /** `17:00` */
  readonly text: string;
  readonly entries: readonly Entry[];
}

/** Which instants a date spans. */
export function spanOfDay(day: Day, zone: string): Span {
  const [year = 0, month = 1, number = 1] = day.split("-").map(Number);
  const startUs = dayStart(year, month, number, zone);
  return { startUs, endUs: nextDay(startUs, zone) };
}

/** Files and gaps of a day, newest first, by the hour in which each began. */
export function hoursOf(files: readonly Recording[], gaps: readonly Gap[], day: Day, zone: string): Hour[] {
  const entries: Entry[] = [
    ...files.map((file): Entry => ({ kind: "file", key: file.path, atUs: file.startUs, file })),
    ...gaps.map((gap): Entry => ({ kind: "gap", key: `gap ${gap.startUs}`, atUs: gap.startUs, gap })),
  ];
  entries.sort((a, b) => b.atUs - a.atUs);
  const hours: { key: string; text: string; entries: Entry[] }[] = [];
  for (const entry of entries) {
    const startUs = hourStart(entry.atUs, zone);
    if (hours.at(-1)?.key !== String(startUs)) {
      hours.push({ key: String(startUs), text: hourText(startUs, day, zone), entries: [] });
    }
    hours.at(-1)?.entries.push(entry);
  }
  return hours;
}

function hourStart(at: UtcUs, zone: string): UtcUs {
  return plus(at, -(wallUs(at, zone) % US_PER_HOUR));
}

/** `17:00`; an hour that comes twice says which it is, and one of another day says its date. */
function hourText(startUs: UtcUs, day: Day, zone: string): string {
  const date = isoDay(startUs, zone) === day ? "" : `${formatShortDay(startUs, zone)}, `;
  return `${date}${formatTime(startUs, zone, "minute")}`;
}

/** The list with what is now known of some of its files, oldest first. */
export function withFiles(files: readonly Recording[], news: readonly Recording[]): Recording[] {
  const known = new Map(files.map((file) => [file.path, file]));
  for (const file of news) known.set(file.path, file);
  return [...known.values()].sort((a, b) => a.startUs - b.startUs);
}

/** A gap of `GET /api/timeline`. */
export interface ListedGap {
  readonly start: number;
  readonly end: number;
  readonly cause: string;
  readonly detail: string;
  readonly count?: number;
}

export const gapOf = (listed: ListedGap): Gap => ({
  startUs: fromMs(listed.start),
  endUs: fromMs(listed.end),
  cause: listed.cause,
  detail: listed.detail,
  count: listed.count ?? 1,
});

const CODECS: readonly (readonly [RegExp, string])[] = [
  [/^avc[13]\./, "H.264"],
  [/^(hvc1|hev1)\./, "H.265"],
  [/^(mp4v|V_MPEG4)/, "MPEG-4"],
  [/^(mjpe?g|jpeg|mp4v\.6C)/i, "MJPEG"],
  [/^av01\./, "AV1"],
  [/^mp4a\.(40|67)/, "AAC"],
  [/^mp4a\.6[9B]/i, "MP3"],
  [/^(alaw|ulaw|pcma|pcmu)/i, "G.711"],
  [/^opus/i, "Opus"],
];

/** `H.264, AAC` of RFC 6381 strings; what is not known is shown as it is. */
export function codecText(codec: string | null): string {
  if (codec === null) return "";
  return codec
    .split(",")
    .map((one) => CODECS.find(([pattern]) => pattern.test(one.trim()))?.[1] ?? one.trim())
    .join(", ");
}

/** A name for a downloaded file that any file system takes: `Front-door_2026-11-22_17-16-16.mp4`. */
export function downloadName(camera: string, file: Recording, zone: string): string {
  const safe = camera.replace(/[^\p{L}\p{N}.+-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "") || "camera";
  const time = formatTime(file.startUs, zone).replace(/[: ]/g, "-");
  return `${safe.slice(0, 60)}_${isoDay(file.startUs, zone)}_${time}.${file.container}`;
}

/** How much there is: footage in microseconds without counting what two files both cover, and bytes. */
export function totalOf(files: readonly Recording[]): { readonly lengthUs: number; readonly bytes: number } {
  let [lengthUs, bytes, untilUs] = [0, 0, 0];
  for (const file of files) {
    lengthUs += Math.max(0, file.endUs - Math.max(file.startUs, untilUs));
    untilUs = Math.max(untilUs, file.endUs);
    bytes += file.bytes;
  }
  return { lengthUs, bytes };
}

/** Lengths in lists to the second, as files end within one. */
export const wholeSeconds = (us: number): number => Math.round(us / US_PER_S) * US_PER_S;
