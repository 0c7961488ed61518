/**
 * A row of the timeline as one code for each pixel of the screen. So painting takes as long as the row is wide, however much is in it, and
 * what is narrower than a pixel is still seen. Pure.
 */
import type { Piece } from "../data/cache";
import { firstEndingAfter } from "../data/strip";
import type { View } from "../geometry/view";

export const UNKNOWN = 0;
/** Nothing was recorded, and nothing should have been: before the first footage, and after now. */
export const NOTHING = 1;
export const RECORDED = 2;
export const GAP = 3;
/** Footage with several gaps in it, closer together than pixels. */
export const MIXED = 4;

/** A column: a pixel of the screen, of which there are `dpr` to a CSS pixel. */
export interface Columns {
  readonly startUs: number;
  readonly usPerColumn: number;
  readonly count: number;
  readonly dpr: number;
}

/** The columns of a view; they begin at whole pixels. */
export const columnsOf = (view: View, dpr: number): Columns => ({
  startUs: view.startUs,
  usPerColumn: view.usPerPx / dpr,
  count: Math.ceil(view.widthPx * dpr),
  dpr,
});

export const columnOf = (columns: Columns, at: number): number =>
  Math.round((at - columns.startUs) / columns.usPerColumn);

/** Calls back with each pair inside [startUs, endUs), clipped to it, and its index. */
export function eachPair(
  list: Float64Array,
  startUs: number,
  endUs: number,
  tell: (start: number, end: number, index: number) => void,
): void {
  for (let index = firstEndingAfter(list, startUs); 2 * index < list.length; index++) {
    const start = list[2 * index] as number;
    if (start >= endUs) return;
    tell(Math.max(start, startUs), Math.min(list[2 * index + 1] as number, endUs), index);
  }
}

function fill(codes: Uint8Array, code: number, first: number, last: number): void {
  if (last > 0 && first < codes.length) codes.fill(code, Math.max(0, first), last);
}

/**
 * Fills `codes`, one for each column. Footage is at least a column wide, a gap at least a CSS pixel; gaps lie over footage, so that none is
 * hidden; footage between two of them is seen where there is room for all three.
 */
export function rasterise(codes: Uint8Array, columns: Columns, pieces: readonly Piece[], nowUs: number): void {
  codes.fill(UNKNOWN);
  const at = (us: number): number => columnOf(columns, us);
  fill(codes, NOTHING, at(nowUs), codes.length);
  for (const { startUs, endUs } of pieces) fill(codes, NOTHING, at(startUs), at(endUs));
  for (const { strip, startUs, endUs } of pieces) {
    eachPair(strip.spans, startUs, Math.min(endUs, nowUs), (start, end) => {
      fill(codes, RECORDED, at(start), Math.max(at(end), at(start) + 1));
    });
  }
  const thinnest = Math.ceil(columns.dpr);
  for (const { strip, startUs, endUs } of pieces) {
    eachPair(strip.gaps, startUs, Math.min(endUs, nowUs), (start, end, index) => {
      const several = (strip.causes[index]?.count ?? 1) > 1;
      fill(codes, several ? MIXED : GAP, at(start), Math.max(at(end), at(start) + thinnest));
    });
  }
  for (const { strip, startUs, endUs } of pieces) {
    eachPair(strip.spans, startUs, Math.min(endUs, nowUs), (start) => bringOut(codes, at(start), thinnest));
  }
}

/** Footage that gaps lie over altogether is seen all the same, where these stay seen at both of its sides. */
function bringOut(codes: Uint8Array, column: number, width: number): void {
  if (codes[column] !== GAP) return;
  for (let side = column - width; side < column + 2 * width; side++) {
    const code = codes[side] ?? GAP;
    if (code !== GAP && !(code === NOTHING && side < column)) return;
  }
  fill(codes, RECORDED, column, column + width);
}

/** Calls back with each run of equal codes. */
export function eachRun(codes: Uint8Array, tell: (code: number, first: number, last: number) => void): void {
  let first = 0;
  for (let column = 1; column <= codes.length; column++) {
    if (column < codes.length && codes[column] === codes[first]) continue;
    tell(codes[first] as number, first, column);
    first = column;
  }
}
