import { expect, test } from "vitest";

import { Problem } from "./problem";

test.each([
  ["the disk is full", "", "the disk is full"],
  ["the disk is full", "delete footage", "the disk is full; delete footage"],
  ["The password is not right.", "type it again", "The password is not right. Type it again"],
])("%s, %s: %s", (detail, remedy, text) => {
  expect(new Problem(400, "x", detail, remedy).text).toBe(text);
});
