/**
 * What a browser's buffer is given next of a live stream: parts as they come; and what was seen is taken away. Pure.
 *
 * Taking away reaches up to the next key frame, and where there is none yet, to the newest frame (Media Source Extensions, coded frame
 * removal): so it ends just before a key frame that is there.
 */
import { concat } from "./mp4_boxes";

type Bytes = Uint8Array<ArrayBuffer>;

export type Step =
  { readonly kind: "append"; readonly data: Bytes } | { readonly kind: "remove"; readonly untilS: number };

/** What was seen is kept so long, and taken away so often, in seconds. */
const KEPT_S = 4;
const EVERY_S = 12;
/** Times are rounded: a key frame is not reached by so much. */
const BEFORE_S = 0.005;
/** So much is handed over at first: with it the browser begins to decode while it is given the rest. */
const FIRST_PARTS = 4;
/** A browser that takes nothing is behind for good: it goes on with the newest key frame. */
export const MOST_WAITING_BYTES = 16 * 1024 * 1024;

export class AppendQueue {
  #waiting: Bytes[] = [];
  #bytes = 0;
  #begun = false;
  /** Media times of the key frames that were handed over. */
  #keysS: number[] = [];
  #trimmedAtS = 0;

  /** The init segment first. keyS: media time of a key frame with which the part begins. */
  push(data: Bytes, keyS: number | null): void {
    if (keyS !== null) {
      if (this.#bytes > MOST_WAITING_BYTES) this.#cutBack();
      this.#keysS.push(keyS);
    }
    this.#add(data);
  }

  #add(data: Bytes): void {
    this.#waiting.push(data);
    this.#bytes += data.length;
  }

  #cutBack(): void {
    const [init] = this.#waiting;
    this.#clear();
    if (!this.#begun && init !== undefined) this.#add(init);
  }

  #clear(): void {
    this.#waiting = [];
    this.#bytes = 0;
  }

  /** While `atS` is seen; null: nothing for now. */
  next(atS: number): Step | null {
    if (atS - this.#trimmedAtS >= EVERY_S) {
      this.#trimmedAtS = atS;
      const step = this.#forget(atS - KEPT_S);
      if (step !== null) return step;
    }
    // an init segment goes with the first frame: alone it would be in its way
    if (this.#waiting.length < (this.#begun ? 1 : 2)) return null;
    const now = this.#begun ? this.#waiting : this.#waiting.slice(0, FIRST_PARTS);
    const later = this.#waiting.slice(now.length);
    const data = now.length === 1 && now[0] !== undefined ? now[0] : concat(now);
    this.#clear();
    for (const one of later) this.#add(one);
    this.#begun = true;
    return { kind: "append", data };
  }

  /** There was no room for these: they come next, after what is to be taken away for them; null: nothing can be. */
  noRoom(data: Bytes, atS: number): Step | null {
    const later = this.#waiting;
    this.#clear();
    for (const one of [data, ...later]) this.#add(one);
    return this.#forget(atS);
  }

  #forget(beforeS: number): Step | null {
    const first = this.#keysS.findLastIndex((keyS) => keyS <= beforeS);
    const keyS = this.#keysS[first];
    if (first <= 0 || keyS === undefined) return null;
    this.#keysS.splice(0, first);
    return { kind: "remove", untilS: keyS - BEFORE_S };
  }
}
