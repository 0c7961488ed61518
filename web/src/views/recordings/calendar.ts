/** Days and months of the calendar as ISO 8601 texts. A day here is a date on the wall; which instants it spans is the zone's matter. */

/** `2026-11-22` */
export type Day = string;
/** `2026-11` */
export type Month = string;

const MS_PER_DAY = 86_400_000;
const DAYS_PER_WEEK = 7;
const FIRST_YEAR = 1970;
const LAST_YEAR = 9998;

const ms = (day: Day): number => Date.parse(`${day}T00:00:00Z`);
const dayAt = (milliseconds: number): Day => new Date(milliseconds).toISOString().slice(0, 10);

/** A day of the calendar, as the API takes it: `2026-02-30` is none. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(ms(text))) return false;
  const year = Number(text.slice(0, 4));
  return dayAt(ms(text)) === text && year >= FIRST_YEAR && year <= LAST_YEAR;
}

export const monthOf = (day: Day): Month => day.slice(0, 7);

export const addDays = (day: Day, days: number): Day => dayAt(ms(day) + days * MS_PER_DAY);

export function addMonths(month: Month, months: number): Month {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return dayAt(Date.UTC(year, number - 1 + months, 1)).slice(0, 7);
}

/** The day of that number in a month, or the month's last one where it is shorter. */
export function sameDayOf(month: Month, day: Day): Day {
  const last = addDays(`${addMonths(month, 1)}-01`, -1);
  const same = `${month}-${day.slice(8)}`;
  return same < last ? same : last;
}

/** 0 is Monday. */
const weekday = (day: Day): number => (new Date(ms(day)).getUTCDay() + DAYS_PER_WEEK - 1) % DAYS_PER_WEEK;

/** The weeks that a month touches, Monday first, with the days of its neighbours that fill them. */
export function weeksOf(month: Month): Day[][] {
  const weeks: Day[][] = [];
  const first = `${month}-01`;
  for (let monday = addDays(first, -weekday(first)); monday < `${month}-32`; monday = addDays(monday, DAYS_PER_WEEK)) {
    weeks.push(Array.from({ length: DAYS_PER_WEEK }, (_, index) => addDays(monday, index)));
  }
  return weeks;
}

/** Where a key takes the focus in the grid (WAI-ARIA date grid); null: the key means nothing here. */
export function dayAfterKey(key: string, shift: boolean, day: Day): Day | null {
  const months = shift ? 12 : 1;
  switch (key) {
    case "ArrowLeft":
      return addDays(day, -1);
    case "ArrowRight":
      return addDays(day, 1);
    case "ArrowUp":
      return addDays(day, -DAYS_PER_WEEK);
    case "ArrowDown":
      return addDays(day, DAYS_PER_WEEK);
    case "Home":
      return addDays(day, -weekday(day));
    case "End":
      return addDays(day, DAYS_PER_WEEK - 1 - weekday(day));
    case "PageUp":
      return sameDayOf(addMonths(monthOf(day), -months), day);
    case "PageDown":
      return sameDayOf(addMonths(monthOf(day), months), day);
    default:
      return null;
  }
}

/** The nearest days with footage before and after a day; `days` newest first, as the API lists them. */
export function neighbours(
  days: readonly Day[],
  day: Day,
): { readonly before: Day | null; readonly after: Day | null } {
  return { before: days.find((one) => one < day) ?? null, after: days.findLast((one) => one > day) ?? null };
}

const MONTH = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", month: "long", year: "numeric" });
const DAY = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const SHORT = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" });

/** `November 2026` */
export const monthText = (month: Month): string => MONTH.format(ms(`${month}-01`));

/** `Sunday 22 November 2026` */
export const dayText = (day: Day): string => DAY.format(ms(day)).replace(",", "");

/** `Sun 22 Nov` */
export const shortDayText = (day: Day): string => SHORT.format(ms(day)).replace(",", "");
