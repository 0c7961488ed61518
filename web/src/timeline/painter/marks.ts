/** Paints what lies over the rows: the future, now, the selection, the pointer's line and the playhead. */
import { formatTime, type Precision } from "../../time/format";
import { US_PER_S, type UtcUs } from "../../time/instant";
import { type View, xOf } from "../geometry/view";
import type { Palette } from "./palette";
import { type Brush, type Scene, snapped } from "./scene";

/** How exactly a pixel's time can be told. */
export function precisionAt(view: View): Precision {
  if (view.usPerPx < US_PER_S / 100) return "ms";
  return view.usPerPx < US_PER_S / 10 ? "tenth" : "second";
}

function lineAt(brush: Brush, x: number, width: number, top: number, bottom: number, dpr: number): void {
  brush.fillRect(snapped(x - width / 2, dpr), top, width, bottom - top);
}

/** A text on a rounded ground; stays on screen. Returns nothing: it lies over what is under it. */
function pill(brush: Brush, text: string, x: number, y: number, width: number, ground: string, ink: string): void {
  const size = brush.measureText(text).width + 14;
  const left = Math.min(Math.max(x - size / 2, 2), Math.max(2, width - size - 2));
  brush.fillStyle = ground;
  brush.beginPath();
  brush.roundRect(left, y - 9, size, 18, 9);
  brush.fill();
  brush.fillStyle = ink;
  brush.textAlign = "center";
  brush.fillText(text, left + size / 2, y + 0.5);
  brush.textAlign = "left";
}

const isSeen = (view: View, at: UtcUs): boolean => {
  const x = xOf(view, at);
  return x >= -1 && x <= view.widthPx + 1;
};

export function paintMarks(brush: Brush, scene: Scene, palette: Palette): void {
  paintFuture(brush, scene, palette);
  paintSelection(brush, scene, palette);
  if (scene.hoverX !== null) {
    brush.globalAlpha = 0.45;
    brush.fillStyle = palette.text;
    lineAt(brush, scene.hoverX, 1, scene.layout.ruler.height - 4, scene.layout.height, scene.dpr);
    brush.globalAlpha = 1;
  }
  paintPlayhead(brush, scene, palette);
}

function paintFuture(brush: Brush, { view, layout, nowUs, live, zone, dpr }: Scene, palette: Palette): void {
  const x = xOf(view, nowUs);
  if (x > view.widthPx) return;
  brush.globalAlpha = 0.035;
  brush.fillStyle = palette.text;
  brush.fillRect(Math.max(0, x), layout.ruler.height - 14, view.widthPx, layout.height);
  brush.globalAlpha = 1;
  if (x < -1) return;
  brush.fillStyle = palette.rec;
  lineAt(brush, x, 2, layout.ruler.height - 14, layout.height, dpr);
  if (live) return; // the playhead stands there and has the clock
  brush.font = palette.font;
  pill(brush, formatTime(nowUs, zone), x, layout.ruler.lowerY, view.widthPx, palette.raised, palette.text);
}

function paintSelection(brush: Brush, scene: Scene, palette: Palette): void {
  const { view, layout, selection, zone, dpr } = scene;
  if (selection === null) return;
  const [start, end] = [xOf(view, selection.startUs), xOf(view, selection.endUs)];
  const [top, height] = [layout.ruler.height, layout.height - layout.ruler.height];
  brush.fillStyle = palette.text;
  brush.globalAlpha = 0.13;
  brush.fillRect(start, top, end - start, height);
  brush.globalAlpha = 1;
  brush.font = palette.font;
  for (const [at, x] of [
    [selection.startUs, start],
    [selection.endUs, end],
  ] as const) {
    if (!isSeen(view, at)) continue;
    brush.fillStyle = palette.accent;
    lineAt(brush, x, 2, top - 4, layout.height, dpr);
    brush.beginPath();
    brush.roundRect(x - 4, top + 18, 8, 24, 4);
    brush.fill();
    pill(
      brush,
      formatTime(at, zone, precisionAt(view)),
      x,
      layout.ruler.lowerY,
      view.widthPx,
      palette.accent,
      palette.background,
    );
  }
}

function paintPlayhead(brush: Brush, scene: Scene, palette: Palette): void {
  const { view, layout, playheadUs, zone, dpr } = scene;
  if (playheadUs === null || !isSeen(view, playheadUs)) return;
  const x = xOf(view, playheadUs);
  brush.fillStyle = palette.text;
  lineAt(brush, x, 2, layout.ruler.upperY, layout.height, dpr);
  brush.font = palette.bold;
  const text = formatTime(playheadUs, zone, precisionAt(view));
  pill(brush, text, x, layout.ruler.upperY + 1, view.widthPx, palette.text, palette.background);
}
