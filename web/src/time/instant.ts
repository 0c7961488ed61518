/** Instants: whole microseconds since 1970 UTC. They fit a double exactly until the year 2255. */

declare const brand: unique symbol;

/** Microseconds since 1970-01-01T00:00:00Z. */
export type UtcUs = number & { readonly [brand]: "UtcUs" };

export const US_PER_MS = 1_000;
export const US_PER_S = 1_000_000;
export const US_PER_MINUTE = 60 * US_PER_S;
export const US_PER_HOUR = 3_600 * US_PER_S;
export const US_PER_DAY = 86_400 * US_PER_S;

export const utcUs = (microseconds: number): UtcUs => Math.round(microseconds) as UtcUs;

export const fromMs = (milliseconds: number): UtcUs => utcUs(milliseconds * US_PER_MS);

/** Whole milliseconds, as the API takes them; rounded down, so that they never lie after the instant. */
export const toMs = (instant: UtcUs): number => Math.floor(instant / US_PER_MS);

/** An instant `us` microseconds later; earlier with a negative number. */
export const plus = (instant: UtcUs, us: number): UtcUs => utcUs(instant + us);

export const clamp = (instant: UtcUs, first: UtcUs, last: UtcUs): UtcUs =>
  Math.min(Math.max(instant, first), last) as UtcUs;

/** An unbroken piece of time, [startUs, endUs). */
export interface Span {
  readonly startUs: UtcUs;
  readonly endUs: UtcUs;
}
