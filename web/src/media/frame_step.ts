/**
 * From one frame to the next, whatever the frame rate: where to seek, and farther while the same frame is painted. Pure.
 *
 * A frame is seen from its own time up to the next one's. Where a seek by d shows the same frame, the next one is farther than d, and
 * one by less than 2 d does not reach beyond it: nothing is left out. Back, the frame before is seen just before this one's time; only
 * where it is not loaded, one farther away comes first, and with that one the rest of its part is there.
 */

/** Less than a frame of 60 a second takes, so that none is left out at first. */
const FIRST_S = 0.02;
const FASTEST_S = 0.008;
const MOST_S = 2;
const FARTHER = 1.9;
/** Times of one frame differ by rounding. */
const SAME_S = 0.001;

export class FrameStep {
  #byS: number;
  readonly #firstS: number;
  #refined = false;

  /** leastS: the shortest time between two frames that was seen; null when none was. */
  constructor(
    readonly fromS: number,
    readonly direction: 1 | -1,
    leastS: number | null,
  ) {
    const frameS = leastS === null ? null : Math.max(FASTEST_S, leastS);
    // into the middle of the frame: its edges are rounded
    if (direction === 1) this.#byS = frameS === null ? FIRST_S : frameS * 1.5;
    else this.#byS = (frameS ?? FASTEST_S) / 2;
    this.#firstS = this.#byS;
  }

  get targetS(): number {
    return Math.max(0, this.fromS + this.direction * this.#byS);
  }

  /** Another frame in the wanted direction was painted. */
  reached(mediaS: number): boolean {
    return this.direction * (mediaS - this.fromS) > SAME_S;
  }

  /** Another frame is there, but one between may have been left out: look once more from near by. */
  refine(): boolean {
    if (this.direction === 1 || this.#refined || this.#byS === this.#firstS) return false;
    this.#refined = true;
    this.#byS = this.#firstS;
    return true;
  }

  /** Look farther; false where nothing more is to be found. */
  farther(): boolean {
    if (this.#byS >= MOST_S || this.targetS === 0) return false;
    this.#byS = Math.min(MOST_S, this.#byS * FARTHER);
    return true;
  }
}
