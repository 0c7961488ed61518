/** Everything a picture of the timeline is made from. */
import type { Span, UtcUs } from "../../time/instant";
import type { Piece } from "../data/cache";
import type { Layout, Row } from "../geometry/layout";
import type { Ruler } from "../geometry/ticks";
import type { View } from "../geometry/view";

export interface Scene {
  readonly view: View;
  readonly layout: Layout;
  readonly dpr: number;
  readonly zone: string;
  readonly ruler: Ruler;
  readonly nowUs: UtcUs;
  readonly live: boolean;
  readonly playheadUs: UtcUs | null;
  readonly selection: Span | null;
  /** Where the pointer hovers. */
  readonly hoverX: number | null;
  /** The row under the pointer. */
  readonly hoverRow: Row | null;
  /** The name of the selected camera. */
  readonly title: string;
  pieces(row: Row): readonly Piece[];
  /** Footage that is about to be deleted. */
  going?(row: Row): readonly Span[];
}

/** What is used of a canvas. */
export type Brush = CanvasRenderingContext2D;

/** A whole pixel of the screen. */
export const snapped = (x: number, dpr: number): number => Math.round(x * dpr) / dpr;
