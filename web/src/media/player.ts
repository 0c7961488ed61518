/** What a tile may ask of the media driver. The driver alone knows video elements, Media Source Extensions and hls.js. */
import type { Channel, PictureState, StreamName } from "../state/types";
import type { Span, UtcUs } from "../time/instant";

export interface PlayerEvents {
  /** A frame of this wall time was painted. */
  painted(utcUs: UtcUs): void;
  state(state: PictureState): void;
  /** There is no footage in `span`, at the instant that was asked for or where playing came to. */
  gap?(span: Span): void;
  /** Everything up to now was played. */
  end?(): void;
}

/** One picture. Made by `makePlayer(container, events)` of `driver.ts`, which puts its elements into the container. */
export interface Player {
  showLive(channel: Channel, stream: StreamName): void;
  /** Show recorded footage from an instant on; near what is loaded that is a seek. The old picture stays until the new one is painted. */
  showRecorded(channel: Channel, atUs: UtcUs, playing: boolean): void;
  /** A live picture stands still; nothing new comes. */
  freeze(): void;
  setPlaying(playing: boolean): void;
  setSpeed(speed: number): void;
  setHeard(heard: boolean): void;
  /** Wait at gaps, on the first frame behind, until `setPlaying(true)`; otherwise they are skipped. */
  holdAtGaps(hold: boolean): void;
  /** One frame on or back; pauses. */
  step(frames: 1 | -1): void;
  /** Wall time of the picture that is shown. */
  positionUs(): UtcUs | null;
  /** The picture as JPEG, in its full size; null when there is none. */
  snapshot(): Promise<Blob | null>;
  pictureInPicture(): Promise<void>;
  /** Nothing is fetched or decoded any more; the last picture stays. */
  stop(): void;
  destroy(): void;
}
