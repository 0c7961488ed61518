import { describe, expect, it } from "vitest";

import {
  isZoomed,
  MOST,
  panned,
  pinched,
  takesWheel,
  tapped,
  transformOf,
  wheelFactor,
  WHOLE,
  type Point,
  type Zoom,
  zoomedAt,
} from "./zoom";

/** The point of the whole picture that is seen at a point of the tile. */
const seenAt = (zoom: Zoom, at: Point): Point => ({ x: zoom.x + at.x / zoom.scale, y: zoom.y + at.y / zoom.scale });

const STEPS = [0.3, 0.8, 1.25, 1.9, 5];
const PLACES = [0, 0.1, 0.5, 0.77, 1];

function* zooms(): Generator<Zoom> {
  for (const scale of [1, 1.5, 3, MOST])
    for (const x of PLACES) for (const y of PLACES) yield zoomedAt(WHOLE, scale, { x, y });
}

const expectInside = (zoom: Zoom): void => {
  expect(zoom.scale).toBeGreaterThanOrEqual(1);
  expect(zoom.scale).toBeLessThanOrEqual(MOST);
  for (const edge of [zoom.x, zoom.y]) {
    expect(edge).toBeGreaterThanOrEqual(0);
    expect(edge + 1 / zoom.scale).toBeLessThanOrEqual(1 + 1e-9);
  }
};

describe("zooming", () => {
  it("keeps what is under the pointer there, in and out again", () => {
    for (const zoom of zooms())
      for (const factor of STEPS)
        for (const x of PLACES)
          for (const y of PLACES) {
            const after = zoomedAt(zoom, factor, { x, y });
            expectInside(after);
            if (after.scale < zoom.scale) continue; // the edges may push it
            expect(seenAt(after, { x, y }).x).toBeCloseTo(seenAt(zoom, { x, y }).x, 9);
            expect(seenAt(after, { x, y }).y).toBeCloseTo(seenAt(zoom, { x, y }).y, 9);
          }
  });

  it("ends at the whole picture and at the most", () => {
    expect(zoomedAt(zoomedAt(WHOLE, 4, { x: 0.9, y: 0.2 }), 0.1, { x: 0, y: 0 })).toEqual(WHOLE);
    expect(zoomedAt(WHOLE, 1000, { x: 0.5, y: 0.5 }).scale).toBe(MOST);
  });
});

describe("dragging", () => {
  it("moves the picture with the pointer and never beyond its edges", () => {
    const zoom = zoomedAt(WHOLE, 4, { x: 0.5, y: 0.5 });
    const after = panned(zoom, { x: 0.1, y: -0.2 });
    expect(seenAt(after, { x: 0.6, y: 0.3 }).x).toBeCloseTo(seenAt(zoom, { x: 0.5, y: 0.5 }).x, 9);
    expect(seenAt(after, { x: 0.6, y: 0.3 }).y).toBeCloseTo(seenAt(zoom, { x: 0.5, y: 0.5 }).y, 9);
    for (const by of [-9, -0.5, 0.5, 9]) expectInside(panned(zoom, { x: by, y: -by }));
    expect(panned(WHOLE, { x: 0.4, y: 0.4 })).toEqual(WHOLE);
  });
});

describe("two fingers", () => {
  const fingers = (x: number, y: number, apart: number): [Point, Point] => [
    { x: x - apart / 2, y },
    { x: x + apart / 2, y },
  ];

  it("spread to zoom in about the point between them", () => {
    const after = pinched(WHOLE, fingers(0.4, 0.6, 0.2), fingers(0.4, 0.6, 0.6), 16 / 9);
    expect(after.scale).toBeCloseTo(3, 9);
    expect(seenAt(after, { x: 0.4, y: 0.6 }).x).toBeCloseTo(0.4, 9);
  });

  it("carry the picture along", () => {
    const zoom = zoomedAt(WHOLE, 4, { x: 0.5, y: 0.5 });
    const after = pinched(zoom, fingers(0.5, 0.5, 0.3), fingers(0.6, 0.4, 0.3), 16 / 9);
    expect(seenAt(after, { x: 0.6, y: 0.4 }).x).toBeCloseTo(seenAt(zoom, { x: 0.5, y: 0.5 }).x, 9);
    expect(seenAt(after, { x: 0.6, y: 0.4 }).y).toBeCloseTo(seenAt(zoom, { x: 0.5, y: 0.5 }).y, 9);
  });

  it("on one spot do no harm", () => {
    expectInside(pinched(WHOLE, fingers(0.5, 0.5, 0), fingers(0.5, 0.5, 0.5), 1));
  });
});

describe("the wheel", () => {
  it("zooms in upwards, and out by as much downwards", () => {
    expect(wheelFactor(-100, 0, false)).toBeGreaterThan(1);
    expect(wheelFactor(-100, 0, false) * wheelFactor(100, 0, false)).toBeCloseTo(1, 9);
    expect(wheelFactor(-3, 1, false)).toBeCloseTo(wheelFactor(-99, 0, false), 9);
    expect(wheelFactor(-9999, 0, false)).toBeLessThan(2);
    expect(wheelFactor(-5, 0, true)).toBeGreaterThan(wheelFactor(-5, 0, false));
  });

  it("is the page's where the page scrolls, and where there is nothing to zoom out of", () => {
    const zoomed = zoomedAt(WHOLE, 2, { x: 0, y: 0 });
    expect(takesWheel(WHOLE, { delta: -100, ctrl: false, pageScrolls: false })).toBe(true);
    expect(takesWheel(WHOLE, { delta: 100, ctrl: false, pageScrolls: false })).toBe(false);
    expect(takesWheel(WHOLE, { delta: -100, ctrl: false, pageScrolls: true })).toBe(false);
    expect(takesWheel(WHOLE, { delta: 100, ctrl: true, pageScrolls: true })).toBe(true);
    expect(takesWheel(zoomed, { delta: 100, ctrl: false, pageScrolls: true })).toBe(true);
  });
});

it("a double tap goes in to the point and back out", () => {
  const zoomed = tapped(WHOLE, { x: 0.8, y: 0.3 });
  expect(isZoomed(zoomed)).toBe(true);
  expect(seenAt(zoomed, { x: 0.8, y: 0.3 }).x).toBeCloseTo(0.8, 9);
  expect(tapped(zoomed, { x: 0, y: 0 })).toEqual(WHOLE);
});

it("is written for CSS", () => {
  expect(transformOf(WHOLE)).toBe("none");
  expect(transformOf({ scale: 2, x: 0.25, y: 0.5 })).toBe("scale(2) translate(-25%, -50%)");
});
