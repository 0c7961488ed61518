/**
 * Frames that are missing in a live stream, and the way over the hole they leave. Pure.
 *
 * A picture that ran dry in front of a hole would stand as long again once the frames behind it came: nothing is to be seen in between.
 */

/** Shorter ones are played through, and made good for by playing faster. In seconds, and in intervals between frames. */
const LEAST_S = 0.2;
const LEAST_INTERVALS = 3;
/** Times are rounded: so much is the same. */
const SAME_S = 0.002;

export interface Loaded {
  readonly atS: number;
  readonly loadedUntilS: number;
  readonly loadedFromS: number | null;
}

export class LiveHole {
  #newestS: number | null = null;
  #intervalS = Infinity;
  #hole: { readonly fromS: number; readonly toS: number } | null = null;

  /** A frame came that is to be shown at `mediaS`. */
  frame(mediaS: number): void {
    const stepS = this.#newestS === null ? 0 : mediaS - this.#newestS;
    if (this.#newestS !== null && stepS <= 0) return; // frames come in decoding order
    if (this.#newestS !== null && stepS > Math.max(LEAST_S, LEAST_INTERVALS * this.#intervalS))
      this.#hole = { fromS: this.#newestS, toS: mediaS };
    else if (this.#newestS !== null) this.#intervalS = stepS;
    this.#newestS = mediaS;
  }

  /** Where to go on now that the last frame in front of a hole is shown; null: nothing to do. Once for each hole. */
  wayOver(loaded: Loaded): number | null {
    const hole = this.#hole;
    if (hole === null || loaded.atS < hole.fromS - SAME_S) return null;
    const toS = loaded.atS < hole.toS ? behind(hole.toS, loaded) : loaded.atS;
    if (toS === null) return null;
    this.#hole = null;
    return toS > loaded.atS ? toS : null;
  }
}

/** The first frame behind a hole that is loaded: some browsers wait for a key frame. */
function behind(holeEndS: number, { loadedUntilS, loadedFromS }: Loaded): number | null {
  if (loadedUntilS > holeEndS) return holeEndS + SAME_S;
  return loadedFromS !== null && loadedFromS > holeEndS - SAME_S ? Math.max(loadedFromS, holeEndS + SAME_S) : null;
}
