import { describe, expect, it } from "vitest";

import { fromMs } from "../../time/instant";
import { barOf, daysText, dayWord, forecast, limitWarning, sizeText, type Space } from "./forecast";

const BERLIN = "Europe/Berlin";
const at = (text: string) => fromMs(Date.parse(text));
const NOW = at("2026-11-22T16:00:00Z"); // a Sunday

const space = (more: Partial<Space> = {}): Space => ({
  usedGB: 100,
  maxGB: 500,
  freeGB: 800,
  daysUntilFull: null,
  daysKept: null,
  oldestGoesAt: null,
  limits: { minFreeGB: null, retentionDays: null },
  ...more,
});

it.each([
  [0.01, "1 hour"],
  [0.2, "5 hours"],
  [1.5, "36 hours"],
  [2, "2 days"],
  [12.4, "12 days"],
  [120, "4 months"],
  [1100, "3 years"],
])("%d days are %s", (days, text) => expect(daysText(days)).toBe(text));

it.each([
  ["2026-11-22T22:59:59Z", "today"],
  ["2026-11-21T00:00:00Z", "today"],
  ["2026-11-22T23:00:00Z", "tomorrow"],
  ["2026-11-24T12:00:00Z", "on Tuesday"],
  ["2026-11-28T22:59:59Z", "on Saturday"],
  ["2026-11-28T23:00:00Z", "on 29 November"],
  ["2026-12-12T12:00:00Z", "on 12 December"],
  ["2027-01-02T12:00:00Z", "on 2 January 2027"],
])("%s is %s", (instant, word) => expect(dayWord(at(instant), NOW, BERLIN)).toBe(word));

it("counts days across a change of the clocks", () => {
  expect(dayWord(at("2026-10-25T22:30:00Z"), at("2026-10-23T22:30:00Z"), BERLIN)).toBe("tomorrow"); // 24 Oct 00:30, 25 Oct 23:30
  expect(dayWord(at("2026-10-26T12:00:00Z"), at("2026-10-24T12:00:00Z"), BERLIN)).toBe("on Monday");
});

describe("the forecast", () => {
  it("names the day on which the oldest goes", () => {
    const told = forecast(space({ oldestGoesAt: "2026-11-24T10:00:00+01:00", daysKept: 30 }), NOW, BERLIN);
    expect(told).toEqual({
      text: "At this rate the oldest day goes on Tuesday.",
      detail: "There is room for about 30 days of footage.",
      level: "fine",
    });
  });

  it("tells when a limit is reached", () => {
    const told = forecast(space({ daysUntilFull: 12 }), NOW, BERLIN);
    expect(told.text).toBe("Full in 12 days at this rate; then the oldest footage goes first.");
  });

  it("tells that the oldest goes all the time", () => {
    expect(forecast(space({ daysKept: 3 }), NOW, BERLIN).text).toBe("The oldest footage goes as new footage comes.");
  });

  it("knows limits other than the size", () => {
    const limits = { minFreeGB: null, retentionDays: 30 };
    expect(forecast(space({ maxGB: null, daysUntilFull: 12, limits }), NOW, BERLIN).text).toMatch(/^Full in 12 days/);
  });

  it("says what happens without a limit, and warns in time", () => {
    const none = { maxGB: null, freeGB: 77.13 };
    expect(forecast(space({ ...none, daysUntilFull: 6.2 }), NOW, BERLIN)).toMatchObject({
      text: "No limit is set: footage stays until the disk is full, in 6 days at this rate (77.1 GB free).",
      level: "warning",
    });
    expect(forecast(space({ ...none, daysUntilFull: 400 }), NOW, BERLIN).level).toBe("fine");
    expect(forecast(space(none), NOW, BERLIN).text).toBe(
      "No limit is set: footage stays until the disk is full (77.1 GB free).",
    );
    expect(forecast(space({ ...none, daysKept: 3 }), NOW, BERLIN).level).toBe("alarm");
  });

  it("says that the disk is gone", () => expect(forecast(space({ freeGB: null }), NOW, BERLIN).level).toBe("alarm"));
  it("says that nothing is known", () => expect(forecast(space(), NOW, BERLIN).text).toMatch(/not known yet/));
});

describe("the bar", () => {
  it("is the limit where there is one", () => {
    expect(barOf(space(), 20)).toEqual({ totalGB: 500, protected: 0.04, used: 0.16, room: 0.8 });
  });
  it("is what the disk has for footage otherwise", () => {
    expect(barOf(space({ maxGB: null, freeGB: 300 }), 0)).toEqual({
      totalGB: 400,
      protected: 0,
      used: 0.25,
      room: 0.75,
    });
  });
  it("never runs over", () => {
    expect(barOf(space({ usedGB: 600 }), 700)).toEqual({ totalGB: 600, protected: 1, used: 0, room: 0 });
    expect(barOf(space({ usedGB: 0, maxGB: null, freeGB: null }), 0)).toMatchObject({ used: 0, protected: 0 });
  });
});

it("warns of a limit that the disk cannot hold", () => {
  expect(limitWarning(space())).toBeNull();
  expect(limitWarning(space({ maxGB: 1000 }))).toBe(
    "The limit of 1000.0 GB is more than the disk can hold (900.0 GB): lower MAX_STORAGE_GB, or set MIN_FREE_GB.",
  );
  expect(limitWarning(space({ maxGB: 1000, limits: { minFreeGB: 10, retentionDays: null } }))).toBeNull();
});

it.each([
  [0.032, "33 MB"],
  [77.13, "77.1 GB"],
  [1023.9, "1023.9 GB"],
  [1536, "1.5 TB"],
])("%d GB is %s", (gigabytes, text) => expect(sizeText(gigabytes)).toBe(text));
