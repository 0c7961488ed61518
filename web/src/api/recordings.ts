/** Requests about files of footage and ranges: listing, deleting, protecting, and what an export would be. */
import { fromMs, toMs, type Span, type UtcUs } from "../time/instant";
import { address, getJson, request } from "./client";
import { Problem } from "./problem";
import type { components } from "./schema";

/** A file of footage. */
export interface Recording {
  readonly id: number;
  /** Its name under RECORD_DIR: its identity for deleting, protecting and news. */
  readonly path: string;
  readonly startUs: UtcUs;
  /** While it grows: of what is on the disk. */
  readonly endUs: UtcUs;
  readonly bytes: number;
  readonly growing: boolean;
  readonly protected: boolean;
  readonly container: string;
  /** RFC 6381 codec strings, separated by commas. */
  readonly codec: string | null;
}

type ListedRecording = components["schemas"]["Recording"];

const recordingOf = (listed: ListedRecording): Recording => ({
  id: listed.id,
  path: listed.name,
  startUs: fromMs(listed.start),
  endUs: fromMs(listed.end),
  bytes: listed.bytes,
  growing: listed.live,
  protected: listed.protected,
  container: listed.container,
  codec: listed.codec,
});

const list = async (channel: number, query: Record<string, string | number>, signal?: AbortSignal) => {
  const answer = await getJson<{ recordings: ListedRecording[] }>(`/api/channel/${channel}/recordings`, query, signal);
  return answer.recordings.map(recordingOf);
};

/** The days with footage, newest first, `YYYY-MM-DD` in the recorder's zone. */
export async function daysWithFootage(channel: number, signal?: AbortSignal): Promise<string[]> {
  return (await getJson<{ dates: string[] }>("/api/dates", { channel }, signal)).dates;
}

/** The files with footage of a day, oldest first. */
export const recordingsOfDay = (channel: number, date: string, signal?: AbortSignal): Promise<Recording[]> =>
  list(channel, { date }, signal);

/** The API's milliseconds: rounded outwards for the end, so that nothing that is selected is left out. */
const bounds = (span: Span) => ({ start: toMs(span.startUs), end: Math.ceil(span.endUs / 1000) });

/** The files with footage of a range, oldest first. */
export const recordingsOfRange = (channel: number, span: Span, signal?: AbortSignal): Promise<Recording[]> =>
  list(channel, bounds(span), signal);

export const fileAddress = (id: number): string => `/api/segments/${id}.mp4`;

export async function deleteRecording(path: string): Promise<void> {
  await request("DELETE", "/api/recording", { query: { path } });
}

/** What became of the files of a range. */
export interface RangeDeleted {
  readonly deleted: readonly string[];
  readonly kept: readonly { readonly path: string; readonly reason: string }[];
  readonly bytes: number;
}

/** Delete the files that lie wholly inside a range; those that grow or are protected stay. */
export async function deleteRange(channel: number, span: Span): Promise<RangeDeleted> {
  const response = await request("DELETE", "/api/recordings", { query: { channel, ...bounds(span) } });
  return (await response.json()) as RangeDeleted;
}

export async function setProtected(path: string, on: boolean): Promise<void> {
  await request(on ? "POST" : "DELETE", "/api/recording/protect", { query: { path } });
}

/** Protect every file with footage of a range, or take that away. */
export async function setRangeProtected(channel: number, span: Span, on: boolean): Promise<void> {
  await request(on ? "POST" : "DELETE", "/api/recordings/protect", { query: { channel, ...bounds(span) } });
}

export const exportAddress = (channel: number, span: Span): string =>
  address(`/api/channel/${channel}/export.mp4`, bounds(span));

/** What an export would be, before its first byte. */
export interface ExportFile {
  readonly bytes: number;
  /** null: the recorder names none. */
  readonly name: string | null;
}

/** Ask how large an export is; raises `Problem`, such as `format-changes` with its `ranges`. */
export async function exportFile(channel: number, span: Span, signal?: AbortSignal): Promise<ExportFile> {
  const path = exportAddress(channel, span);
  const options = signal === undefined ? {} : { signal };
  try {
    const { headers } = await request("HEAD", path, options);
    return { bytes: Number(headers.get("Content-Length") ?? 0), name: fileName(headers.get("Content-Disposition")) };
  } catch (error) {
    // an answer to HEAD has no body to say why, so the same is asked with GET, which is refused as well
    if (error instanceof Problem && error.kind === "" && error.status >= 400) {
      const response = await request("GET", path, options);
      await response.body?.cancel();
    }
    throw error;
  }
}

/** The file name of a Content-Disposition header (RFC 6266): the one with all letters where there is one. */
export function fileName(header: string | null): string | null {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(header ?? "")?.[1];
  if (encoded !== undefined) return decodeURIComponent(encoded);
  return /filename="([^"]*)"/i.exec(header ?? "")?.[1] ?? null;
}

/** The pieces that can be exported one by one, of a `format-changes` problem; empty for any other. */
export function exportableRanges(problem: Problem): Span[] {
  const ranges = problem.fields["ranges"];
  if (problem.kind !== "format-changes" || !Array.isArray(ranges)) return [];
  return ranges.flatMap((range: unknown) => {
    const { start, end } = range as { start?: unknown; end?: unknown };
    return typeof start === "number" && typeof end === "number" ? [{ startUs: fromMs(start), endUs: fromMs(end) }] : [];
  });
}
