import { describe, expect, it } from "vitest";

import { plus, US_PER_S, utcUs } from "../time/instant";
import { answer, type Request, START, type WatchState } from "./watch";

const NOW = utcUs(1_700_000_000_000_000);
const ago = (seconds: number) => plus(NOW, -seconds * US_PER_S);
const LIVE: WatchState = { ...START, order: [1, 2], selected: 1, instantUs: NOW };
const RECORDED: WatchState = { ...LIVE, live: false, instantUs: ago(100) };

const after = (state: WatchState, ...requests: Request[]): WatchState => requests.reduce(answer, state);

describe("going somewhere", () => {
  it("leaves live and counts as a jump", () => {
    const state = after(LIVE, { type: "seek", toUs: ago(60), nowUs: NOW });
    expect(state).toMatchObject({ live: false, instantUs: ago(60), intent: "playing", jumps: 1 });
  });

  it("is live at now, and plays", () => {
    const state = after({ ...RECORDED, intent: "paused", speed: 4 }, { type: "seek", toUs: plus(NOW, 5), nowUs: NOW });
    expect(state).toMatchObject({ live: true, instantUs: NOW, intent: "playing", speed: 1 });
  });

  it("keeps what was paused paused, and what played playing", () => {
    for (const intent of ["paused", "playing"] as const)
      expect(after({ ...RECORDED, intent }, { type: "seek", toUs: ago(9), nowUs: NOW }).intent).toBe(intent);
  });

  it("skips from the playhead", () => {
    expect(after(RECORDED, { type: "skip", byUs: -5 * US_PER_S, nowUs: NOW }).instantUs).toBe(ago(105));
    expect(after(RECORDED, { type: "skip", byUs: 200 * US_PER_S, nowUs: NOW }).live).toBe(true);
  });

  it("does not count what the picture itself does", () => {
    expect(after(RECORDED, { type: "moved", toUs: ago(99) })).toMatchObject({ instantUs: ago(99), jumps: 0 });
  });

  it("goes where the address bar says", () => {
    const state = after(LIVE, { type: "restore", state: { live: false, instantUs: ago(7), speed: 2 } });
    expect(state).toMatchObject({ live: false, instantUs: ago(7), speed: 2, jumps: 1 });
    expect(after(LIVE, { type: "restore", state: { single: true } }).jumps).toBe(0);
  });
});

describe("scrubbing", () => {
  it.each(["paused", "playing"] as const)("leaves a %s picture %s", (intent) => {
    const state = after(
      { ...RECORDED, intent },
      { type: "scrubStart" },
      { type: "scrubMove", toUs: ago(500), nowUs: NOW },
      { type: "moved", toUs: ago(99) },
      { type: "scrubMove", toUs: ago(600), nowUs: NOW },
      { type: "scrubEnd", nowUs: NOW },
    );
    expect(state).toMatchObject({ scrubbing: false, intent, instantUs: ago(600), jumps: 1 });
  });

  it("does not jump before its end", () => {
    const state = after(RECORDED, { type: "scrubStart" }, { type: "scrubMove", toUs: ago(500), nowUs: NOW });
    expect(state).toMatchObject({ scrubbing: true, instantUs: ago(500), jumps: 0 });
  });

  it("is live when it ends at now", () => {
    const later = plus(NOW, 0.3 * US_PER_S);
    const state = after(RECORDED, { type: "scrubStart" }, { type: "scrubMove", toUs: NOW, nowUs: NOW });
    expect(after(state, { type: "scrubEnd", nowUs: later })).toMatchObject({ live: true, instantUs: later, jumps: 1 });
  });

  it("stays live when the playhead is taken at now and let go there", () => {
    const later = plus(NOW, 0.3 * US_PER_S);
    expect(after(LIVE, { type: "scrubStart" }, { type: "scrubEnd", nowUs: later }).live).toBe(true);
  });

  it("keeps the speed over now and back, and is as fast as the world where it ends at now", () => {
    const held = after(
      { ...RECORDED, speed: 2 },
      { type: "scrubStart" },
      { type: "scrubMove", toUs: plus(NOW, US_PER_S), nowUs: NOW },
    );
    expect(held.live).toBe(true);
    const back = after(held, { type: "scrubMove", toUs: ago(50), nowUs: NOW }, { type: "scrubEnd", nowUs: NOW });
    expect(back).toMatchObject({ live: false, instantUs: ago(50), speed: 2 });
    expect(after(held, { type: "scrubEnd", nowUs: NOW })).toMatchObject({ live: true, speed: 1 });
  });

  it("ends once", () => expect(after(RECORDED, { type: "scrubEnd", nowUs: NOW })).toBe(RECORDED));
});

describe("playing", () => {
  it("pauses live where it is", () => {
    expect(after(LIVE, { type: "pause" })).toMatchObject({ live: false, intent: "paused", instantUs: NOW, jumps: 0 });
  });

  it("toggles", () => {
    const paused = after(RECORDED, { type: "toggle" });
    expect(paused.intent).toBe("paused");
    expect(after(paused, { type: "toggle" }).intent).toBe("playing");
  });

  it("goes through the speeds and stays at their ends", () => {
    const speeds = Array.from({ length: 8 }).reduce<WatchState[]>(
      (states) => [...states, after(states.at(-1) ?? RECORDED, { type: "faster" })],
      [RECORDED],
    );
    expect(speeds.map(({ speed }) => speed)).toEqual([1, 2, 4, 8, 16, 16, 16, 16, 16]);
    expect(after({ ...RECORDED, speed: 0.25 }, { type: "slower" }).speed).toBe(0.25);
  });

  it("cannot be faster than the world, but slower", () => {
    expect(after(LIVE, { type: "faster" })).toBe(LIVE);
    expect(after(LIVE, { type: "slower" })).toMatchObject({ live: false, speed: 0.5, jumps: 1 });
  });

  it("returns to live at normal speed", () => {
    const state = after({ ...RECORDED, speed: 8, intent: "paused", scrubbing: true }, { type: "live" });
    expect(state).toMatchObject({ live: true, speed: 1, intent: "playing", scrubbing: false, jumps: 1 });
  });
});

describe("cameras", () => {
  it("keep their order; new ones come last, one is always selected", () => {
    const state = after(LIVE, { type: "reorder", order: [2, 1] }, { type: "cameras", channels: [1, 2, 3] });
    expect(state.order).toEqual([2, 1, 3]);
    expect(after(state, { type: "cameras", channels: [3] })).toMatchObject({ order: [3], selected: 3 });
    expect(after(state, { type: "cameras", channels: [] }).selected).toBeNull();
  });

  it("count as selected by the person alone, not by the address or as the first one", () => {
    const state = after(
      START,
      { type: "cameras", channels: [1, 2] },
      { type: "restore", state: { selected: 2 } },
      { type: "cameras", channels: [1] },
    );
    expect(state).toMatchObject({ selected: 1, selections: 0 });
    expect(after(state, { type: "select", channel: 1 }).selections).toBe(1);
  });
});
