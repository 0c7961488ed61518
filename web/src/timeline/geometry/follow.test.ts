import { describe, expect, it } from "vitest";

import { plus, US_PER_S, utcUs } from "../../time/instant";
import { followAfter, followed } from "./follow";
import { viewWith, xOf } from "./view";

const NOW = utcUs(1_795_348_800 * US_PER_S);
const VIEW = viewWith(NOW, 880, US_PER_S, 1_000);

describe("live", () => {
  it("now stays where it is while time goes on", () => {
    const later = plus(NOW, 3_600 * US_PER_S);
    expect(xOf(followed(VIEW, { at: 0.88 }, later, true), later)).toBeCloseTo(880, 6);
  });

  it("a view that was moved a little follows from where now is", () => {
    expect(followAfter(viewWith(NOW, 400, US_PER_S, 1_000), NOW)).toEqual({ at: 0.4 });
  });

  it("a view that was moved away stays", () => {
    const away = viewWith(NOW, 1_200, US_PER_S, 1_000);
    expect(followAfter(away, NOW)).toBeNull();
    expect(followed(away, null, plus(NOW, US_PER_S), true)).toBe(away);
  });
});

describe("footage", () => {
  it("the playhead runs over the screen, then the view goes with it", () => {
    expect(followed(VIEW, { at: 0.5 }, plus(NOW, 20 * US_PER_S), false)).toBe(VIEW);
    const later = plus(NOW, 100 * US_PER_S);
    expect(xOf(followed(VIEW, { at: 0.5 }, later, false), later)).toBeCloseTo(920, 6);
  });

  it.each([-5_000, 5_000])("a playhead that went %d s away is brought to the middle", (seconds) => {
    const there = plus(NOW, seconds * US_PER_S);
    expect(xOf(followed(VIEW, { at: 0.5 }, there, false), there)).toBeCloseTo(500, 6);
  });
});
