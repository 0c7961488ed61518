import { beforeEach, describe, expect, it, vi } from "vitest";

import { clock } from "../state/clock.svelte";
import { START } from "../state/watch";
import { watch } from "../state/watch.svelte";
import { plus, US_PER_DAY, US_PER_HOUR, US_PER_S, type UtcUs } from "../time/instant";
import { TimelineControl } from "./control.svelte";
import type { Hit } from "./geometry/hit";
import { lengthUs, timeAt, xOf } from "./geometry/view";

const WIDTH = 1_000;
const RULER: Hit = { kind: "ruler" };
const BAND: Hit = { kind: "row", channel: 1, selected: true };

let control: TimelineControl;
let now: UtcUs;
let frameMs = 0;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T12:00:00Z") });
  now = clock.nowUs();
  frameMs = 0;
  watch.now = { ...START, order: [1, 2], selected: 1, instantUs: now };
  control = new TimelineControl();
  control.oldestUs = plus(now, -30 * US_PER_DAY);
  control.resize(WIDTH);
  control.frame(0);
});

/** Pictures of the screen, 16 ms apart. */
function frames(count: number): void {
  for (let frame = 0; frame < count; frame++) control.frame((frameMs += 16));
}

/** Presses at the first pixel and goes to the others. */
function drag(hit: Hit, xs: readonly number[], options: { selects?: boolean; y?: number; rest?: number } = {}): void {
  const { selects = false, y = 60, rest = 500 } = options;
  const [first = 0, ...others] = xs;
  let atMs = 0;
  control.pointer({ type: "down", id: 1, x: first, y, atMs, hit, selects });
  for (const x of others) control.pointer({ type: "move", id: 1, x, y, atMs: (atMs += 10) });
  control.pointer({ type: "up", id: 1, x: xs.at(-1) ?? first, y, atMs: atMs + rest });
}

describe("clicks", () => {
  it("go to the instant under them", () => {
    const there = timeAt(control.view, 300);
    drag(BAND, [300]);
    expect(watch.now).toMatchObject({ live: false, instantUs: there, selected: 1 });
  });

  it("in the future are live", () => {
    drag(BAND, [300]);
    drag(BAND, [990]);
    expect(watch.now.live).toBe(true);
  });

  it("on another row select it, and the time stays", () => {
    drag(BAND, [300]);
    const { instantUs } = watch.now;
    drag({ kind: "row", channel: 2, selected: false }, [600]);
    expect(watch.now).toMatchObject({ selected: 2, instantUs });
  });
});

describe("dragging", () => {
  it("the ruler pans and does not seek, and where it looks is told", () => {
    const there = timeAt(control.view, 500);
    drag(RULER, [500, 550, 600]);
    expect(xOf(control.view, there)).toBeCloseTo(600, 3);
    expect(watch.now.live).toBe(true);
    expect(watch.now.window?.usPerPx).toBe(control.view.usPerPx);
  });

  it("a thrown one glides on, and a press stops it there", () => {
    const there = timeAt(control.view, 500);
    drag(RULER, [400, 420, 440, 460, 480, 500], { rest: 0 });
    frames(6);
    expect(control.moving).toBe(true);
    expect(xOf(control.view, there)).toBeGreaterThan(620);
    control.pointer({ type: "down", id: 2, x: 700, y: 20, atMs: 0, hit: RULER, selects: false });
    const stopped = control.view.startUs;
    frames(30);
    expect(control.view.startUs).toBe(stopped);
    expect(watch.now.window).not.toBeNull();
  });

  it("goes no further than the oldest footage and now", () => {
    for (let round = 0; round < 10; round++) drag(RULER, [0, 500, 1_000]);
    for (let round = 0; round < 30; round++) drag(RULER, [1_000, 500, 0]);
    expect(timeAt(control.view, WIDTH / 2)).toBeLessThanOrEqual(now);
  });

  it("the playhead scrubs from where it was taken; what played goes on playing", () => {
    drag(BAND, [300]);
    const from = watch.now.instantUs;
    control.pointer({ type: "down", id: 1, x: 303, y: 60, atMs: 0, hit: { kind: "playhead" }, selects: false });
    control.pointer({ type: "move", id: 1, x: 403, y: 60, atMs: 10 });
    expect(watch.now.scrubbing).toBe(true);
    expect(watch.now.instantUs - from).toBeCloseTo(100 * control.view.usPerPx, -3);
    control.pointer({ type: "up", id: 1, x: 403, y: 60, atMs: 20 });
    expect(watch.now).toMatchObject({ scrubbing: false, intent: "playing", live: false });
  });

  it("the playhead let go at now is live, however long it was held there", () => {
    drag(BAND, [300]);
    control.pointer({ type: "down", id: 1, x: 300, y: 60, atMs: 0, hit: { kind: "playhead" }, selects: false });
    control.pointer({ type: "move", id: 1, x: 990, y: 60, atMs: 10 });
    vi.advanceTimersByTime(300);
    control.pointer({ type: "up", id: 1, x: 990, y: 60, atMs: 310 });
    expect(watch.now).toMatchObject({ scrubbing: false, live: true });
  });

  it("the playhead held at an edge moves the view on", () => {
    drag(BAND, [300]);
    control.pointer({ type: "down", id: 1, x: 300, y: 60, atMs: 0, hit: { kind: "playhead" }, selects: false });
    control.pointer({ type: "move", id: 1, x: 5, y: 60, atMs: 10 });
    const [start, at] = [control.view.startUs, watch.now.instantUs];
    frames(20);
    expect(control.view.startUs).toBeLessThan(start);
    expect(watch.now.instantUs).toBeLessThan(at);
  });

  it("with Shift selects, either way, up to now", () => {
    watch.ask({ type: "selecting", selecting: true });
    const [early, late] = [timeAt(control.view, 200), timeAt(control.view, 400)];
    drag(BAND, [400, 300, 200], { selects: true });
    expect(watch.now.selection).toEqual({ startUs: early, endUs: late });
    expect(watch.now.selecting).toBe(false);
    drag(BAND, [400, 990], { selects: true });
    expect(watch.now.selection?.endUs).toBe(now);
  });

  it("an end of the selection moves that end, also over the other", () => {
    drag(BAND, [200, 300, 400], { selects: true });
    drag({ kind: "handle", end: "start" }, [200, 300, 500]);
    expect(watch.now.selection?.startUs).toBe(timeAt(control.view, 400));
    expect(watch.now.selection?.endUs).toBe(timeAt(control.view, 500));
  });
});

describe("zooming", () => {
  it("by the wheel leaves what is under the pointer there, and is told when it ends", () => {
    drag(RULER, [500, 900, 1_300]);
    const there = timeAt(control.view, 250);
    const before = lengthUs(control.view);
    control.zoom(1 / 4, 250);
    expect(control.moving).toBe(true);
    frames(60);
    expect(control.moving).toBe(false);
    expect(lengthUs(control.view)).toBeCloseTo(before / 4, -3);
    expect(Math.abs(xOf(control.view, there) - 250)).toBeLessThan(0.1);
    expect(watch.now.window?.usPerPx).toBe(control.view.usPerPx);
  });

  it("turns add up while the view is still on its way", () => {
    const before = lengthUs(control.view);
    for (let turn = 0; turn < 4; turn++) control.zoom(1 / 2, 250);
    frames(80);
    expect(lengthUs(control.view) / before).toBeCloseTo(1 / 16, 4);
  });

  it("to a length shows that length, about the playhead", () => {
    control.showLength(US_PER_HOUR);
    frames(80);
    expect(lengthUs(control.view) / US_PER_HOUR).toBeCloseTo(1, 3);
    expect(xOf(control.view, now)).toBeCloseTo(880, 0);
  });
});

describe("following", () => {
  const wait = (seconds: number): void => {
    vi.advanceTimersByTime(seconds * 1_000);
    control.follow();
  };

  it("live, now stays at its place", () => {
    wait(3_600);
    expect(xOf(control.view, clock.nowUs())).toBeCloseTo(880, 0);
  });

  it("a person who panned away is left there, until live is asked for again", () => {
    for (let round = 0; round < 3; round++) drag(RULER, [100, 500, 900]);
    const away = control.view.startUs;
    wait(60);
    expect(control.view.startUs).toBe(away);
    watch.ask({ type: "live" });
    control.follow();
    expect(xOf(control.view, clock.nowUs())).toBeCloseTo(880, 0);
  });

  it("who goes to an instant out of sight sees it", () => {
    watch.ask({ type: "seek", toUs: plus(now, -9 * US_PER_DAY), nowUs: now });
    control.follow();
    expect(xOf(control.view, watch.now.instantUs)).toBeCloseTo(500, 0);
  });

  it("a playhead that runs out of the view takes it along", () => {
    drag(BAND, [500]);
    for (let step = 0; step < 200; step++) {
      watch.ask({ type: "moved", toUs: plus(watch.now.instantUs, 60 * US_PER_S) });
      control.follow();
      expect(xOf(control.view, watch.now.instantUs)).toBeLessThan(WIDTH);
    }
  });
});

describe("the address bar", () => {
  it("says where to look, and null is the default again", () => {
    const window = { centreUs: plus(now, -5 * US_PER_DAY), usPerPx: 1e6 };
    watch.now = { ...watch.now, live: false, instantUs: window.centreUs, window };
    control.adopt(window);
    expect(timeAt(control.view, WIDTH / 2)).toBe(window.centreUs);
    expect(control.view.usPerPx).toBe(1e6);
    watch.now = { ...watch.now, live: true, window: null };
    control.adopt(null);
    expect(lengthUs(control.view)).toBeCloseTo(6 * US_PER_HOUR, -3);
  });

  it("its own telling does not move it", () => {
    drag(RULER, [500, 550, 600]);
    const { view } = control;
    control.adopt(watch.now.window);
    expect(control.view).toBe(view);
  });
});
