import { expect, it } from "vitest";

import { utcUs } from "../../time/instant";
import { isDue, stillWidth } from "./stills";

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
