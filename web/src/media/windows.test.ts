import { describe, expect, it } from "vitest";

import { plus, US_PER_HOUR, US_PER_MINUTE, US_PER_S, utcUs } from "../time/instant";
import { AFTER_US, BEFORE_US, isNearNow, isTimeToPrepare, playlistUrl, windowAround, windowFrom } from "./windows";

const NOW = utcUs(1_700_000_000_000_000);

describe("the window of a playlist", () => {
  it("lies around the instant", () => {
    const at = plus(NOW, -US_PER_HOUR);
    expect(windowAround(at, NOW)).toEqual({ startUs: plus(at, -BEFORE_US), endUs: plus(at, AFTER_US) });
  });

  it("ends before now, so that the recorder takes it for closed", () => {
    expect(windowAround(plus(NOW, -10 * US_PER_MINUTE), NOW).endUs).toBe(plus(NOW, -US_PER_S));
    expect(windowFrom(plus(NOW, -US_PER_MINUTE), NOW)).toEqual({
      startUs: plus(NOW, -US_PER_MINUTE),
      endUs: plus(NOW, -US_PER_S),
    });
  });

  it("is never empty", () => {
    expect(windowFrom(NOW, NOW).endUs).toBeGreaterThan(NOW);
  });

  it("is followed by one that begins where it ends", () => {
    const end = plus(NOW, -2 * US_PER_HOUR);
    expect(windowFrom(end, NOW)).toEqual({ startUs: end, endUs: plus(end, AFTER_US) });
  });

  it("is asked for in milliseconds", () => {
    expect(playlistUrl(3, { startUs: NOW, endUs: plus(NOW, US_PER_S) })).toBe(
      "/api/channel/3/playlist.m3u8?start=1700000000000&end=1700000001000",
    );
  });
});

describe("the next window", () => {
  const end = plus(NOW, -US_PER_HOUR);
  const prepares = (leftS: number, speed: number, endUs = end): boolean =>
    isTimeToPrepare(plus(endUs, -leftS * US_PER_S), endUs, NOW, speed);

  it("is prepared earlier the faster one plays", () => {
    expect([prepares(20, 1), prepares(10, 1), prepares(60, 16)]).toEqual([false, true, true]);
  });

  it("is prepared late where it would be short, and not where live follows", () => {
    const close = plus(NOW, -20 * US_PER_S);
    expect([prepares(10, 1, close), prepares(3, 1, close), prepares(6, 2, close)]).toEqual([false, true, true]);
    expect(prepares(1, 1, plus(NOW, -10 * US_PER_S))).toBe(false);
  });
});

it("live follows what ends a few seconds ago", () => {
  expect([20, 5].map((seconds) => isNearNow(plus(NOW, -seconds * US_PER_S), NOW))).toEqual([false, true]);
});
