import { describe, expect, it } from "vitest";

import { utcUs } from "../../time/instant";
import { FINGER_REACH_PX, hitAt, type Marks, REACH_PX } from "./hit";
import { layoutOf } from "./layout";
import { type View, viewWith } from "./view";

const CHANNELS = [1, 2, 3, 4];
const NOON = utcUs(1_795_348_800_000_000);
/** A pixel is a second; noon is at pixel 500. */
const VIEW: View = viewWith(NOON, 500, 1e6, 1_000);
const at = (x: number): ReturnType<typeof utcUs> => utcUs(NOON + (x - 500) * 1e6);
const NO_MARKS: Marks = { playheadUs: null, selection: null };

describe("layout", () => {
  it.each([1, 2, 5, 9, 16, 40])("of %d cameras: nothing overlaps, all is inside", (count) => {
    const channels = Array.from({ length: count }, (_, index) => index + 1);
    for (const small of [false, true]) {
      const { ruler, band, rows, height } = layoutOf(channels, 2, small);
      const all = [...(band === null ? [] : [band]), ...rows];
      let end = ruler.height;
      for (const row of all) {
        expect(row.top).toBeGreaterThanOrEqual(end);
        end = row.top + row.height;
      }
      expect(height).toBeGreaterThan(end);
      expect(height).toBeLessThan(300);
    }
  });

  it("the selected camera is tall, the others keep the order of the wall", () => {
    const { band, rows } = layoutOf([4, 2, 3, 1], 3, false);
    expect(band?.channel).toBe(3);
    expect(rows.map((row) => row.channel)).toEqual([4, 2, 1]);
  });

  it("without a selected camera there are only rows", () => {
    expect(layoutOf(CHANNELS, null, false).band).toBeNull();
  });
});

describe("hits", () => {
  const layout = layoutOf(CHANNELS, 1, false);
  const [first, second] = layout.rows;
  const hit = (x: number, y: number, marks = NO_MARKS, reach = REACH_PX): ReturnType<typeof hitAt> =>
    hitAt(VIEW, layout, marks, x, y, reach);

  it("the ruler, the band, a row, and nothing below", () => {
    expect(hit(100, 5).kind).toBe("ruler");
    expect(hit(100, (layout.band?.top ?? 0) + 3)).toEqual({ kind: "row", channel: 1, selected: true });
    expect(hit(100, (second?.top ?? 0) + 1)).toEqual({ kind: "row", channel: 3, selected: false });
    expect(hit(100, layout.height + 20).kind).toBe("nothing");
  });

  it("between two rows the nearer one", () => {
    expect(hit(100, (first?.top ?? 0) + (first?.height ?? 0) + 1)).toMatchObject({ channel: 2 });
    expect(hit(100, (second?.top ?? 0) - 1)).toMatchObject({ channel: 3 });
  });

  it("the playhead by its line, by its pill, and from farther by a finger", () => {
    const marks = { playheadUs: at(300), selection: null };
    expect(hit(304, 80, marks).kind).toBe("playhead");
    expect(hit(310, 80, marks).kind).toBe("row");
    expect(hit(310, 80, marks, FINGER_REACH_PX).kind).toBe("playhead");
    expect(hit(330, 8, marks).kind).toBe("playhead");
    expect(hit(330, 28, marks).kind).toBe("ruler");
  });

  it("the ends of the selection, which go before the playhead", () => {
    const marks = { playheadUs: at(300), selection: { startUs: at(301), endUs: at(400) } };
    expect(hit(302, 80, marks)).toEqual({ kind: "handle", end: "start" });
    expect(hit(397, 80, marks)).toEqual({ kind: "handle", end: "end" });
    expect(hit(350, 80, marks).kind).toBe("row");
  });

  it("of a selection narrower than a pixel each end can be taken from its side", () => {
    const marks = { playheadUs: null, selection: { startUs: at(300), endUs: at(300) } };
    expect(hit(298, 80, marks)).toMatchObject({ end: "start" });
    expect(hit(302, 80, marks)).toMatchObject({ end: "end" });
  });
});
