/** Paints one picture of the timeline. */
import { paintGoing } from "./going";
import type { Palette } from "./palette";
import { RowPainter } from "./rows";
import { paintLabels, paintLines } from "./ruler";
import { paintMarks } from "./marks";
import type { Brush, Scene } from "./scene";
import type { Sheet } from "./sheet";

export class Painter {
  readonly #rows: RowPainter;

  constructor(sheet: Sheet) {
    this.#rows = new RowPainter(sheet);
  }

  paint(brush: Brush, scene: Scene, palette: Palette): void {
    const { view, layout, dpr } = scene;
    brush.setTransform(dpr, 0, 0, dpr, 0, 0);
    brush.fillStyle = palette.background;
    brush.fillRect(0, 0, view.widthPx, layout.height);
    paintLines(brush, scene, palette);
    this.#rows.paint(brush, scene, palette);
    paintGoing(brush, scene, palette);
    paintHoverRow(brush, scene, palette);
    paintTitle(brush, scene, palette);
    paintLabels(brush, scene, palette);
    paintMarks(brush, scene, palette);
  }
}

function paintHoverRow(brush: Brush, { hoverRow, view, layout }: Scene, palette: Palette): void {
  if (hoverRow === null || hoverRow === layout.band) return;
  brush.fillStyle = palette.text;
  brush.globalAlpha = 0.25;
  brush.fillRect(0, hoverRow.top - 1, view.widthPx, hoverRow.height + 2);
  brush.globalAlpha = 1;
}

/** Which camera the tall band is. */
function paintTitle(brush: Brush, { title, layout }: Scene, palette: Palette): void {
  if (layout.band === null || title === "") return;
  brush.font = palette.font;
  brush.textBaseline = "middle";
  brush.textAlign = "left";
  const width = brush.measureText(title).width + 12;
  brush.globalAlpha = 0.7;
  brush.fillStyle = palette.background;
  brush.beginPath();
  brush.roundRect(6, layout.band.top + 5, width, 18, 4);
  brush.fill();
  brush.globalAlpha = 1;
  brush.fillStyle = palette.text;
  brush.fillText(title, 12, layout.band.top + 14.5);
}
