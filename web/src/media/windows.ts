/** Which stretch of time a playlist is asked for. Pure. */
import { address } from "../api/client";
import { plus, toMs, US_PER_MINUTE, US_PER_S, type UtcUs } from "../time/instant";
import type { Channel } from "../state/types";

export interface PlaylistWindow {
  readonly startUs: UtcUs;
  /** null: it grows with the recording. */
  readonly endUs: UtcUs | null;
}

/** So much before the instant, for going back a little. A longer playlist takes longer to make and to read, at each seek far away. */
export const BEFORE_US = 2 * US_PER_MINUTE;
export const AFTER_US = 13 * US_PER_MINUTE;
/** Closer to now than this, the playlist is left open; the recorder lists the last ten minutes of an open one. */
export const OPEN_US = 9 * US_PER_MINUTE;
/** So long before a window ends, at normal speed, the next one is prepared. */
const PREPARE_US = 15 * US_PER_S;

export function windowAround(atUs: UtcUs, nowUs: UtcUs): PlaylistWindow {
  if (atUs > nowUs - OPEN_US) return { startUs: plus(atUs, -BEFORE_US), endUs: null };
  const endUs = Math.min(plus(atUs, AFTER_US), nowUs) as UtcUs;
  return { startUs: plus(atUs, -BEFORE_US), endUs };
}

/** The window after one that ends at `endUs`, its beginning included. */
export function windowFrom(endUs: UtcUs, nowUs: UtcUs): PlaylistWindow {
  if (endUs > nowUs - OPEN_US) return { startUs: endUs, endUs: null };
  return { startUs: endUs, endUs: Math.min(plus(endUs, AFTER_US), nowUs) as UtcUs };
}

export function playlistUrl(channel: Channel, window: PlaylistWindow): string {
  return address(`/api/channel/${channel}/playlist.m3u8`, {
    start: toMs(window.startUs),
    end: window.endUs === null ? null : toMs(window.endUs),
  });
}

/** It is time to prepare what comes after the footage that is listed up to `endUs`. */
export const isTimeToPrepare = (atUs: UtcUs, endUs: UtcUs, speed: number): boolean =>
  endUs - atUs < PREPARE_US * Math.max(1, speed);
