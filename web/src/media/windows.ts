/** Which stretch of time a playlist is asked for. Pure. */
import { address } from "../api/client";
import { plus, toMs, US_PER_MINUTE, US_PER_S, type UtcUs } from "../time/instant";
import type { Channel } from "../state/types";

export interface PlaylistWindow {
  readonly startUs: UtcUs;
  readonly endUs: UtcUs;
}

/** So much before the instant, for going back a little. A longer playlist takes longer to make and to read, at each seek far away. */
export const BEFORE_US = 2 * US_PER_MINUTE;
export const AFTER_US = 13 * US_PER_MINUTE;
/** Closer to now, a playlist would be one that grows: its parts are many, and it is asked for again and again. */
const MARGIN_US = US_PER_S;
/** So long before a window ends, at normal speed, the next one is prepared. */
const PREPARE_US = 15 * US_PER_S;
/** Close to now as late as possible: the more is there. */
const PREPARE_LATE_US = 4 * US_PER_S;
const CLOSE_US = US_PER_MINUTE;
/** What is played up to here has caught up: checkpoints come every few seconds, and the rest is live. */
const NEAR_NOW_US = 12 * US_PER_S;

const until = (startUs: UtcUs, endUs: UtcUs, nowUs: UtcUs): UtcUs =>
  Math.max(startUs + US_PER_S, Math.min(endUs, nowUs - MARGIN_US)) as UtcUs;

export function windowAround(atUs: UtcUs, nowUs: UtcUs): PlaylistWindow {
  const startUs = plus(atUs, -BEFORE_US);
  return { startUs, endUs: until(startUs, plus(atUs, AFTER_US), nowUs) };
}

/** The window after one that ends at `endUs`, its beginning included. */
export const windowFrom = (endUs: UtcUs, nowUs: UtcUs): PlaylistWindow => ({
  startUs: endUs,
  endUs: until(endUs, plus(endUs, AFTER_US), nowUs),
});

export const playlistUrl = (channel: Channel, window: PlaylistWindow): string =>
  address(`/api/channel/${channel}/playlist.m3u8`, { start: toMs(window.startUs), end: toMs(window.endUs) });

/** Footage that ends there is followed by live pictures. */
export const isNearNow = (endUs: UtcUs, nowUs: UtcUs): boolean => nowUs - endUs < NEAR_NOW_US;

/** It is time to prepare what comes after the footage that is listed up to `endUs`. */
export function isTimeToPrepare(atUs: UtcUs, endUs: UtcUs, nowUs: UtcUs, speed: number): boolean {
  if (isNearNow(endUs, nowUs)) return false;
  return endUs - atUs < (nowUs - endUs < CLOSE_US ? PREPARE_LATE_US : PREPARE_US) * Math.max(1, speed);
}
