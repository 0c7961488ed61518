import { describe, expect, it } from "vitest";

import type { Camera } from "../state/types";
import { START, type WatchState } from "../state/watch";
import { leaderOf, planOf } from "./plan";

const camera = (channel: number, more: Partial<Camera> = {}): Camera => ({
  channel,
  name: `Camera ${channel}`,
  enabled: true,
  hasAudio: false,
  hasSub: true,
  ...more,
});
const state = (more: Partial<WatchState>): WatchState => ({
  ...START,
  order: [1, 2, 3, 4, 5, 6],
  selected: 2,
  ...more,
});
const SIX = [1, 2, 3, 4, 5, 6];
const NOTHING = { kind: "nothing" };

describe("live", () => {
  it("is the sub stream on a wall and the main stream alone", () => {
    expect(planOf(camera(1), state({}), SIX)).toEqual({ kind: "live", stream: "sub" });
    expect(planOf(camera(2), state({ single: true }), [2])).toEqual({ kind: "live", stream: "main" });
    expect(planOf(camera(1, { hasSub: false }), state({}), SIX)).toEqual({ kind: "live", stream: "main" });
  });

  it("is the main stream of the camera that is heard, as sub streams may have no sound", () => {
    const streams = [1, 2].map((channel) => planOf(camera(channel), state({ sound: 2 }), SIX));
    expect(streams).toEqual([
      { kind: "live", stream: "sub" },
      { kind: "live", stream: "main" },
    ]);
  });

  it("stays as small as it was in the small window of a page in the background", () => {
    expect(planOf(camera(1, { hasSub: true }), state({}), [1], true)).toEqual({ kind: "live", stream: "sub" });
    expect(planOf(camera(1, { hasSub: true }), state({ single: true }), [1], true)).toEqual({
      kind: "live",
      stream: "main",
    });
  });

  it("is nothing of what is not seen, switched off or unknown", () => {
    expect(planOf(camera(7), state({}), SIX)).toEqual(NOTHING);
    expect(planOf(camera(1, { enabled: false }), state({}), SIX)).toEqual(NOTHING);
    expect(planOf(undefined, state({}), SIX)).toEqual(NOTHING);
  });
});

describe("recorded", () => {
  it("plays the selected camera and three more on one clock", () => {
    const plans = SIX.map((channel) => planOf(camera(channel), state({ live: false, selected: 5 }), SIX));
    const follows = { kind: "recorded", leads: false };
    expect(plans).toEqual([follows, follows, follows, NOTHING, { kind: "recorded", leads: true }, NOTHING]);
  });

  it("plays the selected one alone without sync", () => {
    const plans = SIX.map((channel) => planOf(camera(channel), state({ live: false, sync: false }), SIX).kind);
    expect(plans).toEqual(["nothing", "recorded", "nothing", "nothing", "nothing", "nothing"]);
  });

  it("plays footage of a camera that is switched off now", () => {
    expect(planOf(camera(2, { enabled: false }), state({ live: false }), SIX).kind).toBe("recorded");
  });
});

it("is led by the first that is seen when the selected one is not", () => {
  expect(leaderOf(state({ selected: 9 }), [3, 4])).toBe(3);
  expect(leaderOf(state({ selected: 4 }), [3, 4])).toBe(4);
  expect(leaderOf(state({}), [])).toBeNull();
});
