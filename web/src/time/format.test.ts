import { describe, expect, it } from "vitest";

import {
  formatBitRate,
  formatBytes,
  formatClock,
  formatDay,
  formatDuration,
  formatInstant,
  formatShortDay,
  formatTime,
  isoDay,
  spokenDuration,
  spokenInstant,
} from "./format";
import { fromMs, plus, type UtcUs } from "./instant";

const at = (text: string): UtcUs => fromMs(Date.parse(text));
const BERLIN = "Europe/Berlin";
const NOON = plus(at("2026-11-22T13:32:07Z"), 489_999);

describe("instants", () => {
  it("show the clock of the zone, rounded down", () => {
    expect(formatTime(NOON, BERLIN)).toBe("14:32:07");
    expect(formatTime(NOON, BERLIN, "minute")).toBe("14:32");
    expect(formatTime(NOON, BERLIN, "tenth")).toBe("14:32:07.4");
    expect(formatTime(NOON, BERLIN, "ms")).toBe("14:32:07.489");
    expect(formatTime(NOON, "Asia/Kathmandu")).toBe("19:17:07");
  });

  it("show the day of the zone", () => {
    const late = at("2026-11-21T23:30:00Z");
    expect(formatDay(late, BERLIN)).toBe("Sun 22 November 2026");
    expect(formatShortDay(late, "America/New_York")).toBe("Sat 21 Nov");
    expect(isoDay(late, BERLIN)).toBe("2026-11-22");
    expect(isoDay(late, "UTC")).toBe("2026-11-21");
  });

  it("name the zone's time only where clocks show it twice", () => {
    expect(formatInstant(NOON, BERLIN)).toBe("Sun 22 Nov 2026, 14:32:07");
    expect(formatInstant(at("2026-10-25T00:30:00Z"), BERLIN)).toBe("Sun 25 Oct 2026, 02:30:00 CEST");
    expect(formatTime(at("2026-10-25T00:30:00Z"), BERLIN, "minute")).toBe("02:30 CEST");
    expect(formatTime(at("2026-10-25T01:30:00Z"), BERLIN, "minute")).toBe("02:30 CET");
    expect(formatClock(at("2026-10-25T01:30:00Z"), BERLIN, "minute")).toBe("02:30");
    expect(spokenInstant(at("2026-10-25T01:30:00Z"), BERLIN)).toBe("02:30:00 CET, Sunday 25 October 2026");
    expect(formatInstant(at("2026-10-25T01:30:00Z"), BERLIN)).toBe("Sun 25 Oct 2026, 02:30:00 CET");
  });

  it("are spoken in full", () => {
    expect(spokenInstant(NOON, BERLIN)).toBe("14:32:07, Sunday 22 November 2026");
  });
});

describe("lengths", () => {
  it.each([
    [0, "0 s"],
    [40_000, "0.0 s"],
    [450_000, "0.4 s"],
    [2_000_000, "2 s"],
    [59_999_999, "59 s"],
    [60e6, "1 min"],
    [249e6, "4 min 09 s"],
    [3_600e6, "1 h"],
    [3_900e6, "1 h 05 min"],
    [90_000e6, "1 d 1 h"],
    [172_800e6, "2 d"],
    [-249e6, "-4 min 09 s"],
  ])("%d us is %s", (us, text) => {
    expect(formatDuration(us)).toBe(text);
  });

  it.each([
    [0, "less than a second"],
    [1e6, "1 second"],
    [3_900e6, "1 hour 5 minutes"],
    [3_605e6, "1 hour"],
    [90_000e6, "1 day 1 hour"],
  ])("%d us is spoken %s", (us, text) => {
    expect(spokenDuration(us)).toBe(text);
  });
});

describe("sizes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KB"],
    [1_048_575, "1.0 MB"],
    [1.5 * 2 ** 30, "1.5 GB"],
    [3 * 2 ** 50, "3.0 PB"],
    [5_000 * 2 ** 50, "5000.0 PB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it("bit rates are decimal", () => {
    expect(formatBitRate(4_123_456)).toBe("4.1 Mbit/s");
    expect(formatBitRate(64_400)).toBe("64 kbit/s");
  });
});
