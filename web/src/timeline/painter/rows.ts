/** Paints the rows of footage: solid where recorded, hatched where not, and the activity of the selected camera. */
import type { Row } from "../geometry/layout";
import { xOf } from "../geometry/view";
import { ratesOf, type Scale, scaleOf, shareOf } from "./activity";
import { HATCH_PX, type Palette } from "./palette";
import { columnsOf, type Columns, eachPair, eachRun, GAP, MIXED, RECORDED, rasterise, UNKNOWN } from "./raster";
import { type Brush, type Scene, snapped } from "./scene";
import type { Piece } from "../data/cache";

/** A gap up to this wide is painted full, as slanted lines would not be seen in it. */
const NARROW_PX = 4;
/** What is known to be recorded ends at the newest checkpoint; from longer ago than this nothing grows. */
const GROWING_US = 15e6;

/** Kept from picture to picture, so that painting makes no garbage. */
export class RowPainter {
  #codes = new Uint8Array(0);
  #rates = new Float32Array(0);
  #scale: Scale = { quiet: 0, much: 1 };
  #scaled: readonly Piece[] = [];

  paint(brush: Brush, scene: Scene, palette: Palette): void {
    const columns = columnsOf(scene.view, scene.dpr);
    if (this.#codes.length !== columns.count) {
      this.#codes = new Uint8Array(columns.count);
      this.#rates = new Float32Array(columns.count);
    }
    const { band, rows } = scene.layout;
    for (const row of band === null ? rows : [band, ...rows]) {
      const pieces = scene.pieces(row);
      rasterise(this.#codes, columns, pieces, scene.nowUs);
      this.#footage(brush, scene, palette, row);
      if (row === band) this.#activity(brush, scene, palette, row, columns, pieces);
      this.#gaps(brush, scene, palette, row);
      paintGrowing(brush, scene, palette, row, pieces);
      paintProtected(brush, scene, palette, row, pieces);
    }
  }

  #footage(brush: Brush, { dpr }: Scene, palette: Palette, row: Row): void {
    this.#fill(brush, row, dpr, palette.raised, (code) => code === UNKNOWN);
    this.#fill(brush, row, dpr, palette.recorded, (code) => code === RECORDED || code === MIXED);
  }

  #gaps(brush: Brush, { dpr, view }: Scene, palette: Palette, row: Row): void {
    const narrow = NARROW_PX * dpr;
    const hatch = palette.hatch((-view.startUs / view.usPerPx) % HATCH_PX);
    this.#fill(brush, row, dpr, palette.gap, (code, width) => code === GAP && width > narrow);
    this.#fill(brush, row, dpr, hatch, (code, width) => (code === GAP || code === MIXED) && width > narrow);
    this.#fill(brush, row, dpr, palette.warn, (code, width) => (code === GAP || code === MIXED) && width <= narrow);
  }

  #fill(
    brush: Brush,
    row: Row,
    dpr: number,
    style: string | CanvasPattern,
    chosen: (code: number, width: number) => boolean,
  ): void {
    let any = false;
    eachRun(this.#codes, (code, first, last) => {
      if (!chosen(code, last - first)) return;
      if (!any) brush.beginPath();
      any = true;
      brush.rect(first / dpr, row.top, (last - first) / dpr, row.height);
    });
    if (!any) return;
    brush.fillStyle = style;
    brush.fill();
  }

  #activity(
    brush: Brush,
    { dpr }: Scene,
    palette: Palette,
    row: Row,
    columns: Columns,
    pieces: readonly Piece[],
  ): void {
    this.#rescale(pieces);
    ratesOf(this.#rates, columns, pieces);
    const heightOf = (column: number): number => {
      const code = this.#codes[column];
      const rate = this.#rates[column] as number;
      if ((code !== RECORDED && code !== MIXED) || Number.isNaN(rate)) return 0;
      return snapped(shareOf(rate, this.#scale) * row.height, dpr);
    };
    brush.fillStyle = palette.accent;
    brush.beginPath();
    for (let first = 0, height = heightOf(0); first < columns.count;) {
      let last = first + 1;
      let next = 0;
      while (last < columns.count && (next = heightOf(last)) === height) last++;
      if (height > 0) brush.rect(first / dpr, row.top + row.height - height, (last - first) / dpr, height);
      first = last;
      height = next;
    }
    brush.fill();
  }

  /** Sorting is not for every picture: only when other strips are shown. */
  #rescale(pieces: readonly Piece[]): void {
    const same =
      pieces.length === this.#scaled.length && pieces.every((piece, at) => piece.strip === this.#scaled[at]?.strip);
    if (same) return;
    this.#scale = scaleOf(pieces);
    this.#scaled = pieces;
  }
}

/** Between what is known to be recorded and now: fading, as it is being written. */
function paintGrowing(brush: Brush, scene: Scene, palette: Palette, row: Row, pieces: readonly Piece[]): void {
  const newest = pieces.at(-1)?.strip;
  const endUs = newest?.spans.at(-1);
  if (newest === undefined || endUs === undefined || (newest.gaps.at(-1) ?? 0) > endUs) return;
  if (newest.span.endUs < scene.nowUs || scene.nowUs - endUs > GROWING_US) return;
  const start = xOf(scene.view, endUs);
  const end = Math.max(start + 2, xOf(scene.view, scene.nowUs));
  const fade = brush.createLinearGradient(start, 0, end, 0);
  fade.addColorStop(0, palette.recorded);
  fade.addColorStop(1, "transparent");
  brush.fillStyle = fade;
  brush.fillRect(start, row.top, end - start, row.height);
}

function paintProtected(brush: Brush, scene: Scene, palette: Palette, row: Row, pieces: readonly Piece[]): void {
  brush.strokeStyle = palette.text;
  brush.lineWidth = row.height > 12 ? 1.5 : 1;
  for (const { strip, startUs, endUs } of pieces) {
    eachPair(strip.protectedSpans, startUs, endUs, (start, end) => {
      const [from, to] = [xOf(scene.view, start), xOf(scene.view, end)];
      brush.strokeRect(from + 0.5, row.top + 0.5, Math.max(1, to - from - 1), row.height - 1);
    });
  }
}
