import { describe, expect, it } from "vitest";

import { formatInstant } from "./format";
import { fromMs, plus, US_PER_MINUTE, type UtcUs } from "./instant";
import { parseTyped, type Typed } from "./typed";

const at = (text: string): UtcUs => fromMs(Date.parse(text));
const BERLIN = "Europe/Berlin";
const NOW = at("2026-11-22T15:00:00+01:00"); // a Sunday
const HEAD = at("2026-11-20T12:00:00+01:00");

const typed = (text: string, fromUs = HEAD, nowUs = NOW): Typed => parseTyped(text, { zone: BERLIN, nowUs, fromUs });

describe("what people type", () => {
  it.each([
    ["14:30", "2026-11-20T14:30:00+01:00"],
    ["9:05:07", "2026-11-20T09:05:07+01:00"],
    ["14:30:05.25", "2026-11-20T14:30:05.250+01:00"],
    ["14:30:05,25", "2026-11-20T14:30:05.250+01:00"],
    ["2:30 pm", "2026-11-20T14:30:00+01:00"],
    ["12am", "2026-11-20T00:00:00+01:00"],
    ["12:15 PM", "2026-11-20T12:15:00+01:00"],
    ["today 9:15", "2026-11-22T09:15:00+01:00"],
    ["yesterday 9:15", "2026-11-21T09:15:00+01:00"],
    ["Yesterday at 9:15", "2026-11-21T09:15:00+01:00"],
    ["yesterday", "2026-11-21T00:00:00+01:00"],
    ["sunday 9:15", "2026-11-22T09:15:00+01:00"],
    ["mon 9:15", "2026-11-16T09:15:00+01:00"],
    ["2026-11-20 14:30:05", "2026-11-20T14:30:05+01:00"],
    ["2026-11-20T14:30", "2026-11-20T14:30:00+01:00"],
    ["2026-11-20", "2026-11-20T00:00:00+01:00"],
    ["20.11.2026 14:30", "2026-11-20T14:30:00+01:00"],
    ["24.12. 18:00", "2025-12-24T18:00:00+01:00"],
    ["20 Nov 14:30", "2026-11-20T14:30:00+01:00"],
    ["20 November 2026, 14:30", "2026-11-20T14:30:00+01:00"],
    ["Sun 22 Nov 2026, 14:32:07", "2026-11-22T14:32:07+01:00"],
    ["2026-11-20T13:30:05Z", "2026-11-20T14:30:05+01:00"],
    ["2026-11-20 08:30:05 -05:00", "2026-11-20T14:30:05+01:00"],
    ["-10m", "2026-11-20T11:50:00+01:00"],
    ["+30s", "2026-11-20T12:00:30+01:00"],
    ["- 1h 30m", "2026-11-20T10:30:00+01:00"],
    ["-2 days", "2026-11-18T12:00:00+01:00"],
    ["10 min ago", "2026-11-22T14:50:00+01:00"],
    ["2h ago", "2026-11-22T13:00:00+01:00"],
    ["now", "2026-11-22T15:00:00+01:00"],
    ["+90d", "2026-11-22T15:00:00+01:00"],
  ])("%s", (text, expected) => {
    expect(typed(text)).toEqual({ atUs: at(expected), note: null });
  });

  it("a time without a day that is still to come was yesterday", () => {
    expect(typed("23:00", NOW)).toEqual({ atUs: at("2026-11-21T23:00:00+01:00"), note: null });
    expect(typed("14:59", NOW)).toEqual({ atUs: at("2026-11-22T14:59:00+01:00"), note: null });
  });

  it.each(["", "tea time", "25:00", "12:60", "13:00 pm", "2026-02-30", "31.6.2026 12:00", "20 foo 14:30", "-", "10"])(
    "%j is no time, and the answer says how to write one",
    (text) => {
      expect(typed(text)).toEqual({ problem: expect.stringContaining("14:30") as string });
    },
  );

  it("a day to come is told apart from a mistake", () => {
    expect(typed("2027-01-01 10:00")).toEqual({ problem: expect.stringContaining("still to come") as string });
  });

  it("an unknown zone is a problem, not a crash", () => {
    expect(parseTyped("14:30", { zone: "Mars/Olympus", nowUs: NOW, fromUs: NOW })).toHaveProperty("problem");
  });
});

describe("changes of clocks", () => {
  it("says that a time came twice", () => {
    const found = typed("2026-10-25 02:30");
    expect(found).toMatchObject({
      atUs: at("2026-10-25T02:30:00+02:00"),
      note: expect.stringContaining("twice") as string,
    });
  });

  it.each([
    ["2:30 CEST", "2026-10-25T02:30:00+02:00"],
    ["2:30 cet", "2026-10-25T02:30:00+01:00"],
    ["25 Oct 2:30 CET", "2026-10-25T02:30:00+01:00"],
  ])("%s is one of two", (text, instant) => {
    const now = at("2026-10-25T12:00:00+01:00");
    expect(typed(text, now, now)).toEqual({ atUs: at(instant), note: null });
  });

  it("a zone's time that clocks did not show then is a mistake", () => {
    expect(typed("2026-07-01 02:30 CET")).toHaveProperty("problem");
  });

  it("says that a time was left out", () => {
    const found = typed("2026-03-29 02:30");
    expect(found).toMatchObject({
      atUs: at("2026-03-29T03:30:00+02:00"),
      note: expect.stringContaining("left") as string,
    });
  });

  it("yesterday is a calendar day, also after a day of 25 hours", () => {
    const now = at("2026-10-26T00:30:00+01:00");
    expect(typed("yesterday 00:30", now, now)).toMatchObject({ atUs: at("2026-10-25T00:30:00+02:00") });
  });

  it.each([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])(
    "what the page shows in %s can be typed, also where it came twice",
    (zone) => {
      for (let step = 0; step < 500; step++) {
        const instant = plus(at("2025-11-23T00:00:00Z"), step * 1_021 * US_PER_MINUTE);
        expect(parseTyped(formatInstant(instant, zone), { zone, nowUs: NOW, fromUs: NOW })).toEqual({
          atUs: instant,
          note: null,
        });
      }
    },
  );
});
