/** Activity as heights: how much of the encoder's bytes went where the picture changed. Pure. */
import type { Piece } from "../data/cache";
import { columnOf, type Columns } from "./raster";

/** What counts as quiet, and as much, in bytes a second. */
export interface Scale {
  readonly quiet: number;
  readonly much: number;
}

/** Of the height: a quiet picture, which is not nothing. */
const QUIET_SHARE = 0.08;
/** A camera whose rate hardly varies has no activity to show: `much` is at least so many times `quiet`. */
const LEAST_RATIO = 1.6;

function percentile(sorted: Float32Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** The scale of what is shown: from its lower fifth to its highest hundredth. */
export function scaleOf(pieces: readonly Piece[]): Scale {
  const rates = new Float32Array(pieces.reduce((sum, { strip }) => sum + strip.activity.rates.length, 0));
  let count = 0;
  for (const { strip } of pieces)
    for (const rate of strip.activity.rates) if (!Number.isNaN(rate)) rates[count++] = rate;
  const sorted = rates.subarray(0, count).sort();
  const quiet = percentile(sorted, 0.2);
  return { quiet, much: Math.max(percentile(sorted, 0.99), quiet * LEAST_RATIO, 1) };
}

/** The share of the height for a rate. */
export function shareOf(rate: number, { quiet, much }: Scale): number {
  const above = Math.min(Math.max((rate - quiet) / (much - quiet), 0), 1);
  return QUIET_SHARE * Math.min(1, rate / Math.max(1, quiet)) + (1 - QUIET_SHARE) * above;
}

/** Fills `rates`, one for each column, with the highest rate in it; NaN where there is no footage. */
export function ratesOf(rates: Float32Array, columns: Columns, pieces: readonly Piece[]): void {
  rates.fill(NaN);
  for (const { strip, startUs, endUs } of pieces) {
    const { activity } = strip;
    const first = Math.max(0, Math.floor((startUs - activity.startUs) / activity.stepUs));
    const last = Math.min(activity.rates.length, Math.ceil((endUs - activity.startUs) / activity.stepUs));
    for (let bucket = first; bucket < last; bucket++) {
      const rate = activity.rates[bucket] as number;
      if (Number.isNaN(rate)) continue;
      const start = Math.max(startUs, activity.startUs + bucket * activity.stepUs);
      const from = Math.max(0, columnOf(columns, start));
      const to = Math.min(
        columns.count,
        Math.max(columnOf(columns, Math.min(endUs, start + activity.stepUs)), from + 1),
      );
      for (let column = from; column < to; column++) if (!((rates[column] as number) >= rate)) rates[column] = rate;
    }
  }
}
