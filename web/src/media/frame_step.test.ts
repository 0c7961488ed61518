import { describe, expect, it } from "vitest";

import { FrameStep } from "./frame_step";

/** The frame that is seen at a media time, of so many a second. */
const frameAt = (mediaS: number, fps: number): number => Math.floor(mediaS * fps + 1e-6) / fps;

function stepped(fromS: number, direction: 1 | -1, fps: number, leastS: number | null): [number, number] {
  const step = new FrameStep(fromS, direction, leastS);
  for (let seeks = 1; seeks < 20; seeks += 1) {
    const found = frameAt(step.targetS, fps);
    if (step.reached(found)) return [found, seeks];
    if (!step.farther()) break;
  }
  return [Number.NaN, 0];
}

describe.each([1, 2, 5, 6, 10, 12.5, 15, 20, 25, 29.97, 30, 50, 60])("%d frames a second", (fps) => {
  const frames = Math.ceil(30 * fps);
  const fromS = frames / fps;

  it.each([1, -1] as const)("%d leaves none out, when the rate is not known", (direction) => {
    const [found, seeks] = stepped(fromS, direction, fps, null);
    expect(found).toBeCloseTo((frames + direction) / fps, 6);
    expect(seeks).toBeLessThanOrEqual(9);
  });

  it.each([1, -1] as const)("%d is one seek, when it is known", (direction) => {
    expect(stepped(fromS, direction, fps, 1 / fps)).toEqual([expect.closeTo((frames + direction) / fps, 6), 1]);
  });
});

it("goes on farther where a frame is missing, and no farther than two seconds", () => {
  const step = new FrameStep(30, 1, 0.04);
  const targets = [step.targetS];
  while (step.farther()) targets.push(step.targetS);
  expect(targets.at(-1)).toBeCloseTo(32);
  expect(targets.length).toBeLessThan(10);
});

it("comes back to the frame before, when a farther one had to be loaded first", () => {
  const step = new FrameStep(120.2, -1, 0.1);
  let loadedFromS = 120.2;
  const seen = (): number => {
    if (step.targetS < 120) loadedFromS = 119.2;
    return Math.max(loadedFromS, frameAt(step.targetS, 10));
  };
  for (let seeks = 0; seeks < 20; seeks += 1) {
    if (!step.reached(seen())) step.farther();
    else if (!step.refine()) break;
  }
  expect(seen()).toBeCloseTo(120.1);
});

it("ends at the beginning", () => {
  const step = new FrameStep(0, -1, 0.04);
  expect(step.targetS).toBe(0);
  expect(step.farther()).toBe(false);
});
