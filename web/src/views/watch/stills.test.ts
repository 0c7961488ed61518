import { expect, it } from "vitest";

import { Problem } from "../../api/problem";
import { utcUs } from "../../time/instant";
import { failureOf, type FetchedStill, isDue, lag, type Lags, stillWidth, withLag } from "./stills";

const at = (s: number) => utcUs(s * 1_000_000);

it.each([
  ["first", null, { atUs: null, ms: 0 }, true],
  ["live, too soon", { atUs: null, ms: 0 }, { atUs: null, ms: 999 }, false],
  ["live, a second later", { atUs: null, ms: 0 }, { atUs: null, ms: 1_000 }, true],
  ["from live to the past", { atUs: null, ms: 0 }, { atUs: at(100), ms: 10 }, true],
  ["back to live", { atUs: at(100), ms: 0 }, { atUs: null, ms: 10 }, true],
  ["playing, too soon", { atUs: at(100), ms: 0 }, { atUs: at(100.5), ms: 500 }, false],
  ["playing, a second later", { atUs: at(100), ms: 0 }, { atUs: at(101), ms: 1_000 }, true],
  ["playing fast, too soon", { atUs: at(100), ms: 0 }, { atUs: at(108), ms: 500 }, false],
  ["back a little, too soon", { atUs: at(100), ms: 0 }, { atUs: at(99), ms: 20 }, false],
  ["back further", { atUs: at(100), ms: 0 }, { atUs: at(95), ms: 20 }, true],
  ["the playhead stands", { atUs: at(100), ms: 0 }, { atUs: at(100), ms: 9_000 }, false],
  ["after a jump", { atUs: at(100), ms: 0 }, { atUs: at(500), ms: 10 }, true],
])("a still is due: %s", (_, asked, now, due) => {
  expect(isDue(asked, now)).toBe(due);
});

it("is asked for in few widths, hardly ever too small", () => {
  expect([100, 320, 400, 720].map((px) => stillWidth(px, 1))).toEqual([320, 320, 480, 960]);
  expect(stillWidth(400, 2)).toBe(960);
  expect(stillWidth(9_000, 2)).toBe(1920);
});

it("lags while one of the last stills was seconds behind the camera, so that it does not change with each key frame", () => {
  const still = (behindS: number): FetchedStill => ({ jpeg: new Blob(), utcUs: at(100), newestUs: at(100 + behindS) });
  const after = (...behindS: number[]): Lags => behindS.reduce((lags, s) => withLag(lags, still(s)), [] as Lags);
  expect(lag(after())).toBe(false);
  expect(lag(after(0, 0.5, 2))).toBe(false);
  expect(lag(after(0, 1, 2.5, 0, 1))).toBe(true);
  expect(lag(after(2.5, 0, 0, 0, 0, 0, 0, 0, 0, 0))).toBe(true);
  expect(lag(after(2.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))).toBe(false);
  expect(withLag(after(2.5), { ...still(0), newestUs: null })).toEqual([]);
});

it("that did not come has a cause for people, and missing footage is told from what went wrong", () => {
  const none = (cause: string | null) =>
    new Problem(404, "no-footage", "channel 5 has no footage at 2026-11-21T23:04:00+00:00", "see /api/timeline", {
      cause,
    });
  expect(failureOf(none("camera offline"))).toEqual({ noFootage: true, cause: "camera offline" });
  expect(failureOf(none(null))).toEqual({ noFootage: true, cause: "" });
  const busy = failureOf(new Problem(503, "busy", "too many pictures are asked for", "try again"));
  expect(busy).toEqual({ noFootage: false, cause: "too many pictures are asked for; try again" });
  expect(failureOf(new TypeError("no blob"))).toEqual({ noFootage: false, cause: "the still does not come" });
});
