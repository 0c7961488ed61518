/** What the recorder said about one camera in a stretch of time, as typed arrays in microseconds. */
import { fromMs, type Span, US_PER_S, type UtcUs } from "../../time/instant";

/** One channel of `GET /api/timeline`; instants in milliseconds. */
export interface TimelineOfChannel {
  readonly channel: number;
  readonly spans: readonly (readonly [number, number])[];
  readonly gaps: readonly GapJson[];
  readonly protected?: readonly (readonly [number, number])[];
  readonly activity: {
    readonly start: number;
    readonly step: number;
    readonly bytesPerSecond: readonly (number | null)[];
  };
}

interface GapJson {
  readonly start: number;
  readonly end: number;
  readonly cause: string;
  readonly detail: string;
  readonly count?: number;
  readonly missing?: number;
}

/** `GET /api/timeline`. */
export interface TimelineJson {
  readonly start: number;
  readonly end: number;
  readonly channels: readonly TimelineOfChannel[];
}

/** Time without footage; `count` above 1: so many short ones close together, `missingUs` in all. */
export interface Gap {
  readonly startUs: UtcUs;
  readonly endUs: UtcUs;
  readonly cause: string;
  readonly detail: string;
  readonly count: number;
  readonly missingUs: number;
}

export interface Strip {
  readonly span: Span;
  /** When it was asked for, by the recorder's clock: later footage is not in it. */
  readonly askedUs: UtcUs;
  /** [start, end) of footage, pair by pair, in order. */
  readonly spans: Float64Array;
  /** [start, end) of each of `causes`. */
  readonly gaps: Float64Array;
  readonly causes: readonly Gap[];
  readonly protectedSpans: Float64Array;
  readonly activity: Activity;
}

/** Bytes a second in buckets; NaN where there is no footage. */
export interface Activity {
  readonly startUs: number;
  readonly stepUs: number;
  readonly rates: Float32Array;
}

function pairs(list: readonly (readonly [number, number])[]): Float64Array {
  const found = new Float64Array(2 * list.length);
  list.forEach(([start, end], index) => {
    found[2 * index] = fromMs(start);
    found[2 * index + 1] = fromMs(end);
  });
  return found;
}

const gapOf = (gap: GapJson): Gap => ({
  startUs: fromMs(gap.start),
  endUs: fromMs(gap.end),
  cause: gap.cause,
  detail: gap.detail,
  count: gap.count ?? 1,
  missingUs: fromMs(gap.missing ?? gap.end - gap.start),
});

export function stripOf(json: TimelineOfChannel, span: Span, askedUs: UtcUs): Strip {
  const { start, step, bytesPerSecond } = json.activity;
  return {
    span,
    askedUs,
    spans: pairs(json.spans),
    gaps: pairs(json.gaps.map(({ start: from, end }) => [from, end])),
    causes: json.gaps.map(gapOf),
    protectedSpans: pairs(json.protected ?? []),
    activity: {
      startUs: fromMs(start),
      stepUs: step * US_PER_S,
      rates: ratesOf(bytesPerSecond, askedUs < span.endUs),
    },
  };
}

/**
 * While footage grows, its last bucket may hold hardly more than a key frame, which would look like much activity: it is not taken for more
 * than the one before.
 */
function ratesOf(told: readonly (number | null)[], grows: boolean): Float32Array {
  const rates = Float32Array.from(told, (rate) => rate ?? NaN);
  const last = rates.findLastIndex((rate) => !Number.isNaN(rate));
  const before = rates[last - 1];
  if (grows && before !== undefined && before < (rates[last] as number)) rates[last] = before;
  return rates;
}

/** Index of the first pair that ends after an instant; as many as there are pairs when none does. */
export function firstEndingAfter(list: Float64Array, at: number): number {
  let [low, high] = [0, list.length / 2];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[2 * middle + 1] ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Whether an instant is in one of the pairs. */
export function covers(list: Float64Array, at: number): boolean {
  const start = list[2 * firstEndingAfter(list, at)];
  return start !== undefined && start <= at;
}

/** The gap at an instant. */
export function gapIn(strip: Strip, at: number): Gap | null {
  const gap = strip.causes[firstEndingAfter(strip.gaps, at)];
  return gap !== undefined && gap.startUs <= at ? gap : null;
}
