import { describe, expect, it } from "vitest";

import { type Act, type Gesture, gestureAfter, IDLE, type PointerInput, type Press } from "./gesture";
import type { Hit } from "./hit";

const RULER: Hit = { kind: "ruler" };
const down = (x: number, more: Partial<Press> = {}): Press => ({
  ...{ type: "down", id: 1, x, y: 10, atMs: 0, hit: RULER, selects: false },
  ...more,
});
const move = (x: number, atMs = 10, id = 1, y = 10): PointerInput => ({ type: "move", id, x, y, atMs });
const up = (x: number, atMs = 20, id = 1): PointerInput => ({ type: "up", id, x, y: 10, atMs });

function play(...inputs: PointerInput[]): { acts: Act[]; gesture: Gesture } {
  const acts: Act[] = [];
  let gesture = IDLE;
  for (const input of inputs) {
    const turn = gestureAfter(gesture, input);
    gesture = turn.gesture;
    acts.push(...turn.acts);
  }
  return { acts, gesture };
}
const kinds = (...inputs: PointerInput[]): string[] => play(...inputs).acts.map((act) => act.type);

describe("click or drag", () => {
  it("a pointer that stays within 4 pixels clicks, where it went down", () => {
    const { acts, gesture } = play(down(100), move(103), move(100, 20, 1, 13), up(103));
    expect(acts).toEqual([{ type: "click", x: 100, y: 10, hit: RULER }]);
    expect(gesture).toBe(IDLE);
  });

  it("one that left them drags, also when it comes back", () => {
    expect(kinds(down(100), move(104), move(100), up(100))).toEqual(["begin", "drag", "drag", "end"]);
  });

  it("none of the way is lost to the threshold", () => {
    const { acts } = play(down(100), move(102), move(110), move(130), up(130));
    const moved = acts.reduce((sum, act) => sum + (act.type === "drag" ? act.byPx : 0), 0);
    expect(moved).toBe(30);
  });

  it.each([
    ["pan", down(100)],
    ["scrub", down(100, { hit: { kind: "playhead" } })],
    ["select", down(100, { selects: true })],
    ["select", down(100, { selects: true, hit: { kind: "playhead" } })],
    ["startHandle", down(100, { hit: { kind: "handle", end: "start" } })],
    ["endHandle", down(100, { selects: true, hit: { kind: "handle", end: "end" } })],
  ])("what a drag does: %s", (drag, press) => {
    const { acts } = play(press, move(120));
    expect(acts[0]).toEqual({ type: "begin", drag, x: 100 });
  });

  it("a pan that is let go in motion is thrown, a scrub never", () => {
    const way = [move(120, 10), move(140, 20), move(160, 30), up(160, 32)];
    expect(play(down(100), ...way).acts.at(-1)).toEqual({ type: "end", drag: "pan", speed: 2 });
    const scrub = play(down(100, { hit: { kind: "playhead" } }), ...way);
    expect(scrub.acts.at(-1)).toEqual({ type: "end", drag: "scrub", speed: 0 });
  });

  it("movement without a press is nothing, and so is another pointer's", () => {
    expect(kinds(move(100), up(100))).toEqual([]);
    expect(kinds(down(100), move(200, 10, 7), up(200, 20, 7))).toEqual([]);
  });

  it("what the browser takes away is cancelled, not clicked", () => {
    expect(kinds(down(100), { type: "cancel", id: 1 }, up(100))).toEqual([]);
    expect(kinds(down(100), move(150), { type: "cancel", id: 1 })).toEqual(["begin", "drag", "cancelled"]);
  });
});

describe("two fingers", () => {
  it("pinch, from wherever each of them was", () => {
    const { acts } = play(down(100), down(300, { id: 2 }), move(90, 10, 1), move(330, 20, 2));
    expect(acts).toEqual([
      { type: "pinch", from: [100, 300], to: [90, 300] },
      { type: "pinch", from: [90, 300], to: [90, 330] },
    ]);
  });

  it("the one that stays pans on without a jump", () => {
    const { acts } = play(
      down(100),
      down(300, { id: 2 }),
      move(80, 10, 1),
      up(300, 20, 2),
      move(85, 30, 1),
      up(85, 400),
    );
    expect(acts.slice(1)).toEqual([
      { type: "begin", drag: "pan", x: 80 },
      { type: "drag", drag: "pan", x: 85, byPx: 5 },
      { type: "end", drag: "pan", speed: 0 },
    ]);
  });

  it("a second finger turns a pan into a pinch, but does not disturb a scrub", () => {
    expect(kinds(down(100), move(150), down(300, { id: 2 }), move(310, 20, 2))).toEqual([
      "begin",
      "drag",
      "end",
      "pinch",
    ]);
    const scrub = down(100, { hit: { kind: "playhead" } });
    expect(kinds(scrub, move(150), down(300, { id: 2 }), move(160))).toEqual(["begin", "drag", "drag"]);
  });

  it("two taps of two fingers are no click", () => {
    expect(kinds(down(100), down(300, { id: 2 }), up(300, 20, 2), up(100, 30, 1))).not.toContain("click");
  });

  it("a third finger is ignored", () => {
    expect(kinds(down(100), down(300, { id: 2 }), down(500, { id: 3 }), move(510, 10, 3))).toEqual([]);
  });
});
