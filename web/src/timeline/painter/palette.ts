/** The colours of the canvas, read from the tokens of the theme; a canvas knows no CSS variables. */

/** Colours as pixels hold them: red, green, blue and alpha, the lowest byte first. */
export interface Inks {
  readonly recorded: number;
  readonly unknown: number;
  readonly gap: number;
  readonly warn: number;
}

export interface Palette {
  readonly background: string;
  readonly raised: string;
  readonly line: string;
  readonly text: string;
  readonly dim: string;
  readonly accent: string;
  readonly recorded: string;
  readonly rec: string;
  readonly warn: string;
  readonly gap: string;
  readonly inks: Inks;
  /** Slanted lines; the pattern repeats every `HATCH_PX`. `offsetX` moves it with the content. */
  hatch(offsetX: number): CanvasPattern | string;
  readonly font: string;
  readonly bold: string;
}

export const HATCH_PX = 6;

function hatchPattern(colour: string, dpr: number): CanvasPattern | null {
  const side = Math.round(HATCH_PX * dpr);
  const tile = document.createElement("canvas");
  tile.width = tile.height = side;
  const brush = tile.getContext("2d");
  if (brush === null) return null;
  brush.strokeStyle = colour;
  brush.globalAlpha = 0.6;
  brush.lineWidth = 1.3 * dpr;
  brush.beginPath();
  // three, so that the corners of the tile are full
  for (const shift of [-side, 0, side]) {
    brush.moveTo(shift - 1, side + 1);
    brush.lineTo(shift + side + 1, -1);
  }
  brush.stroke();
  return brush.createPattern(tile, "repeat");
}

/** Any colour that CSS knows, as a pixel. */
function inkOf(colour: string): number {
  const dot = document.createElement("canvas");
  dot.width = dot.height = 1;
  const brush = dot.getContext("2d");
  if (brush === null) return 0;
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 1, 1);
  return new Uint32Array(brush.getImageData(0, 0, 1, 1).data.buffer)[0] ?? 0;
}

/** The palette of the theme that is shown now. */
export function paletteOf(element: Element, dpr: number): Palette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const family = style.fontFamily || "sans-serif";
  const warn = token("--warn");
  const pattern = hatchPattern(warn, dpr);
  return {
    background: token("--panel"),
    raised: token("--raised"),
    line: token("--line"),
    text: token("--text"),
    dim: token("--dim"),
    accent: token("--accent"),
    recorded: token("--accent-dim"),
    rec: token("--rec"),
    warn,
    gap: token("--gap"),
    inks: {
      recorded: inkOf(token("--accent-dim")),
      unknown: inkOf(token("--raised")),
      gap: inkOf(token("--gap")),
      warn: inkOf(warn),
    },
    hatch(offsetX) {
      if (pattern === null) return warn;
      pattern.setTransform(new DOMMatrix().translateSelf(offsetX, 0).scaleSelf(1 / dpr, 1 / dpr));
      return pattern;
    },
    font: `12px ${family}`,
    bold: `600 12px ${family}`,
  };
}
