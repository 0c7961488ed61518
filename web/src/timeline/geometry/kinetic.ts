/** Kinetic panning: how fast a hand let go, and where the content glides from there. Pure; times in milliseconds, distances in pixels. */

/** Where the hand was. */
export interface Sample {
  readonly atMs: number;
  readonly x: number;
}

/** Only the last movements count: a hand that rested before it let go does not throw. */
const WINDOW_MS = 80;
/** Slower than this is no throw. */
const SLOWEST_PX_PER_MS = 0.1;
const FASTEST_PX_PER_MS = 8;
/** Time in which the speed falls to 1/e. */
const DECAY_MS = 325;
/** The glide ends when less than this is left. */
const REST_PX = 0.5;

/** Adds a sample and forgets those that no longer count. */
export const remembered = (samples: readonly Sample[], next: Sample): readonly Sample[] => [
  ...samples.filter((sample) => next.atMs - sample.atMs <= 2 * WINDOW_MS),
  next,
];

/** Pixels a millisecond at the moment the hand let go; 0 when it was no throw. */
export function releaseSpeed(samples: readonly Sample[], nowMs: number): number {
  const recent = samples.filter((sample) => nowMs - sample.atMs <= WINDOW_MS);
  const [first, last] = [recent[0], recent.at(-1)];
  if (first === undefined || last === undefined || last.atMs - first.atMs < 1) return 0;
  const speed = (last.x - first.x) / (last.atMs - first.atMs);
  if (Math.abs(speed) < SLOWEST_PX_PER_MS) return 0;
  return Math.min(Math.max(speed, -FASTEST_PX_PER_MS), FASTEST_PX_PER_MS);
}

/** How far the content has glided some time after it was let go. */
export function glide(speed: number, elapsedMs: number): { readonly px: number; readonly ended: boolean } {
  const whole = speed * DECAY_MS;
  const px = whole * (1 - Math.exp(-Math.max(0, elapsedMs) / DECAY_MS));
  const ended = Math.abs(whole - px) < REST_PX;
  return { px: ended ? whole : px, ended };
}
