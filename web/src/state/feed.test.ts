import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Problem } from "../api/problem";
import type { Listener, News } from "../api/news";
import { fromMs } from "../time/instant";
import { cameras } from "./cameras.svelte";
import { clock } from "./clock.svelte";
import { follow } from "./feed";
import { watch } from "./watch.svelte";

let line: Listener = {};
let asked: string[] = [];
let down = false;

vi.mock("../api/news", () => ({
  open: vi.fn(),
  close: vi.fn(),
  listen: (listener: Listener) => {
    line = listener;
    return () => (line = {});
  },
}));
vi.mock("../api/client", () => ({
  whenSignedOut: vi.fn(),
  getJson: (path: string) => {
    asked.push(path);
    return down ? Promise.reject(new Problem(0, "unreachable", "no answer", "")) : Promise.resolve(ANSWERS[path]);
  },
}));

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const CHANNEL = { name: "Gate", enabled: true, hasAudio: false, hasSub: true };
const LIVE = {
  status: "LIVE",
  since: "2026-11-22T11:00:00.000+00:00",
  error: null,
  codec: "h264",
  width: 640,
  height: 360,
  fps: 10,
};
const ANSWERS: Readonly<Record<string, unknown>> = {
  "/api/config": {
    channels: [
      { channel: 1, ...CHANNEL },
      { channel: 2, ...CHANNEL, name: "<b>Yard</b>" },
    ],
    timeZone: "Europe/Berlin",
    segmentDuration: 60,
    version: "1.2.3",
    now: NOW_MS + 90_000,
  },
  "/api/live": { channels: { "1": { ...LIVE, bitrate: 1000 }, "2": { ...LIVE, bitrate: 2000 } } },
};
const tell = (news: News): void => line.heard?.(news);
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
let leave = (): void => undefined;

beforeEach(async () => {
  vi.useFakeTimers({ now: NOW_MS });
  asked = [];
  down = false;
  leave = follow();
  line.opened?.();
  await settled();
});
afterEach(() => {
  leave();
  vi.useRealTimers();
});

test("the cameras, their states, the zone and the recorder's clock are known", () => {
  expect(cameras.list.map((one) => one.name)).toEqual(["Gate", "<b>Yard</b>"]);
  expect(cameras.states.get(2)).toMatchObject({ status: "LIVE", bitrate: 2000, sinceUs: fromMs(NOW_MS - 3_600_000) });
  expect(cameras.zone).toBe("Europe/Berlin");
  expect(cameras.connected).toBe(true);
  expect(clock.nowUs()).toBe(fromMs(NOW_MS + 90_000));
  expect(watch.now.order).toEqual([1, 2]);
});

test("nothing is asked twice when the page opens, though the line tells all states", async () => {
  tell({ event: "channel", channel: 1, status: "LIVE", sinceUtcUs: fromMs(NOW_MS - 3_600_000), error: null });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toEqual(["/api/config", "/api/live"]);
});

test("a line that opens only later has all asked anew", async () => {
  leave();
  asked = [];
  leave = follow();
  line.closed?.();
  line.opened?.();
  await settled();
  expect(asked).toHaveLength(4);
});

test("a cut line says since when, and all is asked anew when it is back", async () => {
  const before = asked.length;
  await vi.advanceTimersByTimeAsync(8_000); // so long it takes to notice
  line.closed?.();
  expect([cameras.connected, cameras.lostSinceUs]).toEqual([false, fromMs(NOW_MS + 90_000)]);
  line.opened?.();
  await settled();
  expect([cameras.connected, cameras.lostSinceUs]).toEqual([true, null]);
  expect(asked.slice(before)).toEqual(["/api/config", "/api/live"]);
});

test("what could not be asked is asked again until there is an answer", async () => {
  down = true;
  line.opened?.();
  await vi.advanceTimersByTimeAsync(5_000);
  const failed = asked.length;
  down = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(asked.length).toBe(failed + 2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.length).toBe(failed + 2);
});

test("news of a camera is shown at once, and the rest of its state is asked for", async () => {
  tell({ event: "channel", channel: 1, status: "REC", sinceUtcUs: 5, error: "the camera does not answer" });
  expect(cameras.states.get(1)).toMatchObject({
    status: "REC",
    sinceUs: 5,
    error: "the camera does not answer",
    codec: "h264",
  });
  const before = asked.length;
  tell({ event: "channel", channel: 2, status: "REC", sinceUtcUs: null, error: null });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked.slice(before)).toEqual(["/api/live"]);
});

test("a recorder that stops is told with the time, until it runs again", async () => {
  tell({ event: "recorder", running: false });
  expect([cameras.recorderRunning, cameras.recorderDownSinceUs]).toEqual([false, fromMs(NOW_MS + 90_000)]);
  await vi.advanceTimersByTimeAsync(10_000);
  tell({ event: "recorder", running: false });
  expect(cameras.recorderDownSinceUs).toBe(fromMs(NOW_MS + 90_000));
  tell({ event: "recorder", running: true });
  expect([cameras.recorderRunning, cameras.recorderDownSinceUs]).toEqual([true, null]);
});

test("the clock follows the recorder's, but not the way that its news take", () => {
  const skew = (): number => clock.nowUs() - fromMs(Date.now());
  tell({ event: "clock", utcUs: fromMs(NOW_MS + 90_000 - 40) });
  expect(skew()).toBe(90_000_000);
  tell({ event: "clock", utcUs: fromMs(NOW_MS + 90_100) });
  expect(skew()).toBe(90_100_000);
  tell({ event: "clock", utcUs: fromMs(NOW_MS) }); // somebody set the recorder's clock
  expect(skew()).toBe(0);
});
