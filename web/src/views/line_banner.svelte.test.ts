import { flushSync, mount, unmount } from "svelte";
import { afterEach, expect, it } from "vitest";

import { cameras } from "../state/cameras.svelte";
import { clock } from "../state/clock.svelte";
import { fromMs, US_PER_DAY, utcUs } from "../time/instant";
import LineBanner from "./LineBanner.svelte";

let banner: Record<string, unknown>;
afterEach(() => unmount(banner));

it("says since when the recorder does not run, with the day when that was another one", () => {
  cameras.zone = "Europe/Berlin";
  cameras.connected = true;
  cameras.recorderRunning = false;
  clock.secondUs = fromMs(Date.parse("2026-11-22T23:10:00Z"));
  cameras.recorderDownSinceUs = fromMs(Date.parse("2026-11-22T22:30:40Z"));
  banner = mount(LineBanner, { target: document.body });
  const says = (): string => {
    flushSync();
    return document.querySelector("p")?.textContent ?? "";
  };
  expect(says()).toContain("not running since Sun 22 Nov, 23:30: nothing is recorded");
  clock.secondUs = utcUs(clock.secondUs - US_PER_DAY / 24);
  expect(says()).toContain("not running since 23:30: nothing is recorded");
});
