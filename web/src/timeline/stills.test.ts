import { beforeEach, describe, expect, it, vi } from "vitest";

import { Problem } from "../api/problem";
import { plus, US_PER_S, utcUs, type UtcUs } from "../time/instant";
import { Stills, widthFor, type Fetched } from "./stills";

const START = utcUs(1_795_360_000 * US_PER_S);
const at = (seconds: number): UtcUs => plus(START, seconds * US_PER_S);
const NOW = at(100_000);

/** A recorder with a key frame every 2 s and a gap from 100 to 200; answers when told to. */
class FakeRecorder {
  readonly asked: number[] = [];
  readonly #waiting: (() => void)[] = [];

  readonly fetch = async (_channel: number, instant: UtcUs): Promise<Fetched> => {
    const second = (instant - START) / US_PER_S;
    this.asked.push(second);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (second >= 100 && second < 200) throw new Problem(404, "no-footage", "nothing was recorded", "");
    return { picture: new Blob([String(second)]), utcUs: at(Math.floor(second / 2) * 2) };
  };

  async answer(): Promise<void> {
    this.#waiting.shift()?.();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
}

let recorder: FakeRecorder;
let stills: Stills;
let made = 0;

beforeEach(() => {
  made = 0;
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => `blob:${(made += 1)}`);
  vi.spyOn(URL, "revokeObjectURL").mockReturnValue(undefined);
  recorder = new FakeRecorder();
  stills = new Stills(recorder.fetch, () => NOW);
});

async function known(...seconds: number[]): Promise<void> {
  for (const second of seconds) {
    stills.want(1, at(second), 320);
    await recorder.answer();
  }
}

describe("wishes", () => {
  it("are to be made the farther ahead the longer a still takes, but not for ever", async () => {
    vi.useFakeTimers();
    const ahead = [stills.aheadMs];
    for (let second = 0; second < 10; second += 2) {
      stills.want(1, at(second), 320);
      vi.advanceTimersByTime(100);
      await recorder.answer();
      ahead.push(stills.aheadMs);
    }
    expect(ahead).toEqual(ahead.toSorted((one, other) => one - other));
    expect(ahead.at(-1)).toBeGreaterThan(150);
    stills.want(1, at(50), 320);
    vi.advanceTimersByTime(10_000);
    await recorder.answer();
    expect(stills.aheadMs).toBe(300);
    vi.useRealTimers();
  });

  it("are fetched one at a time, and of those that wait only the newest", async () => {
    for (const second of [10, 20, 30, 40]) stills.want(1, at(second), 320);
    expect(recorder.asked).toEqual([10]);
    await recorder.answer();
    expect(recorder.asked).toEqual([10, 40]);
    await recorder.answer();
    expect(recorder.asked).toEqual([10, 40]);
    expect(stills.nearest(1, at(12), 320)?.utcUs).toBe(at(10));
  });

  it("of two cameras do not wait for each other", () => {
    stills.want(1, at(10), 320);
    stills.want(2, at(10), 320);
    expect(recorder.asked).toEqual([10, 10]);
  });

  it("that are known are not fetched again: anything between the picture and what was asked", async () => {
    await known(11.5);
    stills.want(1, at(10.2), 320);
    expect(recorder.asked).toEqual([11.5]);
    stills.want(1, at(11.8), 320);
    expect(recorder.asked).toEqual([11.5, 11.8]);
    await recorder.answer();
    expect(made).toBe(1); // the same picture
  });

  it("are fetched again in a larger size", async () => {
    await known(11);
    stills.want(1, at(11), 640);
    expect(recorder.asked).toHaveLength(2);
  });

  it("without a picture are not asked again at once, and others are", async () => {
    await known(150, 150.2);
    expect(recorder.asked).toEqual([150]);
    expect(stills.nearest(1, at(150), 320)).toBeNull();
    await known(210);
    expect(stills.nearest(1, at(150), 320)?.utcUs).toBe(at(210));
  });

  it("close to now are asked again, as the answer may be another", async () => {
    stills = new Stills(recorder.fetch, () => at(20));
    await known(15.9);
    await known(15.95);
    expect(recorder.asked).toEqual([15.9, 15.95]);
  });
});

describe("nearest", () => {
  it("prefers the closest, before or after", async () => {
    await known(10, 20, 30);
    expect(stills.nearest(1, at(14), 320)?.utcUs).toBe(at(10));
    expect(stills.nearest(1, at(16), 320)?.utcUs).toBe(at(20));
    expect(stills.nearest(1, at(500), 320)?.utcUs).toBe(at(30));
    expect(stills.nearest(2, at(500), 320)).toBeNull();
  });

  it("forgets the longest unused, and gives its memory back", async () => {
    await known(0);
    for (let second = 1_000; second < 1_149; second++) await known(second * 2);
    stills.nearest(1, at(0), 320);
    await known(5_000);
    expect(URL.revokeObjectURL).toHaveBeenCalledExactlyOnceWith("blob:2");
    expect(stills.nearest(1, at(0), 320)?.url).toBe("blob:1");
    stills.forget(1);
    expect(URL.revokeObjectURL).toHaveBeenCalledTimes(151);
    expect(stills.nearest(1, at(0), 320)).toBeNull();
  });
});

it("widths are shared", () => {
  expect([100, 160, 176, 352, 700, 4_000].map(widthFor)).toEqual([160, 160, 320, 640, 1280, 1280]);
});
