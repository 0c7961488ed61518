import { describe, expect, it } from "vitest";

import { plus, type Span, US_PER_HOUR, US_PER_S, utcUs } from "../../time/instant";
import type { Piece } from "../data/cache";
import { stripOf, type TimelineOfChannel } from "../data/strip";
import { layoutOf, type Row } from "../geometry/layout";
import { endUs, type View, viewWith, xOf } from "../geometry/view";
import { scaleOf, shareOf } from "./activity";
import { Painter } from "./paint";
import type { Palette } from "./palette";
import type { Brush, Scene } from "./scene";
import type { Sheet } from "./sheet";

const NOW = utcUs(1_795_348_800 * US_PER_S);
/** A pixel is 10 s; now is at pixel 900. */
const VIEW = viewWith(NOW, 900, 10 * US_PER_S, 1_000);
const at = (x: number): number => (VIEW.startUs + x * VIEW.usPerPx) / 1_000;

const PALETTE: Palette = {
  ...{ background: "background", raised: "raised", line: "line", text: "text", dim: "dim", accent: "accent" },
  ...{ recorded: "recorded", rec: "rec", warn: "warn", gap: "gap", font: "12px f", bold: "600 12px f" },
  inks: { recorded: 1, unknown: 2, gap: 3, warn: 4 },
  hatch: () => "hatch",
};
const INK_NAMES = ["", "recorded", "raised", "gap", "warn"];

/** Keeps the pixels, so that boxes can be told from them. */
class FakeSheet implements Sheet {
  readonly image = {} as CanvasImageSource;
  pixels = new Uint32Array(0);
  width = 0;

  put(pixels: Uint32Array, width: number): void {
    this.pixels = pixels.slice();
    this.width = width;
  }
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly style: string;
}

/** A canvas that remembers what was filled, and with what. */
class FakeBrush {
  constructor(private readonly sheet: FakeSheet) {}

  readonly boxes: Box[] = [];
  readonly outlines: Box[] = [];
  readonly texts: string[] = [];
  #path: Omit<Box, "style">[] = [];
  fillStyle = "";
  globalAlpha = 1;

  beginPath(): void {
    this.#path = [];
  }
  rect(x: number, y: number, width: number, height: number): void {
    this.#path.push({ x, y, width, height });
  }
  roundRect(): void {}
  fill(): void {
    for (const box of this.#path) this.boxes.push({ ...box, style: this.fillStyle });
  }
  fillRect(x: number, y: number, width: number, height: number): void {
    this.boxes.push({ x, y, width, height, style: this.fillStyle });
  }
  strokeRect(x: number, y: number, width: number, height: number): void {
    this.outlines.push({ x, y, width, height, style: "" });
  }
  drawImage(
    _: unknown,
    sx: number,
    line: number,
    count: number,
    lines: number,
    x: number,
    y: number,
    width: number,
    height: number,
  ): void {
    expect([sx, count, lines, x]).toEqual([0, this.sheet.width, 1, 0]);
    const pixels = this.sheet.pixels.slice(line * count, (line + 1) * count);
    for (let first = 0; first < count;) {
      let last = first + 1;
      while (last < count && pixels[last] === pixels[first]) last++;
      const style = INK_NAMES[pixels[first] ?? 0] ?? "";
      if (style !== "")
        this.boxes.push({ x: (first * width) / count, y, width: ((last - first) * width) / count, height, style });
      first = last;
    }
  }
  fillText(text: string): void {
    this.texts.push(text);
  }
  measureText(text: string): { width: number } {
    return { width: text.length * 6.6 };
  }
  createLinearGradient(): { addColorStop: () => void } {
    return { addColorStop: () => undefined };
  }
  setTransform(): void {}
}

type Told = Partial<Omit<TimelineOfChannel, "gaps">> & {
  readonly gaps?: readonly { start: number; end: number; count?: number; missing?: number }[];
};

function pieceOf(told: Told, view: View, askedUs = NOW): Piece {
  const span: Span = { startUs: utcUs(view.startUs - US_PER_HOUR), endUs: utcUs(endUs(view) + US_PER_HOUR) };
  const json: TimelineOfChannel = {
    ...{ channel: 1, spans: [], activity: { start: at(0), step: 20, bytesPerSecond: [] } },
    ...told,
    gaps: (told.gaps ?? []).map((gap) => ({ cause: "camera offline", detail: "", ...gap })),
  };
  return { strip: stripOf(json, span, askedUs), ...span };
}

interface Options {
  readonly view?: View;
  readonly dpr?: number;
  readonly scene?: Partial<Scene>;
}

function paint(told: Told | null, { view = VIEW, dpr = 1, scene = {} }: Options = {}): { brush: FakeBrush; band: Row } {
  const sheet = new FakeSheet();
  const brush = new FakeBrush(sheet);
  const layout = layoutOf([1, 2], 1, false);
  const pieces = told === null ? [] : [pieceOf(told, view)];
  new Painter(sheet).paint(
    brush as unknown as Brush,
    {
      ...{ view, layout, dpr, zone: "Europe/Berlin", ruler: { lines: [], lower: [], upper: [] }, nowUs: NOW },
      ...{ live: false, playheadUs: null, selection: null, hoverX: null, hoverRow: null, title: "" },
      pieces: (row: Row) => (row === layout.band ? pieces : []),
      ...scene,
    },
    PALETTE,
  );
  return { brush, band: layout.band as Row };
}

const inBand = ({ brush, band }: { brush: FakeBrush; band: Row }, style: string): Box[] =>
  brush.boxes.filter((box) => box.style === style && box.y >= band.top && box.y < band.top + band.height);

describe("footage", () => {
  it("is painted where it is, and nowhere else", () => {
    const painted = paint({ spans: [[at(100), at(250)], [at(400), at(401)]] }); // prettier-ignore
    expect(inBand(painted, "recorded").map(({ x, width }) => [x, width])).toEqual([
      [100, 150],
      [400, 1],
    ]);
    expect(inBand(painted, "gap")).toEqual([]);
  });

  it("is not painted after now, though the recorder's clock may say so", () => {
    const painted = paint({ spans: [[at(100), at(990)]] });
    expect(inBand(painted, "recorded").map(({ x, width }) => [x, width])).toEqual([[100, 800]]);
  });

  it("of a moment is seen", () => {
    const painted = paint({ spans: [[at(300), at(300) + 40]] });
    expect(inBand(painted, "recorded").map((box) => box.width)).toEqual([1]);
  });

  it("that nothing is known of is painted as unknown, not as empty; what is to come is empty", () => {
    expect(inBand(paint(null), "raised").map(({ x, width }) => [x, width])).toEqual([[0, 900]]);
    expect(inBand(paint({}), "raised")).toEqual([]);
  });

  it("never is painted where there is none, at any zoom", () => {
    const spans = Array.from(
      { length: 60 },
      (_, index) => [at(index * 16), at(index * 16 + 3 + (index % 11))] as const,
    );
    for (let zoom = -6; zoom <= 12; zoom++) {
      for (const dpr of [1, 1.5, 2]) {
        const view = viewWith(NOW, 900, 10 * US_PER_S * 2 ** zoom, 1_000);
        const boxes = [...inBand(paint({ spans }, { view, dpr }), "recorded")];
        for (const { x, width } of boxes) {
          // every pixel of the screen that is painted has footage in it, or lies next to some
          for (let column = Math.round(x * dpr); column < Math.round((x + width) * dpr); column++) {
            const [from, to] = [view.startUs + ((column - 0.51) * view.usPerPx) / dpr, view.startUs + ((column + 1.51) * view.usPerPx) / dpr]; // prettier-ignore
            expect(spans.some(([start, end]) => start * 1_000 < to && from < end * 1_000)).toBe(true);
          }
        }
      }
    }
  });
});

describe("gaps", () => {
  const spans = [[at(0), at(300)], [at(300) + 1, at(900)]] as const; // prettier-ignore
  const gaps = [{ start: at(300), end: at(300) + 1 }];

  it.each([1, 1.25, 2, 3])("are never narrower than a pixel, at %d screen pixels each, at any zoom", (dpr) => {
    for (let zoom = -5; zoom <= 6; zoom++) {
      const view = viewWith(NOW, 900, 10 * US_PER_S * 2 ** zoom, 1_000);
      const x = xOf(view, at(300) * 1_000);
      if (x < 0) continue;
      const [box, ...others] = inBand(paint({ spans, gaps }, { view, dpr }), "warn");
      expect(others).toEqual([]);
      expect(box?.width).toBeGreaterThanOrEqual(0.999);
      expect(Math.abs((box?.x ?? 0) - x)).toBeLessThanOrEqual(1);
    }
  });

  it("narrow ones are painted full, wide ones hatched", () => {
    expect(inBand(paint({ spans, gaps }), "warn")).toHaveLength(1);
    expect(inBand(paint({ spans, gaps }), "hatch")).toHaveLength(0);
    const wide = { gaps: [{ start: at(300), end: at(350) }] };
    expect(inBand(paint(wide), "hatch").map(({ x, width }) => [x, width])).toEqual([[300, 50]]);
  });

  it("several between footage are hatched over it", () => {
    const mixed = paint({
      spans: [[at(0), at(900)]],
      gaps: [{ start: at(300), end: at(350), count: 7, missing: 9_000 }],
    });
    expect(inBand(mixed, "recorded").map((box) => box.width)).toEqual([900]);
    expect(inBand(mixed, "gap")).toEqual([]);
    expect(inBand(mixed, "hatch").map(({ x, width }) => [x, width])).toEqual([[300, 50]]);
  });

  it.each([1, 2])("footage between two wide ones is seen, and both of them, at %d screen pixels each", (dpr) => {
    const gaps = [{ start: at(300), end: at(340) }, { start: at(340) + 900, end: at(400) }]; // prettier-ignore
    const painted = paint({ spans: [[at(340), at(340) + 900]], gaps }, { dpr });
    expect(inBand(painted, "recorded").map(({ x, width }) => [x, width])).toEqual([[340, 1]]);
    expect(inBand(painted, "hatch").map(({ x, width }) => [x, width])).toEqual([[300, 40], [341, 59]]); // prettier-ignore
  });

  it("the first footage is seen in front of one", () => {
    const painted = paint({ spans: [[at(300), at(300) + 900]], gaps: [{ start: at(300) + 900, end: at(350) }] });
    expect(inBand(painted, "recorded").map(({ x, width }) => [x, width])).toEqual([[300, 1]]);
  });

  it("are seen rather than footage where there is no room for both", () => {
    const moment = [at(300) + 2_000, at(300) + 3_000] as const;
    const gaps = [{ start: at(300), end: moment[0] }, { start: moment[1], end: at(350) }]; // prettier-ignore
    const painted = paint({ spans: [[at(0), at(300)], moment], gaps }); // prettier-ignore
    expect(inBand(painted, "recorded").map(({ x, width }) => [x, width])).toEqual([[0, 300]]);
  });

  it("still open ones end with now", () => {
    const open = paint({ spans: [[at(0), at(800)]], gaps: [{ start: at(800), end: at(1_200) }] });
    expect(inBand(open, "gap").map(({ x, width }) => [x, width])).toEqual([[800, 100]]);
  });

  it("have no activity", () => {
    const bytesPerSecond = Array.from({ length: 500 }, (_, index) =>
      index > 148 && index < 176 ? null : 5_000 + index,
    );
    const activity = { start: at(0), step: 20, bytesPerSecond };
    const painted = paint({ spans: [[at(0), at(300)], [at(350), at(900)]], gaps: [{ start: at(300), end: at(350) }], activity }); // prettier-ignore
    const bars = inBand(painted, "accent");
    expect(bars.length).toBeGreaterThan(5);
    for (const { x, width } of bars) expect(x + width <= 300 || x >= 350).toBe(true);
  });
});

describe("activity", () => {
  const rates = (...bytesPerSecond: number[]): Piece[] => [
    pieceOf({ activity: { start: at(0), step: 20, bytesPerSecond } }, VIEW),
  ];

  it("more bytes are higher, up to the whole height", () => {
    const scale = scaleOf(rates(...Array.from({ length: 200 }, (_, index) => 1_000 + 50 * index)));
    const shares = [1_000, 3_000, 6_000, 20_000].map((rate) => shareOf(rate, scale));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares[0]).toBeGreaterThan(0);
    expect(shares[3]).toBe(1);
  });

  it("of a camera whose rate is steady is low", () => {
    const scale = scaleOf(rates(...Array.from({ length: 100 }, (_, index) => 1_000 + (index % 7))));
    expect(shareOf(1_003, scale)).toBeLessThan(0.15);
  });

  it("of nothing is no number to divide by", () => {
    expect(shareOf(0, scaleOf([]))).toBe(0);
  });
});

describe("marks", () => {
  it("protected footage has an outline", () => {
    const { brush } = paint({ spans: [[at(0), at(900)]], protected: [[at(100), at(200)]] });
    expect(brush.outlines.map(({ x, width }) => [x, width])).toEqual([[100.5, 99]]);
  });

  it("the playhead and, when it is elsewhere, now have their clock", () => {
    const away = paint({}, { scene: { playheadUs: plus(NOW, -3_600 * US_PER_S) } });
    expect(away.brush.texts).toEqual(expect.arrayContaining(["12:00:00", "13:00:00"]));
    const live = paint({}, { scene: { playheadUs: NOW, live: true } });
    expect(live.brush.texts.filter((text) => text === "13:00:00")).toHaveLength(1);
  });

  it("a long name ends within half of the width", () => {
    const title = "North-west loading bay, gate 17b, second floor, towards the river and beyond, camera 4";
    const [name = ""] = paint({}, { scene: { title, live: true } }).brush.texts;
    expect(name.length * 6.6).toBeLessThanOrEqual(500);
    expect(name.length * 6.6).toBeGreaterThan(480);
    expect(title.startsWith(name.slice(0, -1))).toBe(true);
    expect(name.at(-1)).toBe("…");
    expect(paint({}, { scene: { title: "Gate", live: true } }).brush.texts[0]).toBe("Gate");
  });

  it("labels that a clock would cover in part are left out", () => {
    const lower = [{ x: 500, text: "12:00" }, { x: 540, text: "12:05" }, { x: 630, text: "12:20" }, { x: 660, text: "12:25" }]; // prettier-ignore
    const ruler = { lines: [], lower, upper: [] };
    const selection = { startUs: plus(NOW, -3_000 * US_PER_S), endUs: plus(NOW, -1_500 * US_PER_S) };
    const { texts } = paint({}, { scene: { ruler, selection, live: true } }).brush;
    expect(texts.filter((text) => text.length === 5)).toEqual(["12:00", "12:25"]); // the clocks are at pixels 600 and 750
  });

  it("the ends of the selection have theirs", () => {
    const selection = { startUs: plus(NOW, -600 * US_PER_S), endUs: plus(NOW, -300 * US_PER_S) };
    expect(paint({}, { scene: { selection } }).brush.texts).toEqual(expect.arrayContaining(["12:50:00", "12:55:00"]));
  });
});

it("fades what is about to be deleted, in its own row and inside the picture", () => {
  const going = [
    { startUs: utcUs(at(100) * 1_000), endUs: utcUs(at(200) * 1_000) },
    { startUs: utcUs(at(-500) * 1_000), endUs: utcUs(at(-100) * 1_000) },
  ];
  const scene = { going: ({ channel }: Row) => (channel === 1 ? going : []) };
  const painted = paint({ spans: [[at(0), at(900)]] }, { scene });
  const faded = inBand(painted, "background").filter((box) => box.width < 1_000);
  expect(faded).toEqual([
    expect.objectContaining({ x: 100, width: 100, y: painted.band.top, height: painted.band.height }),
  ]);
});
