import { flushSync } from "svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { cameras } from "../../state/cameras.svelte";
import { watch } from "../../state/watch.svelte";
import { utcUs } from "../../time/instant";
import { ScrubCover } from "./scrubCover.svelte";

const NOW = utcUs(2_000_000_000);
const at = (s: number) => utcUs(s * 1_000_000);

let cover: ScrubCover;
let end: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  cameras.painted.set(1, at(100));
  cameras.pictures.set(1, { kind: "playing" });
  end = $effect.root(() => {
    cover = new ScrubCover(1);
  });
});

afterEach(() => {
  end();
  vi.useRealTimers();
});

function scrub(): void {
  watch.ask({ type: "scrubStart" });
  watch.ask({ type: "scrubMove", toUs: at(500), nowUs: NOW });
  flushSync();
  expect(cover.on).toBe(true);
  watch.ask({ type: "scrubEnd", nowUs: NOW });
  flushSync();
}

it("covers from the first move until the picture of the new place is painted", () => {
  expect(cover.on).toBe(false);
  scrub();
  expect(cover.on).toBe(true);
  cameras.painted.set(1, at(500));
  expect(cover.on).toBe(false);
});

it("does not hide that there is no footage", () => {
  scrub();
  cameras.pictures.set(1, { kind: "noFootage", cause: "camera offline", startUs: null, endUs: null });
  expect(cover.on).toBe(false);
});

it("does not wait for ever", () => {
  scrub();
  vi.advanceTimersByTime(3_001);
  expect(cover.on).toBe(false);
});
