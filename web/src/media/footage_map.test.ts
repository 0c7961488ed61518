import { describe, expect, it } from "vitest";

import { US_PER_S, utcUs } from "../time/instant";
import { extent, type FootageMap, gapBetween, placeOf, toUtcUs } from "./footage_map";

const at = (seconds: number) => utcUs(1_700_000_000_000_000 + seconds * US_PER_S);

/** Two files: 0..4 s and 4.1..6.1 s without a gap to speak of; then nothing up to 60 s. */
const MAP: FootageMap = [
  { startS: 10, durationS: 2, startUs: at(0) },
  { startS: 12, durationS: 2, startUs: at(2) },
  { startS: 14, durationS: 2, startUs: at(4.1) },
  { startS: 16, durationS: 2, startUs: at(60) },
];

describe("media time to wall time", () => {
  it.each([
    [10, 0],
    [11.5, 1.5],
    [12, 2],
    [14.5, 4.6],
    [16, 60],
    [17.25, 61.25],
    [19, 63],
  ])("%d s is %d s on the wall", (mediaS, wallS) => expect(toUtcUs(MAP, mediaS)).toBe(at(wallS)));

  it("takes a time a rounding before a part for the part's", () => {
    expect(toUtcUs(MAP, 15.99995)).toBe(at(59.99995));
  });

  it("knows nothing without parts", () => expect(toUtcUs([], 3)).toBeNull());
});

describe("wall time to media time", () => {
  it.each([
    [0, 10],
    [3.5, 13.5],
    [4.6, 14.5],
    [61, 17],
  ])("%d s on the wall is %d s", (wallS, mediaS) =>
    expect(placeOf(MAP, at(wallS))).toEqual({ kind: "footage", mediaS: expect.closeTo(mediaS, 6) }),
  );

  it("shows the last frame where two files leave less than a person notices", () => {
    expect(placeOf(MAP, at(4.05))).toEqual({ kind: "footage", mediaS: expect.closeTo(13.999, 6) });
  });

  it("goes on behind a gap", () => {
    expect(placeOf(MAP, at(30))).toEqual({ kind: "gap", startUs: at(6.1), endUs: at(60), nextS: 16 });
  });

  it("has no beginning of a gap before the first part", () => {
    expect(placeOf(MAP, at(-5))).toEqual({ kind: "gap", startUs: null, endUs: at(0), nextS: 10 });
  });

  it("says that an instant is behind everything", () => {
    expect(placeOf(MAP, at(62))).toEqual({ kind: "behind", endUs: at(62), lastS: 18 });
    expect(placeOf([], at(0))).toEqual({ kind: "nothing" });
  });

  it("is the inverse inside every part", () => {
    for (const { startS, durationS } of MAP)
      for (let into = 0; into < durationS; into += 0.25) {
        const place = placeOf(MAP, toUtcUs(MAP, startS + into) ?? at(0));
        expect(place).toEqual({ kind: "footage", mediaS: expect.closeTo(startS + into, 5) });
      }
  });
});

describe("gaps between two painted frames", () => {
  it("is none inside a file, nor between files that follow each other", () => {
    expect(gapBetween(MAP, at(1), at(1.04))).toBeNull();
    expect(gapBetween(MAP, at(3.96), at(4.1))).toBeNull();
    expect(gapBetween(MAP, at(0), at(3.9))).toBeNull();
  });

  it("is what lies between the parts", () => {
    expect(gapBetween(MAP, at(6.06), at(60))).toEqual({ startUs: at(6.1), endUs: at(60) });
    expect(gapBetween(MAP, at(5), at(61.5))).toEqual({ startUs: at(6.1), endUs: at(60) });
  });
});

it("reaches from the first part to the end of the last", () => {
  expect(extent(MAP)).toEqual({ startUs: at(0), endUs: at(62) });
  expect(extent([])).toBeNull();
});
