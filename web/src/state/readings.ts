/** The recorder's answers in the viewer's words. Pure. */
import type { News } from "../api/news";
import type { components } from "../api/schema";
import { fromMs, utcUs, type UtcUs } from "../time/instant";
import type { Camera, CameraState, Status } from "./types";

type Schemas = components["schemas"];

/** An RFC 3339 instant; null when there is none. */
export function instantOf(text: string | null): UtcUs | null {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : fromMs(ms);
}

export const cameraOf = (found: Schemas["ChannelConfig"]): Camera => ({
  channel: found.channel,
  name: found.name,
  enabled: found.enabled,
  hasAudio: found.hasAudio,
  hasSub: found.hasSub,
});

export const stateOf = (found: Schemas["LiveChannel"]): CameraState => ({
  status: found.status,
  sinceUs: instantOf(found.since),
  error: found.error,
  codec: found.codec,
  width: found.width,
  height: found.height,
  fps: found.fps,
  bitrate: found.bitrate,
});

const UNKNOWN: CameraState = {
  status: "OFF",
  sinceUs: null,
  error: null,
  codec: null,
  width: null,
  height: null,
  fps: null,
  bitrate: null,
};

/** A camera's state after news of it: what the news does not tell stays. */
export function afterNews(before: CameraState | undefined, news: Extract<News, { event: "channel" }>): CameraState {
  return {
    ...(before ?? UNKNOWN),
    status: news.status as Status,
    sinceUs: news.sinceUtcUs === null ? null : utcUs(news.sinceUtcUs),
    error: news.error,
  };
}

/** News told nothing new. */
export const sameNews = (before: CameraState, after: CameraState): boolean =>
  before.status === after.status && before.sinceUs === after.sinceUs && before.error === after.error;
