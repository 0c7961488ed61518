import { expect, it } from "vitest";

import { plus, US_PER_S, utcUs } from "../time/instant";
import { Hand } from "./hand";

const AT = utcUs(1_795_360_000 * US_PER_S);
/** An instant so many milliseconds of a hand's way after the first one, at 1000 s a second. */
const onward = (ms: number) => plus(AT, ms * US_PER_S);

/** Moves from one of its milliseconds to another, 16 ms apart, and back where the second one is smaller. */
function drag(hand: Hand, fromMs: number, toMs: number, startMs: number): number {
  const step = Math.sign(toMs - fromMs) * 16;
  let nowMs = startMs;
  for (let at = fromMs; at !== toMs + step; at += step) hand.moved(onward(at), (nowMs += 16));
  return nowMs;
}

it("a steady hand is where it goes", () => {
  const hand = new Hand();
  drag(hand, 0, 480, 0);
  expect((hand.in(100) - onward(580)) / US_PER_S).toBeCloseTo(0, 0);
  expect((hand.in(0) - onward(480)) / US_PER_S).toBe(0);
});

it("a hand that turns is soon expected the other way", () => {
  const hand = new Hand();
  const nowMs = drag(hand, 0, 480, 0);
  drag(hand, 464, 320, nowMs);
  expect(hand.in(100)).toBeLessThan(onward(240));
});

it("a hand that rested a moment ago is expected where it is", () => {
  const hand = new Hand();
  const nowMs = drag(hand, 0, 480, 0);
  hand.moved(onward(490), nowMs + 200);
  expect(hand.in(100)).toBe(onward(490));
});
