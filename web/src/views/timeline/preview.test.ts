import { describe, expect, it } from "vitest";

import { US_PER_S, utcUs } from "../../time/instant";
import { gapWords, isClose, snapAt } from "./preview";

const AT = utcUs(1_795_348_803_700_000);
const gap = { startUs: AT, endUs: utcUs(AT + 249e6), detail: "", count: 1, missingUs: 249e6 };

describe("gaps in words", () => {
  it("say how long and why, and what to do", () => {
    const words = gapWords({ ...gap, cause: "camera offline" });
    expect(words).toContain("4 min 09 s");
    expect(words).toContain("the camera does not answer");
    expect(words).toContain("cable");
  });

  it("several say how many", () => {
    expect(gapWords({ ...gap, cause: "several", count: 7, missingUs: 20e6 })).toMatch(/^7 gaps, 20 s in all/);
  });

  it("a cause that nobody knows the words for is told as it is", () => {
    expect(gapWords({ ...gap, cause: "moonlight" })).toContain("moonlight");
  });
});

describe("the instant that is asked for", () => {
  it("is shared by neighbouring pixels, and never after the pointer", () => {
    for (const usPerPx of [1e3, 1e5, 2.7e6, 4e8]) {
      const snapped = snapAt(AT, usPerPx, () => true);
      expect(snapped).toBeLessThanOrEqual(AT);
      expect(AT - snapped).toBeLessThan(Math.max(US_PER_S, 2 * usPerPx));
      expect(snapAt(snapped, usPerPx, () => true)).toBe(snapped);
    }
  });

  it("does not leave the footage", () => {
    expect(snapAt(AT, 1e9, (at) => at >= AT)).toBe(AT);
  });

  it("a picture of another moment does not stand for it", () => {
    expect(isClose(utcUs(AT - 2e6), AT, 1e6)).toBe(true);
    expect(isClose(utcUs(AT - 60e6), AT, 1e6)).toBe(false);
    expect(isClose(utcUs(AT - 60e6), AT, 60e6)).toBe(true);
  });
});
