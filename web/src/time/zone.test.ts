import { describe, expect, it, vi } from "vitest";

import { fromMs, plus, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_S, utcUs, type UtcUs } from "./instant";
import {
  changes,
  dayStart,
  instantAt,
  instantsAt,
  isZone,
  localTime,
  nextDay,
  offsetS,
  startOfDay,
  wallOf,
  wallUs,
  zoneName,
} from "./zone";

const at = (text: string): UtcUs => fromMs(Date.parse(text));
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"];

/** What Intl itself shows, slowly. */
function shown(instant: UtcUs, zone: string): string {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  return format.format(instant / 1_000);
}

function ours(instant: UtcUs, zone: string): string {
  const { year, month, day, hour, minute, second } = localTime(instant, zone);
  const two = (number: number): string => String(number).padStart(2, "0");
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
}

describe("local time", () => {
  it.each(ZONES)("is what Intl shows in %s, hour by hour through a year", (zone) => {
    for (let hour = 0; hour < 366 * 24; hour += 7) {
      const instant = plus(at("2026-01-01T00:00:00Z"), hour * US_PER_HOUR);
      expect(ours(instant, zone)).toBe(shown(instant, zone));
    }
  });

  it.each(ZONES)("is right in every second around the changes of %s", (zone) => {
    for (const change of changes(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"), zone)) {
      for (let second = -3; second <= 3; second++) {
        const instant = plus(change.atUs, second * US_PER_S);
        expect(ours(instant, zone)).toBe(shown(instant, zone));
        expect(offsetS(instant, zone)).toBe(second < 0 ? change.beforeS : change.afterS);
      }
    }
  });

  it("keeps microseconds, also before 1970", () => {
    expect(localTime(utcUs(1_500_123), "UTC")).toMatchObject({ second: 1, us: 500_123, weekday: 4 });
    expect(localTime(utcUs(-1), "UTC")).toMatchObject({ year: 1969, month: 12, day: 31, second: 59, us: 999_999 });
  });
});

describe("changes", () => {
  it.each([
    ["Europe/Berlin", ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"]],
    ["America/New_York", ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"]],
    ["Australia/Lord_Howe", ["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"]],
    ["Asia/Kathmandu", []],
  ])("of %s in 2026", (zone, expected) => {
    const found = changes(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"), zone);
    expect(found.map((change) => new Date(change.atUs / 1_000).toISOString().replace(".000", ""))).toEqual(expected);
  });

  it("counts a change at the very start, and none at the end", () => {
    const change = at("2026-03-29T01:00:00Z");
    expect(changes(change, plus(change, 1), "Europe/Berlin")).toHaveLength(1);
    expect(changes(plus(change, -US_PER_DAY), change, "Europe/Berlin")).toHaveLength(0);
  });
});

describe("wall time to instants", () => {
  it.each(ZONES)("every instant in %s is one of those that its wall time has", (zone) => {
    for (let step = 0; step < 2_000; step++) {
      const instant = plus(at("2026-01-01T00:00:00Z"), step * 15_797_123_457);
      expect(instantsAt(wallUs(instant, zone), zone)).toContain(instant);
    }
  });

  it("one that clocks left out has none, and is taken for as much later", () => {
    const wall = wallOf({ year: 2026, month: 3, day: 29, hour: 2, minute: 30 });
    expect(instantsAt(wall, "Europe/Berlin")).toEqual([]);
    expect(instantAt(wall, "Europe/Berlin")).toBe(at("2026-03-29T03:30:00+02:00"));
  });

  it("one that came twice has both, and is taken for the first", () => {
    const wall = wallOf({ year: 2026, month: 10, day: 25, hour: 2, minute: 30 });
    const both = [at("2026-10-25T02:30:00+02:00"), at("2026-10-25T02:30:00+01:00")];
    expect(instantsAt(wall, "Europe/Berlin")).toEqual(both);
    expect(instantAt(wall, "Europe/Berlin")).toBe(both[0]);
  });

  it("half an hour comes twice on Lord Howe Island", () => {
    const wall = wallOf({ year: 2026, month: 4, day: 5, hour: 1, minute: 45 });
    const [first, second] = instantsAt(wall, "Australia/Lord_Howe");
    expect((second ?? 0) - (first ?? 0)).toBe(30 * US_PER_MINUTE);
  });
});

describe("days", () => {
  const hours = (zone: string, text: string): number => {
    const start = startOfDay(at(text), zone);
    return (nextDay(start, zone) - start) / US_PER_HOUR;
  };

  it.each([
    ["Europe/Berlin", "2026-03-29T12:00:00Z", 23],
    ["Europe/Berlin", "2026-10-25T12:00:00Z", 25],
    ["Europe/Berlin", "2026-11-22T12:00:00Z", 24],
    ["America/New_York", "2026-03-08T12:00:00Z", 23],
    ["America/New_York", "2026-11-01T12:00:00Z", 25],
    ["Australia/Lord_Howe", "2026-04-05T00:00:00Z", 24.5],
    ["Australia/Lord_Howe", "2026-10-04T00:00:00Z", 23.5],
    ["Asia/Kathmandu", "2026-11-22T12:00:00Z", 24],
  ])("in %s the day of %s has %d hours", (zone, text, expected) => {
    expect(hours(zone, text)).toBe(expected);
  });

  it.each(ZONES)("the starts of days in %s follow one another without end", (zone) => {
    let start = startOfDay(at("2026-01-01T12:00:00Z"), zone);
    for (let day = 0; day < 400; day++) {
      const next = nextDay(start, zone);
      expect(Math.abs(next - start - US_PER_DAY)).toBeLessThanOrEqual(US_PER_HOUR);
      expect(startOfDay(next, zone)).toBe(next);
      expect(startOfDay(plus(next, -1), zone)).toBe(start);
      start = next;
    }
  });

  it("begins later where midnight is left out", () => {
    // In Havana clocks go from 24:00 to 01:00.
    const start = dayStart(2026, 3, 8, "America/Havana");
    expect(localTime(start, "America/Havana")).toMatchObject({ day: 8, hour: 1, minute: 0 });
    expect(start).toBe(at("2026-03-08T05:00:00Z"));
  });

  it("goes over a day that a zone skipped", () => {
    const start = dayStart(2011, 12, 29, "Pacific/Apia");
    expect(localTime(nextDay(start, "Pacific/Apia"), "Pacific/Apia")).toMatchObject({ month: 12, day: 31, hour: 0 });
  });

  it("goes back too", () => {
    expect(nextDay(at("2026-03-30T12:00:00Z"), "Europe/Berlin", -1)).toBe(at("2026-03-28T23:00:00Z"));
  });
});

describe("names", () => {
  it("knows its zones", () => {
    expect(isZone("Europe/Berlin")).toBe(true);
    expect(isZone("Mars/Olympus")).toBe(false);
  });

  it("calls the time by its name", () => {
    expect(zoneName(at("2026-07-01T00:00:00Z"), "Europe/Berlin")).toBe("CEST");
    expect(zoneName(at("2026-07-01T00:00:00Z"), "Asia/Kathmandu")).toMatch(/^(GMT|UTC)\+5:45$/);
  });
});

describe("a zone that shows UTC", () => {
  it.each(["UTC", "Etc/UTC"])("%s is known without asking the browser, which takes long the first time", (zone) => {
    const asked = vi.spyOn(Intl, "DateTimeFormat");
    const instant = at("2026-03-29T01:30:00Z");
    expect(localTime(instant, zone)).toMatchObject({ day: 29, hour: 1, minute: 30, offsetS: 0 });
    expect(nextDay(instant, zone) - startOfDay(instant, zone)).toBe(US_PER_DAY);
    expect(instantsAt(wallUs(instant, zone), zone)).toEqual([instant]);
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
  });
});
