import { describe, expect, it } from "vitest";

import { plus, US_PER_HOUR, US_PER_MINUTE, US_PER_S, utcUs } from "../time/instant";
import { AFTER_US, BEFORE_US, isTimeToPrepare, playlistUrl, windowAround, windowFrom } from "./windows";

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

it("prepares the next window earlier the faster one plays", () => {
  const end = NOW;
  expect(isTimeToPrepare(plus(end, -20 * US_PER_S), end, 1)).toBe(false);
  expect(isTimeToPrepare(plus(end, -10 * US_PER_S), end, 1)).toBe(true);
  expect(isTimeToPrepare(plus(end, -60 * US_PER_S), end, 16)).toBe(true);
});
