import { describe, expect, it } from "vitest";

import type { Recording } from "../../api/recordings";
import { fromMs } from "../../time/instant";
import { deletionOf, estimateBytes, footageUs, keptText, minuteAround, remainingUs, spanOf } from "./range";

const s = (seconds: number) => fromMs(seconds * 1_000);
const span = (start: number, end: number) => ({ startUs: s(start), endUs: s(end) });

const file = (start: number, end: number, more: Partial<Recording> = {}): Recording => ({
  id: start,
  path: `ch1/${start}.mp4`,
  ...span(start, end),
  bytes: 1_000,
  growing: false,
  protected: false,
  container: "mp4",
  codec: null,
  ...more,
});

const FILES = [file(0, 60), file(60, 120), file(130, 190, { protected: true }), file(190, 200, { growing: true })];

describe("how large an export would be", () => {
  it.each([
    [span(0, 120), 2_000],
    [span(30, 90), 1_000],
    [span(120, 130), 0],
    [span(-100, 300), 4_000],
    [span(195, 300), 500],
  ])("%o: %d bytes", (range, bytes) => expect(estimateBytes(FILES, range)).toBe(bytes));
  it("is nothing for a file without length", () =>
    expect(estimateBytes([file(5, 5, { growing: true })], span(0, 10))).toBe(0));
});

it.each([
  [span(0, 200), 190],
  [span(100, 140), 30],
  [span(120, 130), 0],
])("%o holds %d s of footage", (range, seconds) => expect(footageUs(FILES, range)).toBe(s(seconds)));

it.each([
  [200, span(170, 230)],
  [990, span(940, 1_000)],
  [1_000, span(940, 1_000)],
])("the minute around %d s, which ends at now at the latest", (at, minute) =>
  expect(minuteAround(s(at), s(1_000))).toEqual(minute),
);

it("counts what two files cover once", () => {
  expect(footageUs([file(0, 60), file(50, 100)], span(0, 100))).toBe(s(100));
});

describe("deleting a range", () => {
  it("takes whole files alone, and neither protected nor growing ones", () => {
    const plan = deletionOf(FILES, span(30, 300));
    expect(plan.going.map((one) => one.path)).toEqual(["ch1/60.mp4"]);
    expect(plan).toMatchObject({ bytes: 1_000, protected: 1, growing: 1, reachingOut: 1 });
    expect(keptText(plan)).toBe("3 files stay: 1 reaching out of the range, 1 protected, 1 still being written.");
  });
  it("takes files that fill the range exactly", () => {
    expect(deletionOf(FILES, span(0, 120)).going).toHaveLength(2);
    expect(keptText(deletionOf(FILES.slice(0, 2), span(0, 120)))).toBe("");
    expect(keptText(deletionOf(FILES.slice(0, 2), span(0, 100)))).toBe("1 file stays: reaching out of the range.");
  });
  it("asks for no more than what was shown", () => {
    expect(spanOf(deletionOf(FILES, span(-50, 125)).going)).toEqual(span(0, 120));
    expect(spanOf([])).toBeNull();
  });
});

it.each([
  [0, 5_000, null],
  [50, 500, null],
  [50, 2_000, 2_000_000],
  [100, 2_000, 0],
])("%d of 100 bytes after %d ms: still %s us", (bytes, sinceMs, us) =>
  expect(remainingUs(bytes, 100, sinceMs)).toBe(us),
);
