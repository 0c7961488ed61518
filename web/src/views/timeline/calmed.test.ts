import { expect, it, vi } from "vitest";

import { calmed } from "./calmed";

it("tells the first at once, the last soon, and none in between", () => {
  vi.useFakeTimers();
  const told: number[] = [];
  const tell = calmed((given: number) => void told.push(given), 80);
  for (let given = 0; given < 10; given++) tell(given);
  expect(told).toEqual([0]);
  vi.advanceTimersByTime(80);
  expect(told).toEqual([0, 9]);
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([0, 9]);
  tell(10);
  expect(told).toEqual([0, 9, 10]);
});
