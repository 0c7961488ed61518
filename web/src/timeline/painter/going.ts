/** Fades footage that is about to be deleted and can still be kept. */
import { xOf } from "../geometry/view";
import type { Palette } from "./palette";
import type { Brush, Scene } from "./scene";

const FADED = 0.75;

export function paintGoing(brush: Brush, scene: Scene, palette: Palette): void {
  const { view, layout } = scene;
  brush.fillStyle = palette.background;
  brush.globalAlpha = FADED;
  for (const row of [...(layout.band === null ? [] : [layout.band]), ...layout.rows]) {
    for (const { startUs, endUs } of scene.going?.(row) ?? []) {
      const [from, to] = [Math.max(0, xOf(view, startUs)), Math.min(view.widthPx, xOf(view, endUs))];
      if (to > from) brush.fillRect(from, row.top, to - from, row.height);
    }
  }
  brush.globalAlpha = 1;
}
