import { describe, expect, it } from "vitest";

import { plus, US_PER_S, utcUs, type UtcUs } from "../time/instant";
import { direct } from "./conductor";

const CLOCK = utcUs(1_700_000_000_000_000);
const off = (seconds: number): UtcUs => plus(CLOCK, seconds * US_PER_S);
const follower = (seconds: number) => ({ positionUs: off(seconds), heldAt: null });

describe("a follower", () => {
  it.each([
    ["together", 0, { kind: "play", rate: 1 }],
    ["hardly behind", -0.025, { kind: "play", rate: 1 }],
    ["behind", -0.2, { kind: "play", rate: 1.1 }],
    ["ahead", 0.1, { kind: "play", rate: 0.95 }],
    ["well ahead", 0.4, { kind: "wait" }],
    ["far behind", -3, { kind: "seek", toUs: off(0.25) }],
    ["far ahead", 3, { kind: "seek", toUs: off(0.25) }],
  ])("%s", (_name, seconds, order) => expect(direct(CLOCK, 1, follower(seconds))).toEqual(order));

  it("bends the rate that is wanted", () => {
    expect(direct(CLOCK, 4, follower(-0.8))).toEqual({ kind: "play", rate: 4.4 });
  });

  it("starts as soon as it can when it has no picture yet", () => {
    expect(direct(CLOCK, 2, { positionUs: null, heldAt: null })).toEqual({ kind: "play", rate: 2 });
  });

  it("waits behind a gap until the clock comes there", () => {
    const heldAt = { startUs: off(-10), endUs: off(5) };
    expect(direct(CLOCK, 1, { positionUs: off(5), heldAt })).toEqual({ kind: "wait" });
    expect(direct(off(5), 1, { positionUs: off(5), heldAt })).toEqual({ kind: "play", rate: 1 });
    expect(direct(off(-60), 1, { positionUs: off(5), heldAt })).toEqual({ kind: "seek", toUs: off(-60) });
  });

  it.each([-0.9, -0.5, -0.1, 0.1, 0.2])("comes within 100 ms from %d s off and stays there", (start) => {
    let [clockS, atS] = [0, start];
    for (let beat = 0; beat < 120; beat += 1) {
      const order = direct(off(clockS), 1, follower(atS));
      clockS += 0.1;
      if (order.kind === "play") atS += 0.1 * order.rate;
      if (order.kind === "seek") atS = clockS;
      if (beat > 100) expect(Math.abs(clockS - atS)).toBeLessThan(0.1);
    }
  });
});
