import { describe, expect, it } from "vitest";

import { plus, US_PER_DAY, US_PER_HOUR, US_PER_S, utcUs } from "../../time/instant";
import {
  centreUs,
  clampView,
  endUs,
  lengthUs,
  LONGEST_US,
  panBy,
  pinch,
  resized,
  SHORTEST_US,
  timeAt,
  type View,
  viewAround,
  viewWith,
  xOf,
  zoomAbout,
} from "./view";

const NOON = utcUs(1_795_348_800 * US_PER_S);
const VIEW: View = viewAround(NOON, (6 * US_PER_HOUR) / 1_000, 1_000);

/** A row of numbers in [0, 1) that is the same each time. */
function* randoms(): Generator<number, never> {
  for (let seed = 1; ; seed = (seed * 48_271) % 2_147_483_647) yield (seed % 100_003) / 100_003;
}
const random = randoms();
const some = (from: number, to: number): number => from + (to - from) * random.next().value;
const someView = (): View => {
  const width = Math.round(some(200, 2_500));
  return viewAround(NOON + some(-1, 1) * 1e15, (SHORTEST_US * (LONGEST_US / SHORTEST_US) ** some(0, 1)) / width, width);
};

describe("time and pixels", () => {
  it("are each other's inverse to less than a pixel", () => {
    for (let round = 0; round < 2_000; round++) {
      const view = someView();
      const x = some(-100, view.widthPx + 100);
      expect(Math.abs(xOf(view, timeAt(view, x)) - x)).toBeLessThan(0.01);
    }
  });

  it("the ends are at the edges", () => {
    expect(timeAt(VIEW, 0)).toBe(plus(NOON, -3 * US_PER_HOUR));
    expect(timeAt(VIEW, 1_000)).toBe(plus(NOON, 3 * US_PER_HOUR));
    expect(centreUs(VIEW)).toBe(NOON);
    expect(endUs(VIEW) - VIEW.startUs).toBe(lengthUs(VIEW));
  });
});

describe("zoom", () => {
  it("leaves the instant under the pointer where it is, at every zoom", () => {
    for (let round = 0; round < 2_000; round++) {
      const view = someView();
      const x = some(0, view.widthPx);
      const zoomed = zoomAbout(view, x, 2 ** some(-3, 3));
      expect(Math.abs(xOf(zoomed, timeAt(view, x)) - x)).toBeLessThan(1);
    }
  });

  it("goes from two years to a second and no further", () => {
    expect(lengthUs(zoomAbout(VIEW, 300, 1e9))).toBeCloseTo(LONGEST_US, -3);
    expect(lengthUs(zoomAbout(VIEW, 300, 1e-9))).toBeCloseTo(SHORTEST_US, 3);
  });

  it("in and out again is where it was", () => {
    const back = zoomAbout(zoomAbout(VIEW, 700, 1 / 8), 700, 8);
    expect(back.startUs).toBeCloseTo(VIEW.startUs, -1);
  });
});

describe("pan", () => {
  it("moves the content with the hand", () => {
    const x = xOf(panBy(VIEW, 120), NOON);
    expect(x).toBeCloseTo(xOf(VIEW, NOON) + 120, 6);
  });

  it("adds up from parts of pixels", () => {
    let view = VIEW;
    for (let step = 0; step < 1_000; step++) view = panBy(view, 0.1);
    expect(xOf(view, NOON)).toBeCloseTo(xOf(VIEW, NOON) + 100, 3);
  });
});

describe("pinch", () => {
  it("leaves what is under each finger under it", () => {
    const [a, b] = [timeAt(VIEW, 300), timeAt(VIEW, 500)];
    const view = pinch(VIEW, 300, 500, 250, 700);
    expect(xOf(view, a)).toBeCloseTo(250, 3);
    expect(xOf(view, b)).toBeCloseTo(700, 3);
  });

  it("of fingers on one spot does not divide by nothing", () => {
    expect(Number.isFinite(pinch(VIEW, 300, 300, 300, 300).usPerPx)).toBe(true);
  });
});

describe("bounds", () => {
  const bounds = { startUs: plus(NOON, -US_PER_DAY), endUs: NOON };

  it("keep the middle inside", () => {
    expect(centreUs(clampView(viewAround(plus(NOON, US_PER_DAY), 1e7, 1_000), bounds))).toBe(NOON);
    expect(centreUs(clampView(viewAround(plus(NOON, -9 * US_PER_DAY), 1e7, 1_000), bounds))).toBe(bounds.startUs);
  });

  it("leave alone what is inside", () => {
    expect(clampView(VIEW, bounds)).toBe(VIEW);
  });

  it("a screen of another width keeps middle and zoom", () => {
    const wide = resized(VIEW, 1_500);
    expect(centreUs(wide)).toBe(NOON);
    expect(wide.usPerPx).toBe(VIEW.usPerPx);
  });
});

it("a view can be had with an instant at a pixel", () => {
  expect(xOf(viewWith(NOON, 880, 1e6, 1_000), NOON)).toBeCloseTo(880, 6);
});
