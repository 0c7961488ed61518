import { afterEach, expect, it, vi } from "vitest";

import { seen } from "./seen.svelte";

/** The page goes into the background or comes back, with a picture in the small window or without. */
function show(hidden: boolean, small: Element | null, event: string): boolean {
  vi.spyOn(document, "hidden", "get").mockReturnValue(hidden);
  Object.defineProperty(document, "pictureInPictureElement", { value: small, configurable: true });
  document.dispatchEvent(new Event(event));
  return seen.hidden;
}

afterEach(() => {
  show(false, null, "visibilitychange");
});

it("a page in the background is not seen", () => {
  expect(show(true, null, "visibilitychange")).toBe(true);
  expect(show(false, null, "visibilitychange")).toBe(false);
});

it("with a picture in the small window it is, until that is closed", () => {
  expect(show(true, document.body, "visibilitychange")).toBe(false);
  expect(show(true, null, "leavepictureinpicture")).toBe(true);
});
