/** How many tiles go where: grids for a layout, pages of tiles, and the order that a person gives them. Pure. */
import type { Channel } from "../../state/types";
import type { Layout } from "../../state/watch";

export interface Grid {
  readonly columns: number;
  readonly rows: number;
}

/** Width over height of most cameras' pictures. */
const PICTURE = 16 / 9;
/** More tiles than this are not shown at once: the rest is on the next page. */
export const MOST_TILES = 36;
export const MOST_COLUMNS = 6;

export const places = (grid: Grid): number => grid.columns * grid.rows;

/** The grid in which 16:9 pictures of so many tiles are largest; `aspect` is the wall's width over its height. */
export function gridFor(tiles: number, aspect: number): Grid {
  let best: Grid = { columns: 1, rows: Math.max(tiles, 1) };
  let bestWidth = 0;
  for (let columns = 1; columns <= tiles; columns += 1) {
    const rows = Math.ceil(tiles / columns);
    const width = Math.min(aspect / columns, PICTURE / rows);
    // of two as good, the one with fewer empty places, then the wider one
    const asGood = Math.abs(width - bestWidth) < 1e-9 && columns * rows <= places(best);
    if (width > bestWidth + 1e-9 || asGood) {
      best = { columns, rows };
      bestWidth = width;
    }
  }
  return best;
}

/** The grid of a layout for so many cameras. Square layouts stay square, also with fewer cameras: a place has its size. */
export function gridOf(layout: Layout, cameras: number, aspect: number): Grid {
  if (layout === "auto") return gridFor(Math.min(cameras, MOST_TILES), aspect);
  if (typeof layout === "number") return { columns: Math.sqrt(layout), rows: Math.sqrt(layout) };
  return layout;
}

/** A layout's name for people and for choosing it: `auto`, `4`, `3x2`. */
export const layoutName = (layout: Layout): string =>
  typeof layout === "object" ? `${layout.columns}x${layout.rows}` : String(layout);

/** The layout of a name; null for anything else. */
export function layoutOf(name: string): Layout | null {
  if (name === "auto") return "auto";
  const square = ([1, 4, 9, 16] as const).find((size) => String(size) === name);
  if (square !== undefined) return square;
  const found = /^([1-9])x([1-9])$/.exec(name);
  if (found === null) return null;
  const [columns, rows] = [Number(found[1]), Number(found[2])];
  return columns <= MOST_COLUMNS && rows <= MOST_COLUMNS ? { columns, rows } : null;
}

export const pages = (cameras: number, grid: Grid): number => Math.max(1, Math.ceil(cameras / places(grid)));

/** The number, from 0, of the page that holds a tile; tiles that are gone count as the last ones. */
export function pageOf(tile: number, cameras: number, grid: Grid): number {
  return Math.min(Math.floor(Math.max(tile, 0) / places(grid)), pages(cameras, grid) - 1);
}

/** The cameras of a page. */
export function onPage(order: readonly Channel[], page: number, grid: Grid): readonly Channel[] {
  return order.slice(page * places(grid), (page + 1) * places(grid));
}

/** The order after a camera was dropped on the place of another: those between make room. */
export function dropped(order: readonly Channel[], camera: Channel, onto: Channel): readonly Channel[] {
  const to = order.indexOf(onto);
  if (to === -1 || !order.includes(camera)) return order;
  return order.filter((one) => one !== camera).toSpliced(to, 0, camera);
}

export type Direction = "left" | "right" | "up" | "down";

/** The order after a camera went a place on; as it was at the edge. */
export function nudged(
  order: readonly Channel[],
  camera: Channel,
  direction: Direction,
  columns: number,
): readonly Channel[] {
  const from = order.indexOf(camera);
  const step = { left: -1, right: 1, up: -columns, down: columns }[direction];
  const other = order[from + step];
  if (from === -1 || other === undefined) return order;
  const swapped = [...order];
  swapped[from] = other;
  swapped[from + step] = camera;
  return swapped;
}

/** The cameras in the order that was kept; those that it does not know come last. */
export function arranged(order: readonly Channel[], kept: readonly Channel[]): readonly Channel[] {
  const known = kept.filter((channel, place) => order.includes(channel) && kept.indexOf(channel) === place);
  return [...known, ...order.filter((channel) => !known.includes(channel))];
}
