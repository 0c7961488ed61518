import { describe, expect, it } from "vitest";

import { fromMs, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_S, utcUs, type UtcUs } from "../../time/instant";
import { localTime, startOfDay } from "../../time/zone";
import { type Label, type Ruler, rulerOf } from "./ticks";
import { LONGEST_US, SHORTEST_US, timeAt, type View, viewAround } from "./view";

const ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"];
const at = (text: string): UtcUs => fromMs(Date.parse(text));
const measure = (text: string): number => text.length * 6.6;
const view = (centre: string, us: number, width = 1_400): View => viewAround(at(centre), us / width, width);
const ruler = (seen: View, zone = "Europe/Berlin"): Ruler => rulerOf(seen, zone, measure, 110);
const texts = (labels: readonly Label[]): string[] => labels.map((label) => label.text);

function expectApart(labels: readonly Label[]): void {
  const close = labels.filter((label, index) => {
    const before = labels[index - 1];
    return before !== undefined && label.x - before.x - measure(before.text) < 4;
  });
  expect(texts(close)).toEqual([]);
}

describe("labels", () => {
  it.each(ZONES)("never overlap in %s, at any zoom, anywhere in the year", (zone) => {
    for (let step = 0; step <= 120; step++) {
      const length = SHORTEST_US * (LONGEST_US / SHORTEST_US) ** (step / 120);
      const centre = utcUs(at("2026-01-01T00:00:00Z") + ((step * 37) % 365) * US_PER_DAY + step * 1_234_567_891);
      for (const width of [360, 1_400]) {
        const { upper, lower, lines } = ruler(viewAround(centre, length / width, width), zone);
        expectApart(upper);
        expectApart(lower);
        expect(lines.length).toBeLessThan(600);
        if (width === 1_400) expect(lower.length).toBeGreaterThanOrEqual(3);
        for (const label of upper) expect(label.x + measure(label.text)).toBeLessThanOrEqual(width - 110);
      }
    }
  });

  it.each(ZONES)("never overlap in %s around changes of clocks", (zone) => {
    for (const day of ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"]) {
      for (const hours of [0.2, 1, 4, 12, 30, 80]) {
        for (let hour = 0; hour < 48; hour += 3) {
          const centre = utcUs(at(`${day}T00:00:00Z`) + (hour - 24) * US_PER_HOUR);
          const { upper, lower } = ruler(viewAround(centre, (hours * US_PER_HOUR) / 1_400, 1_400), zone);
          expectApart(upper);
          expectApart(lower);
        }
      }
    }
  });

  it("hour under day", () => {
    const { upper, lower } = ruler(view("2026-11-22T12:00:00+01:00", 7 * US_PER_HOUR));
    expect(texts(upper)).toEqual(["Sun 22 Nov 2026"]);
    expect(texts(lower)).toContain("12:00");
    expect(texts(lower)).toContain("14:30");
  });

  it("minute under hour", () => {
    const { upper, lower } = ruler(view("2026-11-22T12:00:00+01:00", 40 * US_PER_MINUTE));
    expect(texts(upper)).toEqual(["Sun 22 Nov, 11:00", "Sun 22 Nov, 12:00"]);
    expect(texts(lower)).toContain("12:04");
  });

  it("second under minute", () => {
    const { upper, lower } = ruler(view("2026-11-22T12:00:00+01:00", 40 * US_PER_S));
    expect(texts(upper)).toEqual(["Sun 22 Nov, 11:59", "Sun 22 Nov, 12:00"]);
    expect(texts(lower)).toContain("12:00:10");
  });

  it("parts of a second", () => {
    expect(texts(ruler(view("2026-11-22T12:00:00.500+01:00", US_PER_S)).lower)).toContain("12:00:00.4");
  });

  it("day under month, month under year, year", () => {
    const days = ruler(view("2026-11-22T12:00:00+01:00", 14 * US_PER_DAY));
    expect(texts(days.upper)).toEqual(["November 2026"]);
    expect(texts(days.lower)).toContain("Sun 22");
    const months = ruler(view("2026-11-22T12:00:00+01:00", 365 * US_PER_DAY));
    expect(texts(months.upper)).toEqual(["2026", "2027"]);
    expect(texts(months.lower)).toContain("Jan");
  });

  it("what the left edge lies in is named there, until the next one pushes it out", () => {
    const soon = ruler(view("2026-11-22T02:00:00+01:00", 7 * US_PER_HOUR));
    expect(soon.upper.map(({ x, text }) => [Math.sign(x), text])).toEqual([
      [1, "Sat 21 Nov 2026"],
      [1, "Sun 22 Nov 2026"],
    ]);
    const pushed = ruler(view("2026-11-22T03:15:00+01:00", 7 * US_PER_HOUR)).upper;
    expect(pushed[0]).toMatchObject({ text: "Sat 21 Nov 2026" });
    expect(pushed[0]?.x).toBeLessThan(0);
  });
});

describe("lines", () => {
  it.each(ZONES)("midnight in %s is where the day begins, also when clocks change", (zone) => {
    for (let day = 0; day < 365; day += 3) {
      const seen = viewAround(utcUs(at("2026-01-01T00:00:00Z") + day * US_PER_DAY), (60 * US_PER_HOUR) / 1_400, 1_400);
      const midnights = ruler(seen, zone).lines.filter((line) => line.weight === "midnight");
      expect(midnights.length).toBeGreaterThanOrEqual(2);
      for (const { x } of midnights) {
        const instant = utcUs(Math.round(timeAt(seen, x) / US_PER_S) * US_PER_S);
        expect(startOfDay(instant, zone)).toBe(instant);
      }
    }
  });

  it.each(ZONES)("stand at round local times in %s", (zone) => {
    const seen = view("2026-03-29T03:00:00Z", 10 * US_PER_HOUR);
    for (const { x, weight } of ruler(seen, zone).lines.filter((line) => line.weight === "major")) {
      const instant = utcUs(Math.round(timeAt(seen, x) / US_PER_S) * US_PER_S);
      expect(localTime(instant, zone).minute % 30, weight).toBe(0);
    }
  });
});

describe("days that are not 24 hours long", () => {
  it("of 25 hours: the hour that comes twice is named with the zone's time, in even distances", () => {
    const { lower, lines, upper } = ruler(view("2026-10-25T02:00:00+01:00", 8 * US_PER_HOUR));
    expect(texts(lower).filter((text) => text.startsWith("02:00"))).toEqual(["02:00 CEST", "02:00 CET"]);
    expect(lines.filter((line) => line.weight === "change")).toHaveLength(1);
    expect(texts(upper).join()).toContain("Sun 25 Oct 2026, a day of 25 hours");
  });

  it("of 23 hours: the hour that is left out has no label", () => {
    const { lower, upper } = ruler(view("2026-03-29T03:00:00+02:00", 8 * US_PER_HOUR));
    expect(texts(lower)).toContain("01:00");
    expect(texts(lower)).not.toContain("02:00");
    expect(texts(lower)).toContain("03:00");
    expect(texts(upper).join()).toContain("a day of 23 hours");
  });

  it("say so among days", () => {
    const { lower } = ruler(view("2026-10-25T02:00:00+01:00", 14 * US_PER_DAY));
    expect(texts(lower)).toContain("Sun 25 (25 h)");
    expect(texts(lower)).toContain("Mon 26");
  });
});
