import { beforeEach, describe, expect, it } from "vitest";

import { Problem } from "../../api/problem";
import { fromMs, plus, toMs, US_PER_DAY, US_PER_HOUR, US_PER_S, utcUs, type UtcUs } from "../../time/instant";
import { Footage, type Question, queryOf, type Shown } from "./footage";
import { childrenOf, levelFor, parentOf, resolutionS, tileSpan, tilesOver, tileUs } from "./levels";
import type { TimelineJson } from "./strip";

const NOW = utcUs(1_795_348_800 * US_PER_S);
const WIDTH = 1_400;

const shown = (endUs: number, lengthUs: number, channels = [1, 2]): Shown => ({
  ...{ startUs: endUs - lengthUs, endUs, usPerPx: lengthUs / WIDTH },
  channels,
});

/** A recorder whose footage begins 30 days ago; it has a gap of 10 s each hour. Answers when told to. */
class FakeRecorder {
  now = NOW;
  down = false;
  readonly asked: Question[] = [];
  readonly #waiting: (() => void)[] = [];
  aborted = 0;
  deletedBefore = plus(NOW, -30 * US_PER_DAY);

  readonly ask = async (question: Question, signal: AbortSignal): Promise<TimelineJson> => {
    this.asked.push(question);
    const answer = this.#answer(question);
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push(resolve);
      signal.addEventListener("abort", () => {
        this.aborted += 1;
        reject(new DOMException("", "AbortError"));
      });
    });
    if (this.down) throw new Problem(0, "unreachable", "the recorder does not answer", "wait");
    return answer;
  };

  #answer({ span, channels }: Question): TimelineJson {
    const [start, end] = [
      Math.max(toMs(span.startUs), toMs(this.deletedBefore)),
      Math.min(toMs(span.endUs), toMs(this.now)),
    ];
    const hour = 3_600_000;
    const gaps: { start: number; end: number; cause: string; detail: string }[] = [];
    for (let gap = Math.ceil(start / hour) * hour; gap < end; gap += hour) {
      gaps.push({ start: gap, end: gap + 10_000, cause: "camera offline", detail: "" });
    }
    const activity = { start, step: 60, bytesPerSecond: [1, null, 3] };
    const spans = start < end ? [[start, end] as const] : [];
    return { start, end, channels: channels.map((channel) => ({ channel, spans, gaps, activity })) };
  }

  async answer(): Promise<void> {
    for (let round = 0; round < 20 && this.#waiting.length > 0; round++) {
      for (const done of this.#waiting.splice(0)) done();
      for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    }
  }
}

let recorder: FakeRecorder;
let footage: Footage;

beforeEach(() => {
  recorder = new FakeRecorder();
  footage = new Footage(recorder.ask, () => recorder.now);
});

async function see(what: Shown): Promise<void> {
  footage.show(what);
  await recorder.answer();
}

const spansOf = (what: Shown, channel = 1): (readonly [number, number])[] =>
  footage
    .pieces(channel, what.startUs, what.endUs, what.usPerPx)
    .map(({ startUs, endUs }) => [startUs, endUs] as const);

/** The pieces leave nothing of what is seen out, and do not overlap. */
function expectWhole(what: Shown, channel = 1): void {
  const pieces = spansOf(what, channel);
  expect(pieces.length).toBeGreaterThan(0);
  expect(pieces[0]?.[0]).toBeLessThanOrEqual(what.startUs);
  expect(pieces.at(-1)?.[1]).toBeGreaterThanOrEqual(Math.min(what.endUs, recorder.now));
  pieces.slice(1).forEach(([start], index) => expect(start).toBe(pieces[index]?.[1]));
}

describe("tiles", () => {
  it("have buckets of at most a pixel, and more than half of one", () => {
    for (let us = US_PER_S; us < 2 ** 17 * US_PER_S; us *= 1.37) {
      const resolution = resolutionS(levelFor(us)) * US_PER_S;
      expect(resolution).toBeLessThanOrEqual(us);
      expect(resolution * 2).toBeGreaterThan(us);
    }
    expect(levelFor(10)).toBe(0);
  });

  it("lie in their parents, and are their children together", () => {
    for (const tile of tilesOver(7, NOW - 9e12, NOW)) {
      const [left, right] = childrenOf(tile);
      expect([parentOf(left), parentOf(right)]).toEqual([tile, tile]);
      expect([tileSpan(left).startUs, tileSpan(right).endUs]).toEqual([tileSpan(tile).startUs, tileSpan(tile).endUs]);
    }
  });

  it("cover what they are asked for", () => {
    const tiles = tilesOver(3, NOW, NOW + 3 * tileUs(3));
    expect(tileSpan(tiles[0] ?? { level: 0, index: 0 }).startUs).toBeLessThanOrEqual(NOW);
    expect(tiles.length).toBeLessThanOrEqual(4);
    expect(tilesOver(3, NOW, NOW)).toHaveLength(NOW % tileUs(3) === 0 ? 0 : 1);
  });
});

describe("what is asked", () => {
  it("is what is on screen, for all its cameras at once, a few points a pixel", async () => {
    await see(shown(NOW, 7 * US_PER_DAY));
    expectWhole(shown(NOW, 7 * US_PER_DAY), 1);
    expectWhole(shown(NOW, 7 * US_PER_DAY), 2);
    expect(recorder.asked.length).toBeLessThan(12);
    for (const { channels, span, resolutionS: seconds } of recorder.asked) {
      expect(channels).toEqual([1, 2]);
      expect((span.endUs - span.startUs) / US_PER_S / seconds).toBe(512);
    }
  });

  it("is not asked again while it is known", async () => {
    const past = shown(NOW - US_PER_DAY, US_PER_HOUR);
    await see(past);
    const before = recorder.asked.length;
    for (let second = 0; second < 20; second++) {
      recorder.now = plus(recorder.now, US_PER_S);
      await see(past);
    }
    expect(recorder.asked.length).toBe(before);
  });

  it("of a camera that comes on screen is asked alone", async () => {
    await see(shown(NOW - US_PER_DAY, US_PER_HOUR, [1]));
    const before = recorder.asked.length;
    await see(shown(NOW - US_PER_DAY, US_PER_HOUR, [1, 2]));
    expect(recorder.asked.slice(before).every(({ channels }) => channels.join() === "2")).toBe(true);
  });

  it("is broken off when it is no longer on screen, and what is on screen comes", async () => {
    footage.show(shown(NOW, US_PER_HOUR));
    const first = recorder.asked.length;
    const then = shown(NOW - 20 * US_PER_DAY, US_PER_HOUR);
    await see(then);
    expect(recorder.aborted).toBe(first);
    expectWhole(then);
  });

  it("is nothing of the future", async () => {
    await see(shown(NOW + US_PER_DAY, US_PER_HOUR));
    expect(recorder.asked).toEqual([]);
    const question = { channels: [1, 2], span: { startUs: plus(NOW, -US_PER_HOUR), endUs: plus(NOW, US_PER_HOUR) }, resolutionS: 4 }; // prettier-ignore
    expect(queryOf(question, NOW)).toEqual({
      ...{ start: toMs(NOW) - 3_600_000, end: toMs(NOW) + 1_000, channels: "1,2", resolution: 4 },
    });
  });
});

describe("what is known is shown at once", () => {
  it("coarsely while closer is fetched", async () => {
    await see(shown(NOW, 7 * US_PER_DAY));
    expectWhole(shown(NOW - US_PER_DAY, US_PER_HOUR));
  });

  it("from what was seen closely while all is fetched", async () => {
    const close = shown(NOW - US_PER_DAY, 6 * US_PER_HOUR);
    await see(close);
    const far = shown(NOW - US_PER_DAY, 14 * US_PER_HOUR);
    expect(spansOf(far).length).toBeGreaterThan(0);
  });
});

describe("what changes", () => {
  const live = shown(NOW, US_PER_HOUR);

  it("a growing end is asked for within 10 seconds", async () => {
    await see(live);
    for (let second = 0; second < 10; second++) {
      recorder.now = plus(recorder.now, US_PER_S);
      footage.tick();
      await recorder.answer();
    }
    expect(footage.recordedAt(1, plus(recorder.now, -6 * US_PER_S), live.usPerPx)).toBe(true);
  });

  it("a deletion is gone at once, on every zoom", async () => {
    const old = shown(NOW - 29 * US_PER_DAY, US_PER_HOUR);
    await see(old);
    await see(shown(NOW - 29 * US_PER_DAY, 2 * US_PER_HOUR));
    await see(old);
    const [one, other] = [utcUs(old.endUs - 60e6), utcUs(old.endUs - 1_800e6)];
    expect(footage.recordedAt(1, one, old.usPerPx)).toBe(true);
    recorder.deletedBefore = plus(NOW, -28 * US_PER_DAY);
    footage.heard({ event: "deleted", channel: 1, path: "ch1/x.mp4" });
    await recorder.answer();
    expect(footage.recordedAt(1, one, old.usPerPx)).toBe(false);
    expect(footage.recordedAt(1, other, old.usPerPx)).toBe(false);
    const wide = shown(NOW - 29 * US_PER_DAY, 2 * US_PER_HOUR);
    await see(wide);
    expect(footage.recordedAt(1, one, wide.usPerPx)).toBe(false);
  });

  it("during a request, the answer is shown and asked for again", async () => {
    footage.show(live);
    const before = recorder.asked.length;
    footage.heard({ event: "deleted", channel: 1, path: "ch1/x.mp4" });
    await recorder.answer();
    const again = recorder.asked.slice(before).filter(({ span }) => span.startUs === recorder.asked[0]?.span.startUs);
    expect(again.length).toBeGreaterThan(0);
  });

  it("news of one time leave others alone", async () => {
    const old = shown(NOW - 5 * US_PER_DAY, US_PER_HOUR);
    await see(old);
    const before = recorder.asked.length;
    footage.heard({ event: "gap", channel: 1, startUtcUs: NOW - 5e6, endUtcUs: null, cause: "camera offline" });
    await recorder.answer();
    expect(recorder.asked.length).toBe(before);
  });

  it("what is protected, or is no more, is asked for again", async () => {
    const old = shown(NOW - 5 * US_PER_DAY, US_PER_HOUR);
    await see(old);
    const before = recorder.asked.length;
    const inside = { startUtcUs: old.endUs - 120e6, endUtcUs: old.endUs - 60e6 };
    footage.heard({ event: "protected", channel: 1, ...inside, protected: true });
    await recorder.answer();
    expect(recorder.asked.slice(before).map(({ channels }) => channels)).toContainEqual([1]);
  });

  it("after a broken line everything is asked again", async () => {
    await see(shown(NOW - US_PER_DAY, US_PER_HOUR));
    const before = recorder.asked.length;
    footage.opened();
    await recorder.answer();
    expect(recorder.asked.length).toBeGreaterThan(before);
  });
});

describe("a recorder that does not answer", () => {
  it("is a problem, asked again after a while, and what is known stays", async () => {
    const there = shown(NOW - US_PER_DAY, US_PER_HOUR);
    await see(there);
    recorder.down = true;
    footage.heard({ event: "lost" });
    await recorder.answer();
    expect(footage.problem?.kind).toBe("unreachable");
    expectWhole(there);
    const before = recorder.asked.length;
    footage.tick();
    expect(recorder.asked.length).toBe(before);
    recorder.down = false;
    recorder.now = plus(recorder.now, 6 * US_PER_S);
    footage.tick();
    await recorder.answer();
    expect(recorder.asked.length).toBeGreaterThan(before);
    expect(footage.problem).toBeNull();
  });
});

describe("what is at an instant", () => {
  const there = shown(NOW - US_PER_DAY, 4 * US_PER_HOUR);
  const hour: UtcUs = fromMs(Math.floor(toMs(utcUs(there.endUs)) / 3_600_000) * 3_600_000);

  it("a gap with its cause, from its first instant to its last", async () => {
    await see(there);
    const inGap = [0, 5e6, 10e6 - 1].map((us) => footage.gapAt(1, plus(hour, us - 3_600e6), there.usPerPx)?.cause);
    expect(inGap).toEqual(["camera offline", "camera offline", "camera offline"]);
    expect(footage.gapAt(1, plus(hour, 10e6 - 3_600e6), there.usPerPx)).toBeNull();
    expect(footage.gapAt(1, plus(hour, -3_600e6 - 1), there.usPerPx)).toBeNull();
  });

  it("unknown is not the same as none", async () => {
    expect(footage.recordedAt(1, hour, there.usPerPx)).toBeNull();
    await see(shown(NOW - 40 * US_PER_DAY, US_PER_HOUR));
    expect(footage.recordedAt(1, plus(NOW, -40 * US_PER_DAY - US_PER_HOUR / 2), US_PER_HOUR / WIDTH)).toBe(false);
  });
});
