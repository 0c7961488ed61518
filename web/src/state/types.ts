/** Words that all rooms of the viewer share. */
import type { UtcUs } from "../time/instant";

/** A camera's number from 1, its identity everywhere. */
export type Channel = number;

export type StreamName = "main" | "sub";

/** What there is to know of a camera before it is watched (`GET /api/config`). */
export interface Camera {
  readonly channel: Channel;
  readonly name: string;
  readonly enabled: boolean;
  readonly hasAudio: boolean;
  readonly hasSub: boolean;
}

/** LIVE: frames arrive and are recorded. REC: there is footage, but no frames now. OFF: disabled, or nothing yet. */
export type Status = "LIVE" | "REC" | "OFF";

/** What a camera is doing now (`GET /api/live`, `/api/events`). */
export interface CameraState {
  readonly status: Status;
  readonly sinceUs: UtcUs | null;
  /** Why no frames arrive or none are recorded, in plain words. */
  readonly error: string | null;
  readonly codec: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly fps: number | null;
  /** Bits per second. */
  readonly bitrate: number | null;
}

/** What a tile's picture is doing, as the media driver says it; views show it and never guess. */
export type PictureState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  /** Frames are being painted. */
  | { readonly kind: "playing" }
  | { readonly kind: "paused" }
  /** The last frame stands; none came for 2 s. `sinceUs`: the wall time of that frame. */
  | { readonly kind: "stalled"; readonly sinceUs: UtcUs | null }
  /** The camera or the recorder is gone; the driver asks again by itself. */
  | { readonly kind: "lost"; readonly cause: string; readonly sinceUs: UtcUs | null }
  /** The browser cannot play this codec; stills take its place. */
  | { readonly kind: "unsupported"; readonly codec: string }
  /** There is no footage at the instant that is asked for. */
  | { readonly kind: "noFootage"; readonly cause: string; readonly startUs: UtcUs | null; readonly endUs: UtcUs | null }
  | { readonly kind: "failed"; readonly detail: string };
