import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { START } from "../../state/watch";
import { watch } from "../../state/watch.svelte";
import { plus, US_PER_S, utcUs } from "../../time/instant";
import { footage } from "../../timeline/footage";
import { timeline } from "../../timeline/control.svelte";
import { stills } from "../../timeline/stills";
import ScrubPicture from "./ScrubPicture.svelte";

const AT = utcUs(1_795_360_000 * US_PER_S);
const NOW = plus(AT, 86_400 * US_PER_S);
const onshown = vi.fn();
/** Seconds behind `AT` of which a still was asked for. */
const want = vi.fn();
let picture: Record<string, unknown>;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW / 1_000 });
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(320);
  want.mockClear();
  vi.spyOn(stills, "want").mockImplementation((_, at) => want((at - AT) / US_PER_S));
  onshown.mockClear();
  watch.ask({ type: "restore", state: { ...START, live: false, instantUs: AT } });
  timeline.adopt({ centreUs: AT, usPerPx: US_PER_S });
  watch.ask({ type: "scrubStart" });
  picture = mount(ScrubPicture, { target: document.body, props: { channel: 1, belowUs: AT, onshown } });
});
afterEach(async () => {
  await unmount(picture);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function cover(): unknown {
  flushSync();
  return onshown.mock.lastCall?.[0]?.cover;
}

const dragTo = (seconds: number) => watch.ask({ type: "scrubMove", toUs: plus(AT, seconds * US_PER_S), nowUs: NOW });

it("a picture of about that time is of that time, and one far away no more once the hand rests", () => {
  expect(cover()).toBe("there");
  dragTo(8);
  vi.advanceTimersByTime(1_000);
  expect(cover()).toBe("there");
  dragTo(60);
  expect(cover()).toBe("there");
  vi.advanceTimersByTime(200);
  dragTo(61);
  expect(cover()).toBe("there");
  vi.advanceTimersByTime(300);
  expect(cover()).toBe("elsewhere");
  dragTo(5);
  expect(cover()).toBe("there");
});

it("a gap is one at once, however close the last picture is", () => {
  const gap = { startUs: AT, endUs: NOW, cause: "camera offline", detail: "", count: 1, missingUs: 9e9 };
  vi.spyOn(footage, "gapAt").mockImplementation((_, at) => (at === AT ? null : gap));
  dragTo(1);
  expect(cover()).toBe("gap");
  expect(onshown.mock.lastCall?.[0]?.cause).toMatchObject({ text: "the camera does not answer" });
  vi.spyOn(footage, "gapAt").mockReturnValue({ ...gap, count: 2 }); // with footage in between
  dragTo(2);
  expect(cover()).toBe("there");
  expect(onshown.mock.lastCall?.[0]?.cause).toBeNull();
});

it("stills are asked for where a steady hand will be, and of its very place once it rests", () => {
  vi.spyOn(footage, "recordedAt").mockReturnValue(true);
  for (let step = 1; step <= 20; step += 1) {
    vi.advanceTimersByTime(16);
    dragTo(step * 16);
    flushSync();
  }
  const aheadS = want.mock.lastCall?.[0] - 320;
  expect(aheadS).toBeGreaterThan(stills.aheadMs - 10);
  expect(aheadS).toBeLessThan(stills.aheadMs + 10);
  vi.advanceTimersByTime(100);
  expect(want).toHaveBeenLastCalledWith(320);
});

it("none is asked for ahead where there is no footage", () => {
  vi.spyOn(footage, "recordedAt").mockReturnValue(false);
  for (let step = 1; step <= 5; step += 1) {
    vi.advanceTimersByTime(16);
    dragTo(step * 16);
    flushSync();
  }
  expect(want).toHaveBeenLastCalledWith(80);
});
