import { flushSync } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { cameras } from "../state/cameras.svelte";
import { session } from "../state/session.svelte";
import { watch } from "../state/watch.svelte";
import { utcUs } from "../time/instant";
import { Rest } from "./rest.svelte";

let broken = 0;
const load = vi.fn(() => (broken-- > 0 ? Promise.reject(new Error("cut")) : Promise.resolve({} as never)));

function follow(): { rest: Rest; end: () => void } {
  const rest = new Rest(load);
  const end = $effect.root(() => {
    $effect(rest.follow);
  });
  flushSync();
  return { rest, end };
}

beforeEach(() => {
  vi.useFakeTimers();
  load.mockClear();
  broken = 0;
  cameras.painted.clear();
  session.phase = "signedIn";
  watch.ask({ type: "live" });
});
afterEach(() => void vi.useRealTimers());

test("it waits for the first live picture", () => {
  const { end } = follow();
  expect(load).not.toHaveBeenCalled();
  cameras.painted.set(1, utcUs(1));
  flushSync();
  expect(load).toHaveBeenCalledOnce();
  end();
});

test("but not for long", () => {
  const { end } = follow();
  vi.advanceTimersByTime(1_500);
  flushSync();
  expect(load).toHaveBeenCalledOnce();
  end();
});

test("it waits for no picture where none is to come, and for the word on who is signed in", () => {
  session.phase = "asking";
  const { end } = follow();
  expect(load).not.toHaveBeenCalled();
  session.phase = "signedOut";
  flushSync();
  expect(load).toHaveBeenCalledOnce();
  end();
});

test("it is there once it is loaded, and is asked for again when it did not come", async () => {
  broken = 1;
  session.phase = "signedOut";
  const { rest, end } = follow();
  await vi.advanceTimersByTimeAsync(100);
  expect(rest.parts).toBeNull();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(rest.parts).not.toBeNull();
  end();
});
