import { describe, expect, it } from "vitest";

import { LiveHole } from "./live_hole";

/** Frames of 25 a second from 0 on, without those that are missing. */
function holeOf(missing: readonly number[], frames = 50): LiveHole {
  const hole = new LiveHole();
  for (let frame = 0; frame < frames; frame += 1) if (!missing.includes(frame)) hole.frame(frame * 0.04);
  return hole;
}
const from = (first: number, last: number): number[] => Array.from({ length: last - first }, (_, at) => first + at);

describe("a hole from 0.76 s to 1.6 s", () => {
  it("is crossed when the last frame in front of it is shown, once", () => {
    const hole = holeOf(from(20, 40));
    expect(hole.wayOver({ atS: 0.6, loadedUntilS: 2, loadedFromS: 0 })).toBeNull();
    expect(hole.wayOver({ atS: 0.77, loadedUntilS: 2, loadedFromS: 0 })).toBeCloseTo(1.602);
    expect(hole.wayOver({ atS: 0.77, loadedUntilS: 2, loadedFromS: 0 })).toBeNull();
  });

  it("is crossed where the browser has two ranges", () => {
    const hole = holeOf(from(20, 40));
    expect(hole.wayOver({ atS: 0.8, loadedUntilS: 0.8, loadedFromS: 0 })).toBeNull(); // not taken in yet
    expect(hole.wayOver({ atS: 0.8, loadedUntilS: 0.8, loadedFromS: 1.6 })).toBeCloseTo(1.602);
  });

  it("is crossed to the key frame that the browser waited for", () => {
    expect(holeOf(from(20, 40)).wayOver({ atS: 0.8, loadedUntilS: 0.8, loadedFromS: 1.84 })).toBe(1.84);
  });

  it("is forgotten by a picture that is behind it already", () => {
    const hole = holeOf(from(20, 40));
    expect(hole.wayOver({ atS: 1.7, loadedUntilS: 2, loadedFromS: 0 })).toBeNull();
    expect(hole.wayOver({ atS: 0.77, loadedUntilS: 2, loadedFromS: 0 })).toBeNull();
  });
});

it("a few missing frames are played through", () => {
  expect(holeOf(from(20, 23)).wayOver({ atS: 0.77, loadedUntilS: 2, loadedFromS: 0 })).toBeNull();
});

it("frames that come rarely leave no hole, nor do those that are decoded in another order", () => {
  const rare = new LiveHole();
  for (const atS of [0, 1, 2.4, 3.1, 5]) rare.frame(atS);
  expect(rare.wayOver({ atS: 3.1, loadedUntilS: 6, loadedFromS: 0 })).toBeNull();
  const mixed = new LiveHole();
  for (const frame of [0, 3, 1, 2, 6, 4, 5, 9]) mixed.frame(frame * 0.04);
  expect(mixed.wayOver({ atS: 0.24, loadedUntilS: 0.4, loadedFromS: 0 })).toBeNull();
});
