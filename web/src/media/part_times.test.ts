import { expect, it } from "vitest";

import { fromMs, plus } from "../time/instant";
import { PartTimes } from "./part_times";

const T0 = fromMs(Date.UTC(2026, 10, 22, 12));

const HEAD = '#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:21\n#EXT-X-MAP:URI="/api/segments/7.mp4",BYTERANGE="1395@44"\n';
const part = (file: number, offset: number, seconds = 1): string =>
  `#EXTINF:${seconds.toFixed(5)},\n#EXT-X-BYTERANGE:43483@${offset}\n/api/segments/${file}.mp4\n`;
const date = (seconds: number): string =>
  `#EXT-X-PROGRAM-DATE-TIME:${new Date(Date.UTC(2026, 10, 22, 12) + seconds * 1_000).toISOString()}\n`;

const times = (...texts: string[]): PartTimes => {
  const found = new PartTimes();
  for (const text of texts) found.read(text);
  return found;
};

it("parts follow one another from the date before them", () => {
  const found = times(HEAD + date(0) + part(7, 100) + part(7, 200, 0.5) + part(7, 300));
  expect([100, 200, 300].map((offset) => found.startUs("/api/segments/7.mp4", offset))).toEqual([
    T0,
    plus(T0, 1_000_000),
    plus(T0, 1_500_000),
  ]);
});

it("a gap is where the next date says", () => {
  const found = times(`${HEAD}${date(0)}${part(7, 100)}#EXT-X-DISCONTINUITY\n${date(60)}${part(8, 100)}`);
  expect(found.startUs("/api/segments/8.mp4", 100)).toBe(plus(T0, 60_000_000));
});

it("a playlist that grew, and lost its first parts, changes no time", () => {
  const found = times(
    HEAD + date(0) + part(7, 100) + part(7, 200),
    HEAD + date(1.001) + part(7, 200) + part(7, 300) + "#EXT-X-DISCONTINUITY\n" + date(9) + part(8, 100),
  );
  expect(found.startUs("/api/segments/7.mp4", 200)).toBe(plus(T0, 1_000_000));
  expect(found.startUs("/api/segments/7.mp4", 300)).toBe(plus(T0, 2_000_000));
  expect(found.startUs("/api/segments/8.mp4", 100)).toBe(plus(T0, 9_000_000));
});

it("what no playlist told is not known", () => {
  expect(times(HEAD + date(0) + part(7, 100)).startUs("/api/segments/7.mp4", 101)).toBeNull();
});
