/** Where a hand that drags the playhead will be: a still that is asked for now is seen a moment later. Pure, but for what it is told. */
import { plus, type UtcUs } from "../time/instant";

/** After so long without a move, the hand rests. */
export const RESTED_MS = 40;
/** Time in which the pace gets to 1/e of a new one. */
const LEARNS_MS = 40;

export class Hand {
  #at: { readonly us: UtcUs; readonly ms: number } | null = null;
  /** Microseconds of the timeline in a millisecond. */
  #pace = 0;

  /** It is at an instant. */
  moved(us: UtcUs, nowMs: number): void {
    const before = this.#at;
    this.#at = { us, ms: nowMs };
    const tookMs = before === null ? 0 : nowMs - before.ms;
    if (before === null || tookMs > 2 * RESTED_MS) this.#pace = 0;
    else if (tookMs > 0) this.#pace += ((us - before.us) / tookMs - this.#pace) * (1 - Math.exp(-tookMs / LEARNS_MS));
  }

  /** Where it is so long after its last move, if it goes on like this. */
  in(ms: number): UtcUs {
    return plus(this.#at?.us ?? (0 as UtcUs), this.#pace * ms);
  }
}
