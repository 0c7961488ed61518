import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Listener, News } from "../../api/news";
import { DayFiles } from "./day_files.svelte";

const listeners = vi.hoisted(() => new Set<Listener>());
vi.mock("../../api/news", () => ({
  listen: (listener: Listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
}));

const tell = (news: News) => listeners.forEach((one) => one.heard?.(news));

const NOON = Date.parse("2026-11-22T11:00:00Z");
const listed = (minute: number, live = false, bytes = 1_000) => ({
  ...{ id: minute, name: `ch1/${minute}.mp4`, start: NOON + minute * 60_000, end: NOON + (minute + 1) * 60_000 },
  ...{ bytes, live, container: "mp4", codec: null, protected: false },
});

/** What the recorder has; requests for a range give those that end in it. */
let stored: ReturnType<typeof listed>[];
let gaps: object[];
let asked: string[];

beforeEach(() => {
  vi.useFakeTimers({ now: NOON + 10 * 60_000 });
  [stored, gaps, asked] = [[listed(0), listed(1, true)], [], []];
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    const query = new URL(url, "http://nvr").searchParams;
    if (url.startsWith("/api/timeline")) return Promise.resolve(Response.json({ channels: [{ channel: 1, gaps }] }));
    const start = Number(query.get("start") ?? 0);
    return Promise.resolve(Response.json({ recordings: stored.filter((file) => file.end > start) }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  listeners.clear();
});

const shown = (day: DayFiles) => day.files.map((file) => `${file.path} ${file.bytes}${file.growing ? " grows" : ""}`);

async function opened() {
  const day = new DayFiles(1, "2026-11-22", "Europe/Berlin", null);
  const close = day.open();
  await vi.advanceTimersByTimeAsync(10);
  return { day, close };
}

describe("a day's files", () => {
  it("are loaded", async () => {
    const { day, close } = await opened();
    expect(shown(day)).toEqual(["ch1/0.mp4 1000", "ch1/1.mp4 1000 grows"]);
    expect([day.loading, day.problem]).toEqual([false, null]);
    close();
  });

  it("grow while somebody looks, and only the newest are asked for", async () => {
    const { day, close } = await opened();
    stored[1] = listed(1, true, 2_000);
    await vi.advanceTimersByTimeAsync(3_100);
    expect(shown(day)[1]).toBe("ch1/1.mp4 2000 grows");
    expect(asked.at(-1)).toContain(`start=${NOON + 60_000}`);
    close();
  });

  it("are followed by a gap that grows until it is over", async () => {
    stored = [listed(0)];
    const gap = { start: NOON + 60_000, cause: "camera offline", detail: "" };
    gaps = [{ ...gap, toJSON: () => ({ ...gap, end: Date.now() }) }];
    const { day, close } = await opened();
    const seenUs = day.gaps[0]?.endUs ?? 0;
    await vi.advanceTimersByTimeAsync(6_100);
    expect((day.gaps[0]?.endUs ?? 0) - seenUs).toBe(6_000_000);
    gaps = [{ ...gap, end: Date.now() }];
    await vi.advanceTimersByTimeAsync(6_000);
    const before = asked.length;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(asked).toHaveLength(before);
    close();
  });

  it("come as they are opened, and are sealed", async () => {
    const { day, close } = await opened();
    stored = [listed(0), listed(1, false, 3_000), listed(2, true)];
    const news = { channel: 1, path: "", startUtcUs: (NOON + 120_000) * 1_000, durationUs: 0, bytes: 0 };
    tell({ event: "segmentSealed", ...news });
    tell({ event: "segmentOpened", ...news });
    await vi.advanceTimersByTimeAsync(400);
    expect(shown(day)).toEqual(["ch1/0.mp4 1000", "ch1/1.mp4 3000", "ch1/2.mp4 1000 grows"]);
    expect(asked.filter((url) => url.includes("/recordings"))).toHaveLength(2);
    close();
  });

  it("go at once when they are deleted, and the gap comes", async () => {
    const { day, close } = await opened();
    stored = [listed(1, true)];
    gaps = [{ start: NOON, end: NOON + 60_000, cause: "deleted by retention", detail: "by a user" }];
    tell({ event: "deleted", channel: 1, path: "ch1/0.mp4" });
    expect(shown(day)).toEqual(["ch1/1.mp4 1000 grows"]);
    await vi.advanceTimersByTimeAsync(400);
    expect(day.gaps.map((gap) => gap.cause)).toEqual(["deleted by retention"]);
    close();
  });

  it("are asked for anew when the line was cut or footage was protected", async () => {
    const { close } = await opened();
    const whole = () => asked.filter((url) => url.includes("date=")).length;
    listeners.forEach((one) => one.opened?.());
    await vi.advanceTimersByTimeAsync(400);
    expect(whole()).toBe(2);
    const hour = { startUtcUs: NOON * 1_000, endUtcUs: (NOON + 3_600_000) * 1_000, protected: true };
    tell({ event: "protected", channel: 1, ...hour });
    tell({ event: "protected", channel: 2, ...hour });
    await vi.advanceTimersByTimeAsync(400);
    expect(whole()).toBe(3);
    close();
  });

  it("do not care about other cameras and other days", async () => {
    const { close } = await opened();
    const before = asked.length;
    const news = { path: "", durationUs: 0, bytes: 0 };
    tell({ event: "segmentOpened", channel: 2, startUtcUs: NOON * 1_000, ...news });
    tell({ event: "segmentOpened", channel: 1, startUtcUs: (NOON + 86_400_000) * 1_000, ...news });
    await vi.advanceTimersByTimeAsync(400);
    expect(asked).toHaveLength(before);
    close();
  });

  it("say why they cannot be shown, and keep what was", async () => {
    const { day, close } = await opened();
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed to fetch")));
    listeners.forEach((one) => one.opened?.());
    await vi.advanceTimersByTimeAsync(400);
    expect(day.problem?.kind).toBe("unreachable");
    expect(shown(day)).toHaveLength(2);
    close();
  });

  it("are left alone once the page is left", async () => {
    const { close } = await opened();
    close();
    const before = asked.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect([asked.length, listeners.size]).toEqual([before, 0]);
  });

  it("show the day before until their own have come", () => {
    const before = new DayFiles(1, "2026-11-21", "Europe/Berlin", null);
    before.files = [];
    const day = new DayFiles(1, "2026-11-22", "Europe/Berlin", before);
    expect([day.files, day.loading]).toEqual([before.files, true]);
  });
});
