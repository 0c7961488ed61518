/**
 * Digital zoom: which part of a picture is seen. Pure.
 *
 * Points are parts of the tile, 0 to 1 from its upper left corner.
 */

/** `x`, `y`: the point of the whole picture that is at the upper left corner, 0 to 1 - 1/scale. */
export interface Zoom {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };
export const MOST = 8;
/** To where a double tap zooms. */
export const TAP_SCALE = 2.5;
/** A wheel's notch is 100 to 120 pixels: about a quarter larger. */
const WHEEL_PX_PER_E = 500;
/** A trackpad's pinch comes as a wheel with small steps. */
const PINCH_PX_PER_E = 100;
const LINE_PX = 33;

const clamped = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

function within(scale: number, x: number, y: number): Zoom {
  const hidden = 1 - 1 / scale;
  return { scale, x: clamped(x, 0, hidden), y: clamped(y, 0, hidden) };
}

export const isZoomed = (zoom: Zoom): boolean => zoom.scale > 1;

/** What was under `at` stays there, as far as the picture's edges allow. */
export function zoomedAt(zoom: Zoom, factor: number, at: Point): Zoom {
  const scale = clamped(zoom.scale * factor, 1, MOST);
  if (scale === 1) return WHOLE;
  return within(scale, zoom.x + at.x / zoom.scale - at.x / scale, zoom.y + at.y / zoom.scale - at.y / scale);
}

/** The picture dragged along by a pointer that moved by `by`. */
export const panned = (zoom: Zoom, by: Point): Zoom =>
  within(zoom.scale, zoom.x - by.x / zoom.scale, zoom.y - by.y / zoom.scale);

/** Two fingers that were at `from` are at `to`: what is between them follows. */
export function pinched(zoom: Zoom, from: readonly [Point, Point], to: readonly [Point, Point], aspect: number): Zoom {
  const apart = ([a, b]: readonly [Point, Point]): number => Math.hypot((a.x - b.x) * aspect, a.y - b.y);
  const middle = ([a, b]: readonly [Point, Point]): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const [old, now] = [middle(from), middle(to)];
  const scaled = zoomedAt(zoom, apart(to) / Math.max(apart(from), 1e-6), old);
  return isZoomed(scaled) ? panned(scaled, { x: now.x - old.x, y: now.y - old.y }) : scaled;
}

/** In to the point, or out to the whole picture. */
export const tapped = (zoom: Zoom, at: Point): Zoom => (isZoomed(zoom) ? WHOLE : zoomedAt(WHOLE, TAP_SCALE, at));

/** The factor of a turn of the wheel; `mode`: `WheelEvent.deltaMode`. */
export function wheelFactor(delta: number, mode: number, pinch: boolean): number {
  const pixels = clamped(delta * (mode === 0 ? 1 : LINE_PX), -300, 300);
  return Math.exp(-pixels / (pinch ? PINCH_PX_PER_E : WHEEL_PX_PER_E));
}

/** Whether a turn of the wheel is for the picture. Where the page scrolls, the wheel is the page's until Ctrl says otherwise. */
export function takesWheel(zoom: Zoom, wheel: { delta: number; ctrl: boolean; pageScrolls: boolean }): boolean {
  if (isZoomed(zoom) || wheel.ctrl) return true;
  return !wheel.pageScrolls && wheel.delta < 0;
}

/** For CSS, with the origin at the upper left corner. */
export const transformOf = (zoom: Zoom): string =>
  isZoomed(zoom) ? `scale(${zoom.scale}) translate(${-zoom.x * 100}%, ${-zoom.y * 100}%)` : "none";
