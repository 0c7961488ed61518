/** Where footage goes on behind an instant that has none, and why it has none (`GET /api/timeline`). */
import { getJson } from "../api/client";
import type { Channel } from "../state/types";
import { fromMs, toMs, US_PER_DAY, type UtcUs } from "../time/instant";

/** Days that one request may span. */
const REACH_US = 31 * US_PER_DAY;
const COARSE_S = 86_400;

export interface Found {
  readonly cause: string;
  readonly startUs: UtcUs | null;
  /** Footage begins again. */
  readonly endUs: UtcUs;
}

interface Answer {
  readonly channels: readonly {
    readonly spans: readonly (readonly [number, number])[];
    readonly gaps: readonly {
      readonly start: number;
      readonly end: number;
      readonly cause: string;
      readonly detail: string;
    }[];
  }[];
}

const within = (channel: Channel, startMs: number, endMs: number): Promise<Answer> =>
  getJson<Answer>("/api/timeline", { channels: channel, start: startMs, end: endMs, resolution: COARSE_S });

/** The first footage at or behind `atUs`; null when there is none up to now. Failures are taken for none. */
export async function findFootage(channel: Channel, atUs: UtcUs, nowUs: UtcUs): Promise<Found | null> {
  for (let fromUs: number = atUs; fromUs < nowUs; fromUs += REACH_US) {
    const startMs = toMs(fromUs as UtcUs);
    const endMs = toMs(Math.min(fromUs + REACH_US, nowUs) as UtcUs);
    const answer = await within(channel, startMs, endMs).catch(() => null);
    const row = answer?.channels[0];
    const next = row?.spans.find(([, end]) => end > startMs);
    if (row === undefined) return null;
    if (next === undefined) continue;
    const gap = row.gaps.find((one) => one.start <= toMs(atUs) && one.end > toMs(atUs));
    return {
      cause: causeOf(gap),
      startUs: gap === undefined ? null : fromMs(gap.start),
      endUs: fromMs(Math.max(next[0], startMs)),
    };
  }
  return null;
}

const causeOf = (gap: Answer["channels"][number]["gaps"][number] | undefined): string =>
  gap === undefined ? "" : gap.detail === "" ? gap.cause : `${gap.cause}: ${gap.detail}`;

/** Why there is nothing between two instants; an empty text when the recorder does not know. */
export async function causeOfGap(channel: Channel, startUs: UtcUs, endUs: UtcUs): Promise<string> {
  const answer = await within(channel, toMs(startUs), toMs(endUs) + 1).catch(() => null);
  return causeOf(answer?.channels[0]?.gaps[0]);
}
