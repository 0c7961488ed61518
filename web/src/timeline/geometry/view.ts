/** The piece of time on screen, and the arithmetic between instants and pixels. Pure; pixels are CSS pixels. */
import { type Span, US_PER_DAY, US_PER_S, utcUs, type UtcUs } from "../../time/instant";

/** `startUs` is the instant at the left edge; not rounded, so that panning by parts of a pixel adds up. */
export interface View {
  readonly startUs: number;
  readonly usPerPx: number;
  readonly widthPx: number;
}

/** What can be seen at all: from the oldest footage to now. */
export type Bounds = Span;

/** On the narrowest zoom the screen shows about this long. */
export const SHORTEST_US = US_PER_S;
/** On the widest, this. */
export const LONGEST_US = 2 * 366 * US_PER_DAY;

export const lengthUs = (view: View): number => view.usPerPx * view.widthPx;
export const endUs = (view: View): number => view.startUs + lengthUs(view);
export const centreUs = (view: View): UtcUs => utcUs(view.startUs + lengthUs(view) / 2);

/** The instant at a pixel. */
export const timeAt = (view: View, x: number): UtcUs => utcUs(view.startUs + x * view.usPerPx);

/** The pixel of an instant; not rounded. */
export const xOf = (view: View, at: number): number => (at - view.startUs) / view.usPerPx;

/** The view of some width with an instant in its middle. */
export function viewAround(centre: number, usPerPx: number, widthPx: number): View {
  const zoom = clampZoom(usPerPx, widthPx);
  return { startUs: centre - (zoom * widthPx) / 2, usPerPx: zoom, widthPx };
}

/** The view in which an instant is at a pixel. */
export function viewWith(at: number, x: number, usPerPx: number, widthPx: number): View {
  const zoom = clampZoom(usPerPx, widthPx);
  return { startUs: at - x * zoom, usPerPx: zoom, widthPx };
}

export function clampZoom(usPerPx: number, widthPx: number): number {
  const width = Math.max(1, widthPx);
  return Math.min(Math.max(usPerPx, SHORTEST_US / width), LONGEST_US / width);
}

/** Zoom by a factor (below 1: closer); the instant under the pixel `x` stays under it. */
export function zoomAbout(view: View, x: number, factor: number): View {
  return viewWith(view.startUs + x * view.usPerPx, x, view.usPerPx * factor, view.widthPx);
}

/** Move the content by pixels: to the right shows earlier times. */
export const panBy = (view: View, px: number): View => ({ ...view, startUs: view.startUs - px * view.usPerPx });

/** Two fingers went from the pixels `a0`, `b0` to `a1`, `b1`: what was under each of them stays under it. */
export function pinch(view: View, a0: number, b0: number, a1: number, b1: number): View {
  const factor = Math.max(1, Math.abs(a0 - b0)) / Math.max(1, Math.abs(a1 - b1));
  const [before, after] = [(a0 + b0) / 2, (a1 + b1) / 2];
  return viewWith(view.startUs + before * view.usPerPx, after, view.usPerPx * factor, view.widthPx);
}

/** The view moved so far that its middle lies within the bounds; then some of what there is stays on screen. */
export function clampView(view: View, bounds: Bounds): View {
  const half = lengthUs(view) / 2;
  const middle = view.startUs + half;
  const inside = Math.min(Math.max(middle, bounds.startUs), bounds.endUs);
  return inside === middle ? view : { ...view, startUs: inside - half };
}

/** The same time on a screen of another width: the middle and the zoom stay. */
export const resized = (view: View, widthPx: number): View =>
  viewAround(view.startUs + lengthUs(view) / 2, view.usPerPx, widthPx);

/** Whether two views show the same to less than a tenth of a pixel. */
export function sameView(one: View, other: View): boolean {
  return (
    one.widthPx === other.widthPx &&
    Math.abs(one.usPerPx / other.usPerPx - 1) * one.widthPx < 0.1 &&
    Math.abs(one.startUs - other.startUs) < 0.1 * one.usPerPx
  );
}
