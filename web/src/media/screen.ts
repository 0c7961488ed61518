/** What the logic of playing sees of a video element and what feeds it; `driver.ts` has the real one, tests a fake. */
import type { Gap, FootageMap } from "./footage_map";

/** One video element of a tile. Times are its media times, in seconds. */
export interface Screen {
  readonly atS: number;
  /** End of what is loaded around `atS`; `atS` when nothing is. */
  readonly loadedUntilS: number;
  readonly loadedFromS: number | null;
  readonly paused: boolean;
  readonly seeking: boolean;
  seek(toS: number): void;
  play(): void;
  pause(): void;
  setRate(rate: number): void;
  setHeard(heard: boolean): void;
  /** It lies on top, or under the other one. */
  setShown(shown: boolean): void;
  /** Who is told what happens on it; one at a time. */
  listen(ears: ScreenEars): void;
  /** Get ready for a live stream, which plays as soon as there is something of it. */
  openLive(): LiveFeed;
  openFootage(request: FootageRequest, ears: FootageEars): FootageFeed;
  snapshot(): Promise<Blob | null>;
  /** Into the small window over other programs, and back. */
  pictureInPicture(): Promise<void>;
  /** It is in the small window. */
  readonly floating: boolean;
  /** Take the small window over from the screen that has it. */
  float(): void;
  /** Nothing is loaded, fetched or decoded any more; the picture is gone. */
  clear(): void;
  destroy(): void;
}

export interface ScreenEars {
  /** A frame of this media time was painted. */
  painted?(mediaS: number): void;
  /** A seek is over; its frame is painted about now. */
  sought?(): void;
  /** Parts of a live stream were taken in. */
  loaded?(): void;
  /** It ran out of what is loaded. */
  dry?(): void;
  ended?(): void;
  /** The decoder or the browser gave up. */
  failed?(detail: string): void;
}

export interface LiveFeed {
  /** What will come; false when the browser cannot play this. */
  begin(mimeType: string): boolean;
  /** Before the first part: what the stream has at `originS` is at 0 on the screen, where the picture begins without being sought. */
  startFrom(originS: number): void;
  /** The init segment, then parts; keyS: media time on the screen of a key frame with which the part begins, in seconds. */
  append(data: Uint8Array<ArrayBuffer>, keyS: number | null): void;
  close(): void;
}

export interface FootageRequest {
  readonly url: string;
  /** Media time at which to start, once it is known what there is. */
  readonly startAt: (map: FootageMap) => number;
}

export interface FootageEars {
  /** What there is, again whenever more is known. */
  listed(map: FootageMap): void;
  missing(gap: Gap): void;
  unsupported(codec: string): void;
  failed(detail: string): void;
}

export interface FootageFeed {
  close(): void;
}
