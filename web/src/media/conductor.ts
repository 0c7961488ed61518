/**
 * Up to four pictures on one clock. One leads: it plays as it can, and the clock is where it is. The others are kept to it, by playing a
 * little faster or slower, which nobody sees, or by a seek when they are too far off. Pure.
 */
import { plus, US_PER_S, type Span, type UtcUs } from "../time/instant";

export interface Follower {
  /** Of its picture; null while it has none. */
  readonly positionUs: UtcUs | null;
  /** It waits on the first frame behind this gap. */
  readonly heldAt: Span | null;
}

export type Order =
  | { readonly kind: "play"; readonly rate: number }
  | { readonly kind: "wait" }
  | { readonly kind: "seek"; readonly toUs: UtcUs };

/** Closer than this, pictures are together: less than a frame of most cameras. */
export const TOGETHER_S = 0.03;
/** Off by more than this much of playing time, a seek is quicker than catching up. */
const SEEK_S = 1;
const AHEAD_S = 0.25;
const MOST_BEND = 0.1;
/** A seek takes about so long, while the clock goes on. */
const SEEK_TAKES_S = 0.25;

function held(clockUs: UtcUs, speed: number, gap: Span): Order {
  if (clockUs >= gap.endUs) return { kind: "play", rate: speed };
  // the clock was set back behind the gap
  return clockUs < gap.startUs - SEEK_S * US_PER_S ? { kind: "seek", toUs: clockUs } : { kind: "wait" };
}

/** What a follower has to do while the clock shows `clockUs` and plays at `speed`. */
export function direct(clockUs: UtcUs, speed: number, follower: Follower): Order {
  if (follower.heldAt !== null) return held(clockUs, speed, follower.heldAt);
  if (follower.positionUs === null) return { kind: "play", rate: speed };
  const behindS = (clockUs - follower.positionUs) / US_PER_S / speed;
  if (Math.abs(behindS) > SEEK_S) return { kind: "seek", toUs: plus(clockUs, SEEK_TAKES_S * speed * US_PER_S) };
  if (behindS < -AHEAD_S) return { kind: "wait" };
  if (Math.abs(behindS) <= TOGETHER_S) return { kind: "play", rate: speed };
  const bend = Math.min(MOST_BEND, Math.max(0.02, Math.abs(behindS) / 2));
  return { kind: "play", rate: speed * (1 + Math.sign(behindS) * bend) };
}
