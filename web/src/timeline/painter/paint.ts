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
function paintTitle(brush: Brush, scene: Scene, palette: Palette): void {
  const { layout, view } = scene;
  if (layout.band === null || scene.title === "") return;
  brush.font = palette.font;
  const title = shortened(scene.title, view.widthPx / 2, (text) => brush.measureText(text).width);
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

/** A text that is not wider than this; what does not fit is left out at its end, and a sign says so. */
function shortened(text: string, widthPx: number, measure: (text: string) => number): string {
  if (measure(text) <= widthPx) return text;
  const signs = Array.from(text);
  let [fits, tooMany] = [0, signs.length];
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1;
    if (measure(`${signs.slice(0, middle).join("")}…`) <= widthPx) fits = middle;
    else tooMany = middle;
  }
  return `${signs.slice(0, fits).join("").trimEnd()}…`;
}
