/** Paints the ruler: lines over the whole height, two lines of labels, the name of the zone. */
import type { UtcUs } from "../../time/instant";
import type { Line } from "../geometry/ticks";
import { PILL_HALF_PX } from "../geometry/hit";
import { xOf } from "../geometry/view";
import type { Palette } from "./palette";
import { type Brush, type Scene, snapped } from "./scene";

const ZONE_MARGIN_PX = 10;

export const zoneText = (zone: string): string => zone.replaceAll("_", " ");

/** Pixels that the name of the zone takes at the right end. */
export const zoneWidth = (width: number): number => width + 2 * ZONE_MARGIN_PX;

const STYLES: Readonly<Record<Line["weight"], { readonly alpha: number; readonly colour: "line" | "dim" }>> = {
  minor: { alpha: 0.45, colour: "line" },
  major: { alpha: 1, colour: "line" },
  midnight: { alpha: 0.7, colour: "dim" },
  change: { alpha: 0.9, colour: "dim" },
};

/** Lines under the rows. */
export function paintLines(brush: Brush, scene: Scene, palette: Palette): void {
  const { ruler, layout, dpr } = scene;
  for (const { x, weight } of ruler.lines) {
    const style = STYLES[weight];
    const top = weight === "minor" ? layout.ruler.height - 5 : weight === "major" ? layout.ruler.height - 10 : 2;
    brush.globalAlpha = style.alpha;
    brush.fillStyle = palette[style.colour];
    if (weight === "change") for (let y = top; y < layout.height; y += 6) brush.fillRect(snapped(x, dpr), y, 1, 3);
    else brush.fillRect(snapped(x, dpr), top, 1, layout.height - top);
  }
  brush.globalAlpha = 1;
}

/** Labels; those that a clock of the playhead, of now or of the selection would cover in part are left out. */
export function paintLabels(brush: Brush, scene: Scene, palette: Palette): void {
  const { ruler, layout, view, playheadUs, selection } = scene;
  const upper = playheadUs === null ? [] : [playheadUs];
  const lower = [
    ...(selection === null ? [] : [selection.startUs, selection.endUs]),
    ...(scene.live ? [] : [scene.nowUs]),
  ];
  const under = (clocks: readonly UtcUs[], left: number, text: string): boolean => {
    const right = left + brush.measureText(text).width;
    return clocks.some((at) => xOf(view, at) + PILL_HALF_PX > left && xOf(view, at) - PILL_HALF_PX < right);
  };
  brush.font = palette.font;
  brush.textBaseline = "middle";
  brush.textAlign = "left";
  brush.fillStyle = palette.dim;
  for (const { x, text } of ruler.lower) if (!under(lower, x, text)) brush.fillText(text, x, layout.ruler.lowerY);
  brush.fillStyle = palette.text;
  for (const { x, text } of ruler.upper) if (!under(upper, x, text)) brush.fillText(text, x, layout.ruler.upperY);
  const zone = zoneText(scene.zone);
  const left = view.widthPx - ZONE_MARGIN_PX - brush.measureText(zone).width;
  brush.fillStyle = palette.dim;
  if (!under(upper, left, zone)) brush.fillText(zone, left, layout.ruler.upperY);
}
