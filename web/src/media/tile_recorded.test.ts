import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { clock } from "../state/clock.svelte";
import type { PictureState } from "../state/types";
import { plus, US_PER_HOUR, US_PER_S, utcUs, type Span, type UtcUs } from "../time/instant";
import { FakeScreen } from "./fake_screen";
import type { FootageMap } from "./footage_map";
import * as search from "./footage_search";
import { Tile } from "./tile";

const NOW = utcUs(1_700_000_000_000_000);
const T0 = plus(NOW, -5 * US_PER_HOUR);
const at = (seconds: number): UtcUs => plus(T0, seconds * US_PER_S);

/** Parts of 10 s from one second to another, the wall's and the media's. */
function footage(fromS: number, untilS: number, mediaS = 0): FootageMap {
  const count = (untilS - fromS) / 10;
  return Array.from({ length: count }, (_, index) => ({
    startS: mediaS + index * 10,
    durationS: 10,
    startUs: at(fromS + index * 10),
  }));
}

function stage() {
  const screens: [FakeScreen, FakeScreen] = [new FakeScreen(), new FakeScreen()];
  const told = { states: [] as PictureState[], painted: [] as UtcUs[], gaps: [] as Span[], ends: 0 };
  const tile = new Tile(screens, {
    state: (state) => told.states.push(state),
    painted: (utc) => told.painted.push(utc),
    gap: (span) => told.gaps.push(span),
    end: () => (told.ends += 1),
  });
  const loading = (): FakeScreen => {
    const found = screens.find((screen) => screen.footage !== null && !screen.shown);
    if (found === undefined) throw new Error("nothing is loading");
    return found;
  };
  const shown = (): FakeScreen => screens.find((screen) => screen.shown) ?? screens[0];
  return { screens, told, tile, loading, shown };
}

/** A tile that plays 0..100 s, at second 5. */
function playing() {
  const found = stage();
  found.tile.showRecorded(1, at(5), true);
  found.loading().list(footage(0, 100));
  found.loading().paint();
  return found;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
  vi.spyOn(clock, "nowUs").mockReturnValue(NOW);
});
afterEach(() => vi.useRealTimers());

describe("showing an instant", () => {
  it("asks for a playlist around it and starts there", () => {
    const { tile, loading, told } = stage();
    tile.showRecorded(1, at(5), true);
    expect(loading().footage?.url).toMatch(/^\/api\/channel\/1\/playlist\.m3u8\?start=\d+&end=\d+$/);
    loading().list(footage(0, 100));
    const screen = loading();
    expect(screen.atS).toBeCloseTo(5);
    screen.paint();
    expect(screen.shown).toBe(true);
    expect(told.painted).toEqual([at(5)]);
    expect(told.states.at(-1)).toEqual({ kind: "playing" });
  });

  it("keeps the old picture until the new one is painted, and does not move it", () => {
    const { tile, loading, shown, told } = playing();
    const old = shown();
    tile.showRecorded(1, at(9_000), true);
    expect(old.shown).toBe(true);
    expect(old.paused).toBe(true);
    old.paint(6);
    expect(told.painted).toEqual([at(5)]);
    const next = loading();
    next.list(footage(8_990, 9_100, 50));
    next.paint();
    expect([old.shown, old.footage, next.shown]).toEqual([false, null, true]);
    expect(told.painted.at(-1)).toBe(at(9_000));
  });

  it("seeks where it has a playlist already", () => {
    const { tile, shown, screens, told } = playing();
    tile.showRecorded(1, at(42), true);
    expect(shown().atS).toBeCloseTo(42);
    expect(screens.filter((screen) => screen.footage !== null)).toHaveLength(1);
    shown().paint(42);
    expect(told.painted.at(-1)).toBe(at(42));
    expect(told.gaps).toEqual([]);
  });

  it("does not wait for a frame that is seen already, and that the browser does not paint again", () => {
    const { tile, shown, told } = playing();
    tile.setPlaying(false);
    tile.showRecorded(1, at(5.02), false);
    vi.advanceTimersByTime(500);
    expect(told.states.at(-1)).toEqual({ kind: "connecting" });
    shown().sought();
    vi.advanceTimersByTime(1_100);
    expect(told.states.at(-1)).toEqual({ kind: "paused" });
  });

  it("says nothing of a quick seek, and that it is connecting of a long one", () => {
    const { tile, told } = playing();
    tile.showRecorded(1, at(9_000), true);
    vi.advanceTimersByTime(300);
    expect(told.states.at(-1)).not.toEqual({ kind: "connecting" });
    vi.advanceTimersByTime(300);
    expect(told.states.at(-1)).toEqual({ kind: "connecting" });
  });

  it("tries again after a failure, at the same instant", () => {
    const { tile, loading, told } = stage();
    tile.showRecorded(1, at(5), false);
    const { url } = loading().footage ?? {};
    loading().fail("the recorder does not answer");
    expect(told.states.at(-1)).toEqual({ kind: "failed", detail: "the recorder does not answer" });
    vi.advanceTimersByTime(1_000);
    expect(loading().footage?.url).toBe(url);
  });

  it("tries the new instant again, not the one that is still seen", () => {
    const { tile, loading } = playing();
    tile.showRecorded(1, at(9_000), true);
    const { url } = loading().footage ?? {};
    loading().fail("the recorder does not answer");
    vi.advanceTimersByTime(1_000);
    expect(loading().footage?.url).toBe(url);
  });

  it("gives up what the browser cannot play", () => {
    const { tile, loading, screens, told } = stage();
    tile.showRecorded(1, at(5), true);
    loading().unsupported("hvc1.1.6.L93.B0");
    expect(told.states.at(-1)).toEqual({ kind: "unsupported", codec: "hvc1.1.6.L93.B0" });
    expect(screens.every((screen) => screen.footage === null)).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(told.states.at(-1)?.kind).toBe("unsupported");
  });
});

describe("gaps", () => {
  const map = [...footage(0, 50), ...footage(80, 100, 50)];

  it("are told and played over", () => {
    const { tile, loading, told } = stage();
    tile.showRecorded(1, at(45), true);
    const screen = loading();
    screen.list(map);
    screen.paint();
    screen.paint(49.96);
    screen.paint(50);
    expect(told.gaps).toEqual([{ startUs: at(50), endUs: at(80) }]);
    expect(screen.paused).toBe(false);
    expect(told.painted.at(-1)).toBe(at(80));
  });

  it("are waited through, on the first frame behind", () => {
    const { tile, loading, told } = stage();
    tile.holdAtGaps(true);
    tile.showRecorded(1, at(45), true);
    const screen = loading();
    screen.list(map);
    screen.paint();
    screen.paint(49.96);
    screen.paint(50);
    expect(screen.paused).toBe(true);
    expect(told.states.at(-1)).toEqual({ kind: "noFootage", cause: "", startUs: at(50), endUs: at(80) });
    tile.setPlaying(true);
    screen.paint(50.04);
    expect(screen.paused).toBe(false);
    expect(told.states.at(-1)).toEqual({ kind: "playing" });
  });

  it("are left by going elsewhere", () => {
    const { tile, loading, told } = stage();
    tile.holdAtGaps(true);
    tile.showRecorded(1, at(45), true);
    const screen = loading();
    screen.list(map);
    screen.paint();
    screen.paint(50);
    tile.showRecorded(1, at(10), true);
    screen.paint(10);
    expect(told.states.at(-1)).toEqual({ kind: "playing" });
  });

  it("are told when somebody goes into one", () => {
    const { tile, loading, told } = stage();
    tile.showRecorded(1, at(60), true);
    loading().list(map);
    expect(told.gaps).toEqual([{ startUs: at(50), endUs: at(80) }]);
    expect(loading().atS).toBeCloseTo(50.02);
  });

  it("longer than a playlist are looked up", async () => {
    vi.spyOn(search, "findFootage").mockResolvedValue({ cause: "camera offline", startUs: at(50), endUs: at(9_000) });
    const { tile, loading, told } = stage();
    tile.showRecorded(1, at(4_000), true);
    loading().missing("camera offline");
    await vi.advanceTimersByTimeAsync(0);
    expect(told.gaps).toEqual([{ startUs: at(50), endUs: at(9_000) }]);
    loading().list(footage(9_000, 9_100));
    expect(loading().atS).toBe(0);
  });

  it("longer than a playlist are waited through, too", async () => {
    vi.spyOn(search, "findFootage").mockResolvedValue({ cause: "camera offline", startUs: at(50), endUs: at(9_000) });
    const { tile, loading, screens, told } = stage();
    tile.holdAtGaps(true);
    tile.showRecorded(1, at(4_000), true);
    loading().missing("camera offline");
    await vi.advanceTimersByTimeAsync(0);
    expect(told.states.at(-1)).toMatchObject({ kind: "noFootage", cause: "camera offline" });
    expect(screens.every((screen) => screen.footage === null)).toBe(true);
    tile.setPlaying(true);
    expect(loading().footage).not.toBeNull();
  });

  it("up to now are the end", async () => {
    vi.spyOn(search, "findFootage").mockResolvedValue(null);
    const { tile, loading, told } = stage();
    tile.showRecorded(1, at(4_000), true);
    loading().missing("camera offline");
    await vi.advanceTimersByTimeAsync(0);
    expect(told.ends).toBe(1);
  });
});

describe("the end of a playlist", () => {
  it("is played over into the next one, which was prepared", () => {
    const { loading, shown, told } = playing();
    const old = shown();
    old.paint(92);
    const next = loading();
    next.list(footage(100, 200, 30));
    expect(next.atS).toBeCloseTo(30.002, 3);
    next.paint();
    expect(next.shown).toBe(false);
    old.paint(99.96);
    old.end();
    expect([old.shown, old.footage]).toEqual([false, null]);
    expect([next.shown, next.paused]).toEqual([true, false]);
    next.paint(30.04);
    expect(told.painted.slice(-2)).toEqual([at(99.96), at(100.04)]);
    expect(told.gaps).toEqual([]);
  });

  it("waits for the next one when that is not there yet", () => {
    const { loading, shown } = playing();
    const old = shown();
    old.paint(92);
    old.end();
    const next = loading();
    expect(old.shown).toBe(true);
    next.list(footage(100, 200));
    next.paint();
    expect(next.shown).toBe(true);
  });

  it("asks for the next one again only after two seconds, when that is not there", () => {
    const { screens, loading, shown } = playing();
    const asked = vi.spyOn(screens[0], "openFootage");
    const askedOther = vi.spyOn(screens[1], "openFootage");
    const count = (): number => asked.mock.calls.length + askedOther.mock.calls.length;
    shown().paint(90);
    loading().missing("recorder down");
    for (let frame = 1; frame < 15; frame += 1) {
      vi.advanceTimersByTime(100);
      shown().paint(90 + frame / 10);
    }
    expect(count()).toBe(1);
    vi.advanceTimersByTime(700);
    shown().paint(92.2);
    expect(count()).toBe(2);
  });

  it("is opened anew when what was prepared failed", () => {
    const { loading, shown, screens, told } = playing();
    const old = shown();
    old.paint(92);
    loading().fail("the recorder does not answer");
    expect(screens.filter((screen) => screen.footage !== null)).toEqual([old]);
    expect(told.states.at(-1)).toEqual({ kind: "playing" });
    old.end();
    loading().list(footage(100, 200));
    loading().paint();
    expect(told.painted.at(-1)).toBeCloseTo(at(100.002), -1);
  });

  it("is opened anew when the browser cannot play what was prepared, and that is said then", () => {
    const { loading, shown, told } = playing();
    shown().paint(92);
    loading().unsupported("hvc1");
    expect(told.states.at(-1)).toEqual({ kind: "playing" });
    shown().end();
    loading().unsupported("hvc1");
    expect(told.states.at(-1)).toEqual({ kind: "unsupported", codec: "hvc1" });
  });

  it("close to now is prepared shortly before, at the speed that is played", () => {
    const { tile, loading, shown, screens } = stage();
    const from = plus(NOW, -50 * US_PER_S);
    tile.showRecorded(1, from, true);
    tile.setSpeed(2);
    const screen = loading();
    screen.list([{ startS: 0, durationS: 30, startUs: from }]);
    screen.paint(0);
    screen.paint(20);
    expect(screens.filter((one) => one.footage !== null)).toHaveLength(1);
    screen.paint(23);
    const next = loading();
    next.list([{ startS: 0, durationS: 15, startUs: plus(from, 30 * US_PER_S) }]);
    next.paint();
    screen.end();
    expect([shown(), next.rate, next.paused]).toEqual([next, 2, false]);
  });

  it("goes on with what was recorded meanwhile", () => {
    const { tile, loading, shown } = stage();
    const at = plus(NOW, -60 * US_PER_S);
    tile.showRecorded(1, at, true);
    const screen = loading();
    screen.list([{ startS: 0, durationS: 20, startUs: at }]);
    screen.paint();
    screen.end();
    expect(loading()).not.toBe(screen);
    expect(loading().footage?.url).toContain(`start=${(at + 20 * US_PER_S) / 1000}&end=`);
    expect(shown()).toBe(screen);
  });

  it("is an end when it caught up with now", () => {
    const { tile, loading, told } = stage();
    const near = plus(NOW, -30 * US_PER_S);
    tile.showRecorded(1, near, true);
    const screen = loading();
    screen.list([{ startS: 0, durationS: 26, startUs: near }]);
    screen.paint();
    screen.end();
    expect(told.ends).toBe(1);
  });
});

it("steps into the middle of the next frame and pauses", () => {
  const { tile, shown } = playing();
  for (let frame = 0; frame < 20; frame += 1) shown().paint(5 + frame * 0.1);
  tile.step(1);
  expect(shown().paused).toBe(true);
  expect(shown().atS).toBeCloseTo(6.9 + 0.15, 2);
  shown().paint(7);
  tile.step(-1);
  expect(shown().atS).toBeCloseTo(6.95, 2);
});

it("steps farther while the same frame is painted, and takes each press", () => {
  const { tile, shown, told } = playing(); // one frame alone was seen: its rate is not known
  tile.setPlaying(false);
  const before = told.painted.length;
  tile.step(1);
  tile.step(1);
  for (let seeks = 0; seeks < 12; seeks += 1) shown().paint(Math.floor(shown().atS * 10 + 1e-6) / 10);
  expect([...new Set(told.painted.slice(before))]).toEqual([at(5.1), at(5.2)]);
});

it("steps farther when the browser does not paint the same frame again", () => {
  const { tile, shown } = playing();
  tile.step(1);
  const firstS = shown().atS;
  shown().sought();
  vi.advanceTimersByTime(300);
  expect(shown().atS).toBeGreaterThan(firstS);
});

it("stays in the small window over other programs when the screens change places", () => {
  const { tile, loading, shown } = playing();
  const old = shown();
  old.floating = true;
  tile.showRecorded(1, at(9_000), true);
  const next = loading();
  next.list(footage(8_990, 9_100));
  expect([old.floating, next.floating]).toEqual([true, false]);
  next.paint();
  expect(next.floating).toBe(true);
});

it("leaves nothing when it is stopped", () => {
  const { tile, screens, told } = playing();
  tile.stop();
  expect(screens.every((screen) => screen.footage === null)).toBe(true);
  expect(told.states.at(-1)).toEqual({ kind: "idle" });
});
