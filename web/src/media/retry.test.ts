import { expect, it } from "vitest";

import { retryMs } from "./retry";

it("asks again soon, then ever later, up to ten seconds", () => {
  expect([0, 1, 2, 3, 4, 5, 50].map((tries) => retryMs(tries, 0.5))).toEqual([
    500, 1000, 2000, 4000, 8000, 10000, 10000,
  ]);
});

it("spreads the tiles of a wall", () => {
  expect(retryMs(2, 0)).toBeLessThan(retryMs(2, 0.99));
});
