import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { seen } from "./seen.svelte";

vi.stubGlobal(
  "IntersectionObserver",
  class {
    observe(): void {}
    disconnect(): void {}
  },
);

/** The page goes into the background or comes back, with a picture in the small window or without; the cameras that are seen then. */
function show(hidden: boolean, small: Element | null, event = "visibilitychange"): number[] {
  vi.spyOn(document, "hidden", "get").mockReturnValue(hidden);
  Object.defineProperty(document, "pictureInPictureElement", { value: small, configurable: true });
  document.dispatchEvent(new Event(event));
  return [1, 2, 3].filter((channel) => seen.has(channel));
}

const places = [1, 2, 3].map(() => document.createElement("div"));
const picture = document.createElement("i");
places[1]?.append(picture);
let leave: (() => void)[] = [];

beforeEach(() => {
  leave = places.map((place, index) => seen.watch(index + 1, place, true));
  seen.channels.add(1).add(2); // the third is scrolled away
});
afterEach(() => {
  show(false, null);
  leave.forEach((one) => one());
});

it("of a page in the background nothing is seen", () => {
  expect(show(true, null)).toEqual([]);
  expect(show(false, null)).toEqual([1, 2]);
});

it("only the picture in the small window is, until that is closed", () => {
  expect(show(false, picture, "enterpictureinpicture")).toEqual([1, 2]);
  expect(show(true, picture)).toEqual([2]);
  expect(show(true, null, "leavepictureinpicture")).toEqual([]);
});

it("the small window is seen although its tile is scrolled away", () => {
  seen.channels.delete(2);
  expect(show(false, picture, "enterpictureinpicture")).toEqual([1, 2]);
});

it("a picture of somebody else's in the small window is nothing", () => {
  expect(show(true, document.body)).toEqual([]);
});

it("a tile that is gone is seen no more", () => {
  leave[1]?.();
  expect(show(true, picture)).toEqual([]);
});
