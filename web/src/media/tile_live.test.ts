import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { clock } from "../state/clock.svelte";
import type { PictureState } from "../state/types";
import { US_PER_S, utcUs, type UtcUs } from "../time/instant";
import { FakeScreen } from "./fake_screen";
import * as session from "./session";
import { Tile } from "./tile";

const START = utcUs(1_700_000_000_000_000);

/** `moof` > `traf` > `tfdt`. */
function fragment(decodedTicks: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(32));
  for (const [index, type] of ["moof", "traf", "tfdt"].entries()) {
    view.setUint32(8 * index, 32 - 8 * index);
    for (const [place, letter] of [...type].entries()) view.setUint8(8 * index + 4 + place, letter.charCodeAt(0));
  }
  view.setUint32(28, decodedTicks);
  return new Uint8Array(view.buffer);
}

class FakeSocket {
  static made: FakeSocket[] = [];
  binaryType = "";
  onmessage: ((message: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;

  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }
  close(): void {
    this.closed = true;
  }
  tell(kind: number, fields: unknown): void {
    const text = new TextEncoder().encode(JSON.stringify(fields));
    this.onmessage?.({ data: new Uint8Array([kind, ...text]).buffer });
  }
  header(): void {
    this.tell(1, {
      mimeType: 'video/mp4; codecs="avc1.64001f"',
      codecs: "avc1.64001f",
      audio: false,
      startUtcUs: START,
    });
  }
  part(utcUs = 0, body = new Uint8Array(2), flags = 0): void {
    const data = new Uint8Array(10 + body.length);
    data[0] = 3;
    new DataView(data.buffer).setBigUint64(1, BigInt(utcUs));
    data[9] = flags;
    data.set(body, 10);
    this.onmessage?.({ data: data.buffer });
  }
  key(utcUs: number, decodedS: number): void {
    this.part(utcUs, fragment(decodedS * 90_000), 1);
  }
}

const last = (): FakeSocket => {
  const found = FakeSocket.made.at(-1);
  if (found === undefined) throw new Error("no socket was opened");
  return found;
};

function stage() {
  const screens: [FakeScreen, FakeScreen] = [new FakeScreen(), new FakeScreen()];
  const told = { states: [] as PictureState[], painted: [] as UtcUs[] };
  const tile = new Tile(screens, {
    state: (state) => told.states.push(state),
    painted: (utc) => told.painted.push(utc),
  });
  const opened = (): FakeScreen => screens.find((screen) => screen.live !== null && !screen.shown) ?? screens[0];
  return { screens, told, tile, opened };
}

function playing() {
  const found = stage();
  found.tile.showLive(3, "sub");
  last().header();
  const screen = found.opened();
  screen.loaded(2, 3);
  screen.paint(2);
  return { ...found, screen };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
  FakeSocket.made = [];
  vi.stubGlobal("WebSocket", FakeSocket);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("plays from the first key frame that is there", () => {
  const { told, screen } = playing();
  expect(String(last().url)).toMatch(/^ws:.*\/api\/channel\/3\/live\?stream=sub$/);
  expect([screen.atS, screen.paused, screen.shown]).toEqual([2, false, true]);
  expect(told.painted).toEqual([START + 2 * US_PER_S]);
  expect(told.states.map(({ kind }) => kind)).toEqual(["playing"]);
});

it("begins with the first key frame, and knows when what it shows was", () => {
  const { tile, told, opened } = stage();
  tile.showLive(3, "sub");
  last().header();
  last().key(START + 70 * US_PER_S, 60);
  const screen = opened();
  expect(screen.originS).toBe(60);
  screen.loaded(0, 1);
  last().key(START + 75 * US_PER_S, 64);
  screen.paint(0);
  screen.paint(4.5);
  expect(screen.originS).toBe(60);
  expect(told.painted).toEqual([71 * US_PER_S, 75.5 * US_PER_S].map((lateUs) => START + lateUs));
});

it.each([
  [10, "paused"],
  [600, "connecting"],
])("a picture of %i s ago that still stands is %s when live is asked for", (seconds, kind) => {
  const { tile, told } = playing();
  tile.freeze();
  vi.spyOn(clock, "nowUs").mockReturnValue(utcUs(START + (2 + seconds) * US_PER_S));
  tile.showLive(3, "sub");
  expect(told.states.at(-1)?.kind).toBe(kind);
});

it("asks once for what it shows", () => {
  const { tile } = playing();
  tile.showLive(3, "sub");
  expect(FakeSocket.made).toHaveLength(1);
});

describe("a picture that stands", () => {
  it("says so after two seconds, and plays again by itself", () => {
    const { told, screen } = playing();
    vi.advanceTimersByTime(1_700);
    expect(told.states.at(-1)?.kind).toBe("playing");
    vi.advanceTimersByTime(600);
    expect(told.states.at(-1)).toEqual({ kind: "stalled", sinceUs: START + 2 * US_PER_S });
    screen.paint(2.5);
    expect(told.states.at(-1)?.kind).toBe("playing");
  });

  it("says so two seconds after its last frame to the moment, whenever that came", () => {
    const { told, screen } = playing();
    for (let frame = 0; frame < 37; frame += 1) {
      vi.advanceTimersByTime(93);
      screen.paint(2.1 + frame / 10);
    }
    vi.advanceTimersByTime(1_999);
    expect(told.states.at(-1)?.kind).toBe("playing");
    vi.advanceTimersByTime(1);
    expect(told.states.at(-1)?.kind).toBe("stalled");
    screen.paint(9);
    vi.advanceTimersByTime(2_000);
    expect(told.states.at(-1)?.kind).toBe("stalled");
  });

  it("says why when the recorder told", () => {
    const { told } = playing();
    last().tell(4, { event: "ended", cause: "camera offline", detail: "" });
    vi.advanceTimersByTime(2_300);
    expect(told.states.at(-1)).toEqual({ kind: "lost", cause: "camera offline", sinceUs: START + 2 * US_PER_S });
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.made).toHaveLength(1); // the recorder goes on when the camera is back
  });

  it("asks anew when the line is silent", () => {
    playing();
    vi.advanceTimersByTime(12_000);
    expect(FakeSocket.made.length).toBeGreaterThan(1);
  });
});

describe("a picture that waits where nothing is loaded", () => {
  it("goes to what is loaded, at the beginning", () => {
    const { tile, opened } = stage();
    tile.showLive(3, "sub");
    last().header();
    const screen = opened();
    screen.loaded(2, 3);
    screen.pause();
    [screen.atS, screen.loadedUntilS] = [0, 0]; // the browser forgot the seek
    vi.advanceTimersByTime(1_500);
    expect([screen.atS, screen.paused]).toEqual([2, false]);
  });

  it("goes to what is loaded behind a hole", () => {
    const { screen } = playing();
    screen.loaded(6, 7);
    [screen.atS, screen.loadedUntilS] = [3, 3.1]; // in its last frame
    vi.advanceTimersByTime(1_500);
    expect(screen.atS).toBe(6);
  });

  it("goes over a hole as soon as the frames behind it are there", () => {
    const { screen } = playing();
    for (const atS of [2, 2.04, 2.08, 2.12, 3]) last().part(START + atS * US_PER_S);
    [screen.atS, screen.loadedUntilS] = [2.13, 3.04];
    screen.loaded(2, 3.04);
    expect(screen.atS).toBeCloseTo(3.002);
  });

  it("is left alone where something is loaded, or nothing lies ahead", () => {
    const { screen } = playing();
    for (const [atS, untilS] of [
      [2.5, 3],
      [3, 3],
    ] as const) {
      [screen.atS, screen.loadedUntilS] = [atS, untilS];
      vi.advanceTimersByTime(1_500);
      expect(screen.atS).toBe(atS);
    }
  });
});

describe("a browser that does not do as it should", () => {
  const partsFor = (seconds: number, each: () => void = () => undefined): void => {
    for (let second = 0; second < seconds; second += 1) {
      last().part();
      each();
      vi.advanceTimersByTime(1_000);
    }
  };

  it("is asked again when frames come and none is ever shown", () => {
    const { tile, told } = stage();
    tile.showLive(3, "sub");
    last().header();
    partsFor(7);
    expect(FakeSocket.made).toHaveLength(1);
    partsFor(3);
    expect(FakeSocket.made).toHaveLength(2);
    expect(told.states.map(({ kind }) => kind)).toEqual(["connecting"]);
  });

  it("is asked again when its picture stands although frames come", () => {
    const { screen } = playing();
    screen.loaded(2, 20);
    partsFor(11);
    expect(FakeSocket.made.length).toBeGreaterThan(1);
  });

  it("is left alone while its clock goes on: in the background, nothing is painted", () => {
    const { screen } = playing();
    partsFor(20, () => (screen.atS += 1));
    expect(FakeSocket.made).toHaveLength(1);
  });

  it("is told to play again when it stopped by itself", () => {
    const { screen } = playing();
    screen.loaded(2, 20);
    screen.pause();
    vi.advanceTimersByTime(1_500);
    expect(screen.paused).toBe(false);
  });

  it("says what it cannot decode, and tries again", () => {
    const { screen, told } = playing();
    screen.fail("decoder error");
    expect(told.states.at(-1)).toEqual({ kind: "failed", detail: "decoder error" });
    vi.advanceTimersByTime(1_000);
    expect(FakeSocket.made).toHaveLength(2);
  });
});

it("goes on with what is coming when the picture before ends meanwhile", () => {
  const { tile, told } = playing();
  const before = last();
  tile.showLive(3, "main");
  before.onclose?.({ code: 1013 });
  vi.advanceTimersByTime(700);
  expect(FakeSocket.made).toHaveLength(2);
  expect(told.states.some(({ kind }) => kind === "lost")).toBe(false);
});

describe("a line that ends", () => {
  it("keeps the picture, says so, and asks again", () => {
    const { told, screen, opened } = playing();
    last().onclose?.({ code: 1013 });
    expect(screen.shown).toBe(true);
    expect(told.states.at(-1)).toMatchObject({ kind: "lost", cause: "the recorder does not answer" });
    vi.advanceTimersByTime(1_000);
    expect(FakeSocket.made).toHaveLength(2);
    last().header();
    const next = opened();
    next.loaded(7, 8);
    next.paint(7);
    expect([screen.shown, next.shown]).toEqual([false, true]);
    expect(told.states.at(-1)?.kind).toBe("playing");
  });

  it("asks ever more rarely", () => {
    playing();
    for (let tries = 0; tries < 6; tries += 1) {
      last().onclose?.({ code: 1013 });
      vi.advanceTimersByTime(Math.min(12_600, 700 * 2 ** tries)); // less than it takes to notice a silent line
    }
    const before = FakeSocket.made.length;
    last().onclose?.({ code: 1013 });
    vi.advanceTimersByTime(5_000);
    expect(FakeSocket.made).toHaveLength(before);
  });

  it("finds out whether the session ended", () => {
    const asked = vi.spyOn(session, "stillSignedIn").mockReturnValue();
    playing();
    last().onclose?.({ code: 1008 });
    expect(asked).toHaveBeenCalledOnce();
  });
});

it("takes up a new format on the other screen, at once", () => {
  const { screen, opened, told } = playing();
  last().header();
  vi.advanceTimersByTime(1);
  expect(FakeSocket.made).toHaveLength(2);
  expect(told.states.at(-1)?.kind).toBe("playing");
  last().header();
  expect(opened()).not.toBe(screen);
});

it("says what it cannot play, and closes the line", () => {
  const { tile, screens, told } = stage();
  for (const screen of screens) screen.playable = false;
  tile.showLive(1, "main");
  last().tell(1, { mimeType: 'video/mp4; codecs="hvc1.1"', codecs: "hvc1.1", audio: false, startUtcUs: START });
  expect(told.states.at(-1)).toEqual({ kind: "unsupported", codec: "hvc1.1" });
  expect(last().closed).toBe(true);
});

it("stands still when it is frozen", () => {
  const { tile, screen, told } = playing();
  tile.freeze();
  expect([screen.paused, screen.shown, last().closed]).toEqual([true, true, true]);
  expect(told.states.at(-1)?.kind).toBe("paused");
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.made).toHaveLength(1);
});
