/** When to ask again for a live picture that ended. Pure. */

const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/** Milliseconds before try `tries` (0 is the first one after a loss); `chance` in [0, 1) spreads the tiles of a wall. */
export function retryMs(tries: number, chance: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 10)) * (0.75 + chance / 2);
}
