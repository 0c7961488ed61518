import { describe, expect, test } from "vitest";

import { US_PER_HOUR, US_PER_MS, utcUs, type UtcUs } from "../time/instant";
import { addressOf, readInstant, stateOf, writeInstant } from "./address";
import { queryText } from "./route";
import { SPEEDS, START, type Layout, type WatchState } from "./watch";

const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Kiritimati",
];
const AT = utcUs(Date.UTC(2026, 10, 22, 13, 32, 7, 120) * US_PER_MS);
const LAYOUTS: readonly Layout[] = ["auto", 1, 4, 9, 16, { columns: 3, rows: 2 }];

/** The same numbers on each run (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const next = numbers(4);
const whole = (below: number): number => Math.floor(next() * below);
const instant = (): UtcUs => utcUs(Date.UTC(2020, 0) * US_PER_MS + next() * 10 * 365 * 24 * US_PER_HOUR);
const one = <T>(of: readonly T[]): T => of[whole(of.length)] as T;

/** Any state that a person can bring about. */
function state(): WatchState {
  const order = [1, 2, 3, 4, 5].slice(0, 1 + whole(5)).sort(() => next() - 0.5);
  const live = next() < 0.3;
  const instantUs = instant();
  return {
    ...START,
    order,
    layout: one(LAYOUTS),
    page: whole(3),
    selected: one(order),
    single: next() < 0.3,
    live,
    instantUs,
    speed: live ? 1 : one(SPEEDS),
    window: next() < 0.5 ? null : { centreUs: next() < 0.5 ? instantUs : instant(), usPerPx: 10 ** (next() * 9) },
  };
}

describe("an address", () => {
  test("leads back to the state that it was made of, and an address of that is the same", () => {
    for (let turn = 0; turn < 500; turn += 1) {
      const [before, zone] = [state(), one(ZONES)];
      const query = addressOf(before, zone);
      const after: WatchState = { ...START, order: [...before.order].sort((a, b) => a - b), ...stateOf(query) };
      const selected = after.selected ?? after.order[0];
      expect({ ...after, selected }).toMatchObject({
        order: before.order,
        layout: before.layout,
        page: before.page,
        selected: before.selected,
        single: before.single,
        live: before.live,
        speed: before.speed,
      });
      if (!before.live) {
        expect(after.instantUs).toBeGreaterThanOrEqual(before.instantUs);
        expect(after.instantUs - before.instantUs).toBeLessThan(US_PER_MS);
      }
      expect(after.window === null).toBe(before.window === null);
      expect(addressOf({ ...after, selected: selected ?? null }, zone).toString()).toBe(query.toString());
    }
  });

  test("is empty for the live wall, and can be read by a person", () => {
    expect(queryText(addressOf({ ...START, order: [1, 2], selected: 1 }, "UTC"))).toBe("");
    const recorded = {
      ...START,
      order: [2, 1],
      selected: 1,
      single: true,
      live: false,
      instantUs: AT,
      speed: 2,
    } as const;
    expect(queryText(addressOf(recorded, "Europe/Berlin"))).toBe(
      "?cameras=2,1&camera=1&view=single&at=2026-11-22T14:32:07.120%2B01:00&speed=2",
    );
  });

  test("whatever somebody typed is a state, the live wall if nothing can be read", () => {
    const usual = { layout: "auto", page: 0, single: false, live: true, speed: 1, window: null };
    for (const text of [
      "",
      "at=",
      "at=now",
      "at=2026-11-22",
      "cameras=1,1",
      "cameras=0",
      "camera=x",
      "layout=5",
      "layout=0x3",
    ]) {
      expect(stateOf(new URLSearchParams(text)), text).toEqual(usual);
    }
    for (const text of [
      "speed=2",
      "speed=1e9",
      "zoom=1",
      "zoom=-1&at=x",
      "page=-1",
      "page=1.5",
      "view=single",
      "view",
      "&&=&",
    ]) {
      expect(stateOf(new URLSearchParams(text)), text).toEqual(usual);
    }
    const signs = "at=cameras&%2B0159,xTZ:.-single";
    for (let turn = 0; turn < 500; turn += 1) {
      const text = Array.from({ length: whole(60) }, () => signs[whole(signs.length)]).join("");
      expect(() => addressOf({ ...START, ...stateOf(new URLSearchParams(text)) }, "UTC")).not.toThrow();
    }
  });
});

describe("an instant", () => {
  test.each([
    ["UTC", "2026-11-22T13:32:07.120+00:00"],
    ["Europe/Berlin", "2026-11-22T14:32:07.120+01:00"],
    ["America/New_York", "2026-11-22T08:32:07.120-05:00"],
    ["Asia/Kathmandu", "2026-11-22T19:17:07.120+05:45"],
  ])("in %s is written %s", (zone, text) => {
    expect(writeInstant(AT, zone)).toBe(text);
    expect(readInstant(text)).toBe(AT);
    expect(readInstant(text.replace("+", " "))).toBe(AT);
  });

  test("lies in the frame that it was made of, however the camera counts", () => {
    for (const frames of [25, 29.97, 30, 120]) {
      const length = 1e6 / frames;
      for (let frame = 0; frame < 200; frame += 1) {
        const start = utcUs(AT + frame * length);
        const read = readInstant(writeInstant(start, "Europe/Berlin")) ?? 0;
        expect(read).toBeGreaterThanOrEqual(start);
        expect(read).toBeLessThan(start + length);
      }
    }
  });

  test("in the hour that comes twice is told apart by its offset", () => {
    const first = utcUs(Date.UTC(2026, 9, 25, 0, 30) * US_PER_MS);
    const second = utcUs(first + US_PER_HOUR);
    expect(writeInstant(first, "Europe/Berlin")).toBe("2026-10-25T02:30:00.000+02:00");
    expect(writeInstant(second, "Europe/Berlin")).toBe("2026-10-25T02:30:00.000+01:00");
    for (const at of [first, second]) expect(readInstant(writeInstant(at, "Europe/Berlin"))).toBe(at);
  });
});
