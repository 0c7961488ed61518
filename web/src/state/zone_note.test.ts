import { expect, test } from "vitest";

import { zoneDifference } from "./zone_note";

test.each([
  [0, 0, ""],
  [3_600, 0, "1 h ahead of this browser"],
  [0, 3_600, "1 h behind this browser"],
  [20_700, 3_600, "4 h 45 min ahead of this browser"],
  [-12_600, -10_800, "30 min behind this browser"],
  [50_400, -43_200, "26 h ahead of this browser"],
])("the recorder at %d s, the browser at %d s: %s", (recorder, browser, text) => {
  expect(zoneDifference(recorder, browser)).toBe(text);
});
