/** Where footage goes on behind an instant that has none, and why it has none (`GET /api/timeline`). */
import { getJson } from "../api/client";
import type { Channel } from "../state/types";
import { fromMs, plus, toMs, US_PER_DAY, US_PER_HOUR, type UtcUs } from "../time/instant";

/** How far one request looks after the other: near by finely, as the recorder draws short footage of a long time together with its gaps. */
const REACHES_US = [US_PER_HOUR, US_PER_DAY, 31 * US_PER_DAY];
const FINEST_S = 1;

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
  getJson<Answer>("/api/timeline", { channels: channel, start: startMs, end: endMs, resolution: FINEST_S });

/** The first footage at or behind `atUs`; null when there is none up to now. Failures are taken for none. */
export async function findFootage(channel: Channel, atUs: UtcUs, nowUs: UtcUs): Promise<Found | null> {
  let fromUs = atUs;
  for (let step = 0; fromUs < nowUs; step += 1) {
    const untilUs = Math.min(plus(fromUs, REACHES_US[step] ?? 31 * US_PER_DAY), nowUs) as UtcUs;
    const [startMs, endMs] = [toMs(fromUs), toMs(untilUs)];
    fromUs = untilUs;
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
