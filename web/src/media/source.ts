/** What plays on one screen of a tile: a live stream or a stretch of footage. Used once; what comes next is another one. */
import type { PictureState } from "../state/types";
import type { UtcUs } from "../time/instant";

export interface SourceEvents {
  painted(utcUs: UtcUs): void;
  state(state: PictureState): void;
  /** It came to its end; another one has to go on. */
  over(why: Over): void;
}

/** `again`: at once, as the format changed; `later`: nobody answers; `signedOut`: the session may have ended. */
export type Over = "again" | "later" | "signedOut";

export interface Source {
  positionUs(): UtcUs | null;
  setPlaying(playing: boolean): void;
  setSpeed(speed: number): void;
  step(frames: 1 | -1): void;
  close(): void;
}
