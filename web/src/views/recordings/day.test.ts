import { describe, expect, it } from "vitest";

import type { Recording } from "../../api/recordings";
import { fromMs, US_PER_HOUR } from "../../time/instant";
import { codecText, downloadName, hoursOf, spanOfDay, totalOf, wholeSeconds, withFiles, type Gap } from "./day";

const BERLIN = "Europe/Berlin";
const at = (text: string) => fromMs(Date.parse(text));

const file = (start: string, seconds = 60, more: Partial<Recording> = {}): Recording => ({
  id: at(start) / 1_000_000,
  path: `ch1/${start}.mp4`,
  startUs: at(start),
  endUs: fromMs(Date.parse(start) + seconds * 1000),
  bytes: 1_000,
  growing: false,
  protected: false,
  container: "mp4",
  codec: "avc1.640028,mp4a.40.2",
  ...more,
});

const gap = (start: string, end: string): Gap => ({
  startUs: at(start),
  endUs: at(end),
  cause: "camera offline",
  detail: "",
  count: 1,
});

const shown = (hours: ReturnType<typeof hoursOf>) =>
  hours.map((hour) => [hour.text, hour.entries.map((one) => one.key)]);

describe("a day's list", () => {
  it("shows files and gaps newest first under the hour in which they began", () => {
    const files = [file("2026-11-22T08:00:00Z"), file("2026-11-22T08:59:30Z"), file("2026-11-22T10:00:00Z")];
    const gaps = [gap("2026-11-22T09:00:30Z", "2026-11-22T10:00:00Z")];
    expect(shown(hoursOf(files, gaps, "2026-11-22", BERLIN))).toEqual([
      ["11:00", ["ch1/2026-11-22T10:00:00Z.mp4"]],
      ["10:00", [`gap ${at("2026-11-22T09:00:30Z")}`]],
      ["09:00", ["ch1/2026-11-22T08:59:30Z.mp4", "ch1/2026-11-22T08:00:00Z.mp4"]],
    ]);
  });

  it("keeps apart the two hours at the end of summer time", () => {
    const files = [file("2026-10-25T00:30:00Z"), file("2026-10-25T01:30:00Z"), file("2026-10-25T02:30:00Z")];
    const texts = hoursOf(files, [], "2026-10-25", BERLIN).map((hour) => hour.text);
    expect(texts[0]).toBe("03:00");
    expect(texts[1]).toMatch(/^02:00 (CET|GMT\+1)$/);
    expect(texts[2]).toMatch(/^02:00 (CEST|GMT\+2)$/);
  });

  it("says the date of a file that began on the day before", () => {
    const hours = hoursOf([file("2026-11-21T22:59:30Z")], [], "2026-11-22", BERLIN);
    expect(hours[0]?.text).toBe("Sat 21 Nov, 23:00");
  });

  it("groups by the hours of zones with half hours", () => {
    const hours = hoursOf(
      [file("2026-11-22T08:10:00Z"), file("2026-11-22T08:20:00Z")],
      [],
      "2026-11-22",
      "Asia/Kathmandu",
    );
    expect(hours.map((hour) => hour.text)).toEqual(["14:00", "13:00"]); // 14:05 and 13:55
  });
});

it.each([
  ["2026-11-22", BERLIN, 24],
  ["2026-10-25", BERLIN, 25],
  ["2026-03-29", BERLIN, 23],
  ["2026-04-05", "Australia/Lord_Howe", 24.5],
])("the day %s in %s has %d hours", (day, zone, hours) => {
  const { startUs, endUs } = spanOfDay(day, zone);
  expect((endUs - startUs) / US_PER_HOUR).toBe(hours);
});

it("takes news of files in: known ones change, new ones find their place", () => {
  const [first, second] = [file("2026-11-22T08:00:00Z"), file("2026-11-22T08:01:00Z", 5, { growing: true })];
  const third = file("2026-11-22T08:02:00Z", 1, { growing: true });
  const sealed = { ...second, growing: false, bytes: 5_000 };
  expect(withFiles([first, second], [third, sealed])).toEqual([first, sealed, third]);
});

it("counts footage once where files overlap", () => {
  const files = [file("2026-11-22T08:00:00Z", 60), file("2026-11-22T08:00:50Z", 60), file("2026-11-22T09:00:00Z", 10)];
  expect(totalOf(files)).toEqual({ lengthUs: 120_000_000, bytes: 3_000 });
});

it.each([
  [null, ""],
  ["avc1.640028,mp4a.40.2", "H.264, AAC"],
  ["hvc1.1.6.L93.B0", "H.265"],
  ["hev1.1.6.L93.B0,alaw", "H.265, G.711"],
  ["vp09.00.10.08", "vp09.00.10.08"],
])("says %s as %s", (codec, text) => expect(codecText(codec)).toBe(text));

it.each([
  ["Front door", "Front-door_2026-11-22_09-00-00.mp4"],
  ["Straße / Nord", "Straße-Nord_2026-11-22_09-00-00.mp4"],
  ["../../etc", "etc_2026-11-22_09-00-00.mp4"],
  ["<img src=x>", "img-src-x_2026-11-22_09-00-00.mp4"],
  ["...", "camera_2026-11-22_09-00-00.mp4"],
])("a file of %s is downloaded as %s", (camera, name) =>
  expect(downloadName(camera, file("2026-11-22T08:00:00Z"), BERLIN)).toBe(name),
);

it("rounds lengths to the second", () => expect(wholeSeconds(59_500_000)).toBe(60_000_000));
