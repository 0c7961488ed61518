/** Paints the rows of footage: solid where recorded, hatched where not, and the activity of the selected camera. */
import type { Row } from "../geometry/layout";
import { xOf } from "../geometry/view";
import { ratesOf, type Scale, scaleOf, shareOf } from "./activity";
import { HATCH_PX, type Inks, type Palette } from "./palette";
import type { Sheet } from "./sheet";
import { columnsOf, type Columns, eachPair, eachRun, GAP, MIXED, RECORDED, rasterise, UNKNOWN } from "./raster";
import { type Brush, type Scene, snapped } from "./scene";
import type { Piece } from "../data/cache";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A gap up to this wide is painted full, as slanted lines would not be seen in it. */
const NARROW_PX = 4;
/** What is known to be recorded ends at the newest checkpoint; from longer ago than this nothing grows. */
const GROWING_US = 15e6;

/** Kept from picture to picture, so that painting makes little garbage. */
export class RowPainter {
  #codes = new Uint8Array(0);
  #rates = new Float32Array(0);
  #pixels = new Uint32Array(0);
  #scale: Scale = { quiet: 0, much: 1 };
  #scaled: readonly Piece[] = [];

  constructor(private readonly sheet: Sheet) {}

  paint(brush: Brush, scene: Scene, palette: Palette): void {
    const columns = columnsOf(scene.view, scene.dpr);
    const { band, rows } = scene.layout;
    const all = (band === null ? rows : [band, ...rows]).map((row) => ({ row, pieces: scene.pieces(row) }));
    if (columns.count === 0 || all.length === 0) return;
    this.#fit(columns.count, all.length);
    const hatched: Box[] = [];
    const bars: Box[] = [];
    all.forEach(({ row, pieces }, line) => {
      rasterise(this.#codes, columns, pieces, scene.nowUs);
      this.#draw(line, row, scene.dpr, palette.inks, hatched);
      if (row === band) this.#measure(row, columns, pieces, bars);
    });
    this.sheet.put(this.#pixels, columns.count);
    brush.imageSmoothingEnabled = false;
    all.forEach(({ row }, line) => {
      const width = columns.count / scene.dpr;
      brush.drawImage(this.sheet.image, 0, line, columns.count, 1, 0, row.top, width, row.height);
    });
    fillBoxes(brush, bars, palette.accent);
    fillBoxes(brush, hatched, palette.hatch((-scene.view.startUs / scene.view.usPerPx) % HATCH_PX));
    for (const { row, pieces } of all) {
      paintGrowing(brush, scene, palette, row, pieces);
      paintProtected(brush, scene, palette, row, pieces);
    }
  }

  #fit(width: number, lines: number): void {
    if (this.#codes.length !== width) {
      this.#codes = new Uint8Array(width);
      this.#rates = new Float32Array(width);
    }
    if (this.#pixels.length !== width * lines) this.#pixels = new Uint32Array(width * lines);
  }

  /** The codes as one line of pixels; where lines are slanted over them goes into `hatched`. */
  #draw(line: number, row: Row, dpr: number, inks: Inks, hatched: Box[]): void {
    const start = line * this.#codes.length;
    eachRun(this.#codes, (code, first, last) => {
      const without = code === GAP || code === MIXED;
      const narrow = last - first <= NARROW_PX * dpr;
      const ink = without && narrow ? inks.warn : inkFor(code, inks);
      this.#pixels.fill(ink, start + first, start + last);
      if (without && !narrow)
        hatched.push({ x: first / dpr, y: row.top, width: (last - first) / dpr, height: row.height });
    });
  }

  /** Activity as bars; neighbours of one height are one bar. */
  #measure(row: Row, columns: Columns, pieces: readonly Piece[], bars: Box[]): void {
    this.#rescale(pieces);
    ratesOf(this.#rates, columns, pieces);
    for (let first = 0, height = this.#heightAt(0, row, columns.dpr); first < columns.count;) {
      let last = first + 1;
      let next = 0;
      while (last < columns.count && (next = this.#heightAt(last, row, columns.dpr)) === height) last++;
      const [x, width] = [first / columns.dpr, (last - first) / columns.dpr];
      if (height > 0) bars.push({ x, y: row.top + row.height - height, width, height });
      first = last;
      height = next;
    }
  }

  #heightAt(column: number, row: Row, dpr: number): number {
    const code = this.#codes[column];
    const rate = this.#rates[column] as number;
    if ((code !== RECORDED && code !== MIXED) || Number.isNaN(rate)) return 0;
    return snapped(shareOf(rate, this.#scale) * row.height, dpr);
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

function inkFor(code: number, inks: Inks): number {
  if (code === RECORDED || code === MIXED) return inks.recorded;
  if (code === GAP) return inks.gap;
  return code === UNKNOWN ? inks.unknown : 0; // nothing is transparent
}

/** One by one: a path of hundreds of boxes takes a browser without a graphics card twice as long. */
function fillBoxes(brush: Brush, boxes: readonly Box[], style: string | CanvasPattern): void {
  brush.fillStyle = style;
  for (const { x, y, width, height } of boxes) brush.fillRect(x, y, width, height);
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
