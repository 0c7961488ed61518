/** What lies under the pointer. Pure; CSS pixels. */
import type { Span, UtcUs } from "../../time/instant";
import type { Channel } from "./channel";
import type { Layout, Row } from "./layout";
import { type View, xOf } from "./view";

export type Hit =
  | { readonly kind: "playhead" }
  /** An end of the selected range. */
  | { readonly kind: "handle"; readonly end: "start" | "end" }
  | { readonly kind: "ruler" }
  | { readonly kind: "row"; readonly channel: Channel; readonly selected: boolean }
  | { readonly kind: "nothing" };

export interface Marks {
  readonly playheadUs: UtcUs | null;
  readonly selection: Span | null;
}

/** How far from a line a pointer may be and still hold it: a mouse, and a finger. */
export const REACH_PX = 5;
export const FINGER_REACH_PX = 22;
/** Half of the playhead's pill. */
export const PILL_HALF_PX = 38;

/** The line of the selection nearest to a pixel. */
function handleAt(view: View, selection: Span | null, x: number, reach: number): Hit | null {
  if (selection === null) return null;
  const [toStart, toEnd] = [Math.abs(x - xOf(view, selection.startUs)), Math.abs(x - xOf(view, selection.endUs))];
  if (Math.min(toStart, toEnd) > reach) return null;
  return {
    kind: "handle",
    end: toStart < toEnd || (toStart === toEnd && x < xOf(view, selection.startUs)) ? "start" : "end",
  };
}

function rowAt(layout: Layout, y: number): Hit | null {
  const { band, rows } = layout;
  if (band !== null && y >= band.top && y < band.top + band.height) {
    return { kind: "row", channel: band.channel, selected: true };
  }
  // the space between rows belongs to the nearest one
  const near = (row: Row): number => Math.max(row.top - y, y - row.top - row.height, 0);
  const nearest = rows.reduce<Row | null>((best, row) => (best === null || near(row) < near(best) ? row : best), null);
  return nearest === null || near(nearest) > 4 ? null : { kind: "row", channel: nearest.channel, selected: false };
}

/** `reach`: `REACH_PX` or `FINGER_REACH_PX`. The playhead is held by its line and, on the ruler, by its pill. */
export function hitAt(view: View, layout: Layout, marks: Marks, x: number, y: number, reach: number): Hit {
  const onRuler = y < layout.ruler.height;
  const toPlayhead = marks.playheadUs === null ? Infinity : Math.abs(x - xOf(view, marks.playheadUs));
  if (onRuler && y < layout.ruler.height / 2 && toPlayhead <= PILL_HALF_PX) return { kind: "playhead" };
  const handle = handleAt(view, marks.selection, x, reach);
  if (handle !== null) return handle;
  if (toPlayhead <= reach) return { kind: "playhead" };
  if (onRuler) return { kind: "ruler" };
  return rowAt(layout, y) ?? { kind: "nothing" };
}
