/**
 * How a live picture keeps close to the newest frame without ever running dry. Pure.
 *
 * What counts is how much is still to be shown when the next frame comes: less than nothing, and the picture stood. The least of it
 * over the last half second is kept at a margin, which grows when the picture ran dry and shrinks slowly while it does not. A picture that
runs dry costs a frame: the next ones come when their time is over, and the browser leaves one out.
 */

/** Above what frames are late now and then on a busy machine: it rests anywhere within the tolerance around it. */
export const LEAST_MARGIN_S = 0.06;
export const MOST_MARGIN_S = 1;
/**
 * Behind by this much more than wanted: a jump. Less is made good by playing a little faster, which nobody sees, while a jump leaves
 * frames out: it is for the beginning, which is as old as the last key frame, and for pictures that were away.
 */
export const FIRST_JUMP_S = 0.6;
export const JUMP_S = 3;
const TOLERANCE_S = 0.02;
const FASTER = 1.1;
const MUCH_FASTER = 1.25;
const MUCH_S = 0.25;
const MOST_FASTER = 1.5;
const MOST_S = 1;
const SLOWER = 0.95;
const GROWTH = 1.6;
/** A tenth in a minute: what ran dry once may do so again. */
const SHRINK_PER_S = 0.998;

export type Correction =
  | { readonly kind: "rate"; readonly rate: number }
  /** Go on by so much at once. */
  | { readonly kind: "jump"; readonly byS: number };

/** What to do when the least that was left lately is `leftS`. */
export function correct(leftS: number, marginS: number, jumpS = JUMP_S): Correction {
  const excessS = leftS - marginS;
  if (excessS > jumpS) return { kind: "jump", byS: excessS };
  if (excessS > MOST_S) return { kind: "rate", rate: MOST_FASTER };
  if (excessS > MUCH_S) return { kind: "rate", rate: MUCH_FASTER };
  if (excessS > TOLERANCE_S) return { kind: "rate", rate: FASTER };
  if (excessS < -TOLERANCE_S) return { kind: "rate", rate: SLOWER };
  return { kind: "rate", rate: 1 };
}

/** The margin after the picture ran dry. */
export const afterDry = (marginS: number): number => Math.min(MOST_MARGIN_S, marginS * GROWTH);

/** The margin after `quietS` seconds in which it did not. */
export const afterQuiet = (marginS: number, quietS: number): number =>
  Math.max(LEAST_MARGIN_S, marginS * SHRINK_PER_S ** quietS);

const LOOK_BACK_MS = 500;
const JUMP_REST_MS = 1_000;
const DRY_REST_MS = 1_000;

/** Keeps one picture close: told of each frame that comes, it says what to do. Milliseconds are of any clock that only grows. */
export class LiveEdge {
  marginS = LEAST_MARGIN_S + 0.02;
  #left: { readonly atMs: number; readonly leftS: number }[] = [];
  #dryMs = Number.NEGATIVE_INFINITY;
  #jumpedMs = Number.NEGATIVE_INFINITY;
  #frameMs: number | null = null;
  /** It was close to the newest frame. */
  #settled = false;

  /** A frame came while `leftS` seconds were still to be shown; null: nothing to do yet. */
  frame(leftS: number, nowMs: number): Correction | null {
    if (this.#frameMs !== null) this.marginS = afterQuiet(this.marginS, (nowMs - this.#frameMs) / 1_000);
    this.#frameMs = nowMs;
    if (leftS <= 0) this.dry(nowMs);
    this.#left = [...this.#left.filter((one) => nowMs - one.atMs < LOOK_BACK_MS), { atMs: nowMs, leftS }];
    if (nowMs - this.#jumpedMs < JUMP_REST_MS) return null;
    const leastS = Math.min(...this.#left.map((one) => one.leftS));
    this.#settled ||= leastS - this.marginS < MUCH_S;
    const correction = correct(leastS, this.marginS, this.#settled ? JUMP_S : FIRST_JUMP_S);
    if (correction.kind === "jump") {
      this.#jumpedMs = nowMs;
      this.#left = [];
    }
    return correction;
  }

  /** The picture stood for want of frames. */
  dry(nowMs: number): void {
    if (nowMs - this.#dryMs < DRY_REST_MS || nowMs - this.#jumpedMs < JUMP_REST_MS) return;
    this.#dryMs = nowMs;
    this.marginS = afterDry(this.marginS);
  }
}
