import { describe, expect, it } from "vitest";

import {
  addDays,
  addMonths,
  dayAfterKey,
  dayText,
  isDay,
  monthOf,
  monthText,
  neighbours,
  sameDayOf,
  shortDayText,
  weeksOf,
} from "./calendar";

describe("days", () => {
  it.each(["2026-11-22", "2024-02-29", "1970-01-01"])("%s is a day", (day) => expect(isDay(day)).toBe(true));
  it.each(["", "2026-02-30", "2025-02-29", "2026-1-1", "1969-12-31", "9999-01-01", "2026-11-22T00:00", "x2026-11-22"])(
    "%s is none",
    (text) => expect(isDay(text)).toBe(false),
  );
  it("are counted over months, leap days and years", () => {
    expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
    expect(addDays("2024-03-01", -1)).toBe("2024-02-29");
    expect(addMonths("2026-01", -1)).toBe("2025-12");
    expect(addMonths("2026-11", 14)).toBe("2028-01");
  });
  it("keep their number in another month as far as it goes", () => {
    expect(sameDayOf("2026-02", "2026-01-31")).toBe("2026-02-28");
    expect(sameDayOf("2026-03", "2026-01-31")).toBe("2026-03-31");
  });
});

describe("the weeks of a month", () => {
  it("hold each of its days once, in order, from Monday to Sunday, and are never empty of it", () => {
    for (let month = "1999-12"; month < "2032-01"; month = addMonths(month, 1)) {
      const weeks = weeksOf(month);
      const days = weeks.flat();
      expect(days.every((day, index) => index === 0 || day === addDays(days[index - 1] ?? "", 1))).toBe(true);
      expect(weeks.every((week) => week.length === 7 && week.some((day) => monthOf(day) === month))).toBe(true);
      expect(new Date(`${days[0] ?? ""}T00:00:00Z`).getUTCDay()).toBe(1);
      const last = addDays(`${addMonths(month, 1)}-01`, -1);
      expect(days.filter((day) => monthOf(day) === month)).toHaveLength(Number(last.slice(8)));
    }
  });
});

describe("keys", () => {
  it.each([
    ["ArrowLeft", false, "2026-11-21"],
    ["ArrowRight", false, "2026-11-23"],
    ["ArrowUp", false, "2026-11-15"],
    ["ArrowDown", false, "2026-11-29"],
    ["Home", false, "2026-11-16"],
    ["End", false, "2026-11-22"],
    ["PageUp", false, "2026-10-22"],
    ["PageDown", false, "2026-12-22"],
    ["PageUp", true, "2025-11-22"],
    ["PageDown", true, "2027-11-22"],
    ["Enter", false, null],
  ])("%s (shift %s) leads to %s", (key, shift, day) => expect(dayAfterKey(key, shift, "2026-11-22")).toBe(day));
});

describe("neighbours with footage", () => {
  const days = ["2026-11-22", "2026-11-20", "2026-11-03"];
  it.each([
    ["2026-11-22", "2026-11-20", null],
    ["2026-11-21", "2026-11-20", "2026-11-22"],
    ["2026-11-03", null, "2026-11-20"],
    ["2020-01-01", null, "2026-11-03"],
  ])("of %s are %s and %s", (day, before, after) => expect(neighbours(days, day)).toEqual({ before, after }));
});

it("says days and months in words", () => {
  expect(monthText("2026-11")).toBe("November 2026");
  expect(dayText("2026-11-22")).toBe("Sunday 22 November 2026");
  expect(shortDayText("2026-11-22")).toBe("Sun 22 Nov");
});
