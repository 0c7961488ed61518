import { describe, expect, it } from "vitest";

import { glide, releaseSpeed, remembered, type Sample } from "./kinetic";

/** A hand that moves by so many pixels each 10 ms. */
const moving = (px: number, count: number): readonly Sample[] =>
  Array.from({ length: count }, (_, step) => ({ atMs: step * 10, x: step * px })).reduce<readonly Sample[]>(
    remembered,
    [],
  );

describe("letting go", () => {
  it.each([
    [10, 1],
    [-25, -2.5],
    [500, 8],
    [0.5, 0],
  ])("after %d pixels each 10 ms has the speed %d", (px, speed) => {
    expect(releaseSpeed(moving(px, 12), 110)).toBeCloseTo(speed, 6);
  });

  it("after a rest is no throw", () => {
    expect(releaseSpeed(moving(20, 12), 110 + 200)).toBe(0);
  });

  it("of a hand that turned round counts the last way only", () => {
    const samples = [...moving(20, 12), ...Array.from({ length: 10 }, (_, step) => ({ atMs: 120 + step * 10, x: 220 - step * 10 }))]; // prettier-ignore
    expect(releaseSpeed(samples, 210)).toBeCloseTo(-1, 6);
  });

  it("without samples is no throw", () => {
    expect(releaseSpeed([], 0)).toBe(0);
    expect(releaseSpeed([{ atMs: 0, x: 5 }], 0)).toBe(0);
  });

  it("samples that no longer count are forgotten", () => {
    expect(moving(1, 1_000).length).toBeLessThan(20);
  });
});

describe("the glide", () => {
  it("slows down, never turns, and ends", () => {
    let [last, step] = [0, Infinity];
    let ended = false;
    for (let ms = 0; ms <= 5_000 && !ended; ms += 16) {
      const now = glide(2, ms);
      if (ms > 0 && !now.ended) {
        expect(now.px - last).toBeLessThanOrEqual(step);
        expect(now.px).toBeGreaterThanOrEqual(last);
        step = now.px - last;
      }
      last = now.px;
      ended = now.ended;
    }
    expect(ended).toBe(true);
    expect(last).toBeCloseTo(650, 0);
  });

  it("to the left is that to the right mirrored", () => {
    expect(glide(-1.5, 200).px).toBe(-glide(1.5, 200).px);
  });
});
