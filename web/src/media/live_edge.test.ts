import { describe, expect, it } from "vitest";

import { afterDry, afterQuiet, correct, LEAST_MARGIN_S, LiveEdge, MOST_MARGIN_S } from "./live_edge";

describe("what to do", () => {
  it.each([
    [0.05, { kind: "rate", rate: 1 }],
    [0.1, { kind: "rate", rate: 1.1 }],
    [0.4, { kind: "rate", rate: 1.25 }],
    [2.05, { kind: "rate", rate: 1.5 }],
    [0.02, { kind: "rate", rate: 0.95 }],
    [-0.2, { kind: "rate", rate: 0.95 }],
  ])("with %d s left and a margin of 50 ms", (leftS, order) => expect(correct(leftS, 0.05)).toEqual(order));

  it("jumps when it is far behind", () => {
    expect(correct(4.05, 0.05)).toEqual({ kind: "jump", byS: expect.closeTo(4, 6) });
  });
});

describe("the margin", () => {
  it("grows up to an end", () => {
    let marginS = LEAST_MARGIN_S;
    for (let times = 0; times < 50; times += 1) marginS = afterDry(marginS);
    expect(marginS).toBe(MOST_MARGIN_S);
  });

  it("shrinks back while nothing happens", () => {
    expect(afterQuiet(0.5, 10)).toBeLessThan(0.5);
    expect(afterQuiet(0.5, 3_600)).toBe(LEAST_MARGIN_S);
  });
});

interface Played {
  /** What was left to be shown at each frame that came, in seconds. */
  readonly left: number[];
  readonly jumps: number;
}

/** Frames of 25 a second, each late by what `late` says; a player that obeys, and stands where it has no more. */
function play(seconds: number, late: (frame: number) => number, startLeftS: number): Played {
  const edge = new LiveEdge();
  const left: number[] = [];
  let [atS, rate, lastS, jumps] = [-startLeftS, 1, 0, 0];
  for (let frame = 0; frame < seconds * 25; frame += 1) {
    const nowS = frame * 0.04 + late(frame);
    atS = Math.min(frame * 0.04, atS + Math.max(0, nowS - lastS) * rate);
    lastS = Math.max(lastS, nowS);
    const leftS = frame * 0.04 - atS;
    left.push(leftS);
    const order = edge.frame(leftS, nowS * 1_000);
    if (order?.kind === "rate") rate = order.rate;
    if (order?.kind !== "jump") continue;
    atS += order.byS;
    jumps += 1;
  }
  return { left, jumps };
}

describe("a player that obeys", () => {
  const jitter = (frame: number): number => ((frame * 7919) % 23) / 1_000;

  it("comes close from a second behind and stays so", () => {
    const late = play(20, jitter, 1.2).left.slice(15 * 25);
    expect(Math.max(...late)).toBeLessThan(0.13);
    expect(Math.min(...late)).toBeGreaterThan(0);
  });

  it("jumps at the beginning, which is as old as the last key frame", () => {
    expect(play(5, jitter, 1.2).jumps).toBe(1);
  });

  it("leaves no frame out when two seconds of them come at once", () => {
    const { left, jumps } = play(
      60,
      (frame) => (frame > 500 && frame < 550 ? (550 - frame) * 0.04 : jitter(frame)),
      0.3,
    );
    expect(Math.max(...left.slice(500))).toBeGreaterThan(1.8);
    expect(jumps).toBe(0);
    expect(Math.max(...left.slice(50 * 25))).toBeLessThan(0.3);
  });

  it("does not run dry at a frame that is late now and then, however long it was quiet", () => {
    const { left } = play(300, (frame) => (frame % 3_000 === 2_999 ? 0.07 : jitter(frame) / 2), 0.3);
    expect(Math.min(...left)).toBeGreaterThan(0);
  });

  it("does not run dry again and again when frames come late by turns", () => {
    const { left } = play(60, (frame) => (frame % 50 === 0 ? 0.15 : jitter(frame)), 0.3);
    expect(left.slice(30 * 25).filter((one) => one <= 0).length).toBeLessThan(8);
  });
});
