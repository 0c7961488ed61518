import { flushSync } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { fromMs, plus, US_PER_S, utcUs } from "../time/instant";
import { keepAddress } from "./address_bar.svelte";
import { cameras } from "./cameras.svelte";
import { route } from "./route.svelte";
import { START, type Request } from "./watch";
import { watch } from "./watch.svelte";

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const AT = fromMs(Date.UTC(2026, 10, 22, 11));
let stop = (): void => undefined;
let pushes = 0;
let replaces = 0;

const ask = (request: Request): void => {
  watch.ask(request);
  flushSync();
};
const seek = (toUs: number): void => ask({ type: "seek", toUs: utcUs(toUs), nowUs: fromMs(NOW_MS) });

function begin(address: string): void {
  history.replaceState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
  watch.now = { ...START, order: [1, 2, 3, 4], selected: 1, instantUs: fromMs(NOW_MS) };
  stop = keepAddress();
  flushSync();
  pushes = replaces = 0;
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MS });
  cameras.loaded = true;
  vi.spyOn(history, "pushState").mockImplementation((...given) => {
    pushes += 1;
    History.prototype.pushState.apply(history, given);
  });
  vi.spyOn(history, "replaceState").mockImplementation((...given) => {
    replaces += 1;
    History.prototype.replaceState.apply(history, given);
  });
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

test("a link is what is watched, paused on its frame", () => {
  begin("/?camera=3&view=single&at=2026-11-22T11:00:00.000%2B00:00&speed=2");
  expect(watch.now).toMatchObject({
    selected: 3,
    single: true,
    live: false,
    instantUs: AT,
    speed: 2,
    intent: "paused",
  });
  expect(location.search).toContain("at=2026-11-22T11:00:00.000");
});

test("a link to the future is live", () => {
  begin("/?at=2027-01-01T00:00:00.000%2B00:00");
  expect(watch.now).toMatchObject({ live: true, intent: "playing" });
  expect(location.search).toBe("");
});

test("a jump leaves the place before in the history; jumps in quick succession are one", () => {
  begin("/");
  vi.advanceTimersByTime(10_000);
  seek(AT);
  expect([pushes, location.search]).toEqual([1, "?at=2026-11-22T11:00:00.000%2B00:00"]);
  seek(plus(AT, US_PER_S));
  seek(plus(AT, 2 * US_PER_S));
  expect([pushes, location.search]).toEqual([1, "?at=2026-11-22T11:00:02.000%2B00:00"]);
  vi.advanceTimersByTime(10_000);
  ask({ type: "live" });
  expect([pushes, location.search]).toEqual([2, ""]);
});

test("while pictures move the address follows once a second", () => {
  begin("/");
  vi.advanceTimersByTime(10_000);
  seek(AT);
  for (let tenth = 1; tenth <= 50; tenth += 1) {
    ask({ type: "moved", toUs: plus(AT, tenth * 100_000) });
    vi.advanceTimersByTime(100);
  }
  expect(pushes).toBe(1);
  expect(replaces).toBeGreaterThanOrEqual(4);
  expect(replaces).toBeLessThanOrEqual(6);
  ask({ type: "pause" });
  expect(location.search).toBe("?at=2026-11-22T11:00:05.000%2B00:00");
});

test.each<[string, Request, string]>([
  ["page", { type: "page", page: 4 }, "page=4"],
  ["layout", { type: "layout", layout: 9 }, "layout=9"],
  ["camera", { type: "select", channel: 3 }, "camera=3"],
  ["order", { type: "reorder", order: [2, 1, 3, 4] }, "cameras=2,1,3,4"],
  ["speed", { type: "speed", speed: 2 }, "speed=2"],
])("a %s that is chosen stands in the address at once, so that a reload keeps it", (_name, request, words) => {
  begin("/");
  seek(AT);
  ask({ type: "moved", toUs: plus(AT, 100_000) });
  ask(request);
  expect(location.search).toContain(words);
  expect(pushes).toBe(1);
});

test("while the playhead is dragged the address stays; its end is a jump", () => {
  begin("/");
  vi.advanceTimersByTime(10_000);
  const nowUs = fromMs(NOW_MS);
  ask({ type: "scrubStart" });
  ask({ type: "scrubMove", toUs: AT, nowUs });
  vi.advanceTimersByTime(3_000);
  expect(location.search).toBe("");
  ask({ type: "scrubEnd", nowUs });
  expect([pushes, location.search]).toEqual([1, "?at=2026-11-22T11:00:00.000%2B00:00"]);
});

test("back restores the place before, and is itself no jump", () => {
  begin("/");
  vi.advanceTimersByTime(10_000);
  seek(AT);
  history.replaceState(null, "", "/?camera=2&at=2026-11-22T10:00:00.000%2B00:00");
  pushes = 0;
  dispatchEvent(new PopStateEvent("popstate"));
  flushSync();
  expect(watch.now).toMatchObject({
    selected: 2,
    live: false,
    instantUs: plus(AT, -3_600 * US_PER_S),
    intent: "paused",
  });
  expect(pushes).toBe(0);
  history.replaceState("playing", "", "/?at=2026-11-22T10:30:00.000%2B00:00");
  dispatchEvent(new PopStateEvent("popstate"));
  flushSync();
  expect(watch.now).toMatchObject({ live: false, intent: "playing" });
});

test("the place that is left notes whether pictures play, for back and for reload", () => {
  begin("/");
  vi.advanceTimersByTime(10_000);
  seek(AT);
  expect(history.state).toBe("playing");
  ask({ type: "pause" });
  expect(history.state).toBe("paused");
});

test("coming back from another page shows what is watched, without a place more", () => {
  begin("/");
  route.go("storage");
  flushSync();
  seek(AT);
  expect(location.pathname + location.search).toBe("/storage");
  pushes = 0;
  route.go("watch");
  flushSync();
  expect([pushes, location.search]).toEqual([1, "?at=2026-11-22T11:00:00.000%2B00:00"]);
});
