import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { close, listen, open, type News } from "./news";

/** The browser's EventSource, driven by hand. */
class FakeSource {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static all: FakeSource[] = [];
  readyState = FakeSource.CONNECTING;
  onopen: () => void = () => undefined;
  onerror: () => void = () => undefined;
  onmessage: (message: { data: string }) => void = () => undefined;

  constructor(readonly url: string) {
    FakeSource.all.push(this);
  }

  close(): void {
    this.readyState = FakeSource.CLOSED;
  }

  opens(): void {
    this.readyState = FakeSource.OPEN;
    this.onopen();
  }

  tells(news: News): void {
    this.onmessage({ data: JSON.stringify(news) });
  }

  /** closed: the answer was no stream; otherwise the browser tries again by itself. */
  fails(closed: boolean): void {
    this.readyState = closed ? FakeSource.CLOSED : FakeSource.CONNECTING;
    this.onerror();
  }
}

const newest = (): FakeSource => {
  const found = FakeSource.all.at(-1);
  if (found === undefined) throw new Error("nothing was opened");
  return found;
};

let told: string[] = [];
let leave = (): void => undefined;
let answers: () => Promise<Response>;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.all = [];
  vi.stubGlobal("EventSource", FakeSource);
  answers = () => Promise.resolve(new Response("{}"));
  vi.stubGlobal("fetch", () => answers());
  told = [];
  leave = listen({
    heard: (news) => told.push(news.event),
    opened: () => told.push("opened"),
    closed: () => told.push("closed"),
  });
  open();
});
afterEach(() => {
  leave();
  close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const CLOCK: News = { event: "clock", utcUs: 1 };

test("news are passed on, and after lost ones all is asked anew", () => {
  newest().opens();
  newest().tells({ event: "recorder", running: true });
  newest().tells({ event: "lost" });
  expect(told).toEqual(["opened", "recorder", "lost", "opened"]);
});

test("silence is a cut line, which is opened again until it answers", () => {
  newest().opens();
  for (let beat = 0; beat < 5; beat += 1) {
    vi.advanceTimersByTime(5_000);
    newest().tells(CLOCK);
  }
  expect(FakeSource.all.length).toBe(1);
  vi.advanceTimersByTime(8_000);
  expect(told.at(-1)).toBe("closed");
  vi.advanceTimersByTime(20_000);
  expect(FakeSource.all.length).toBeGreaterThanOrEqual(3);
  expect(told.filter((one) => one === "closed").length).toBe(1);
  newest().opens();
  expect(told.at(-1)).toBe("opened");
});

test("the browser's own reconnection is awaited", () => {
  newest().opens();
  newest().fails(false);
  vi.advanceTimersByTime(3_000);
  expect(FakeSource.all.length).toBe(1);
  newest().opens();
  expect(told).toEqual(["opened", "closed", "opened"]);
});

test("an answer that is no stream is asked for its cause, and the line opened when there is none", async () => {
  newest().fails(true);
  answers = () => Promise.resolve(new Response("{}", { status: 503 }));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(FakeSource.all.length).toBe(1);
  answers = () => Promise.resolve(new Response("{}"));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(FakeSource.all.length).toBe(2);
  newest().opens();
  expect(told).toEqual(["closed", "opened"]);
});

test("a browser that says it is offline is believed, but the line is tried at once, and again when it is online", () => {
  newest().opens();
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  dispatchEvent(new Event("offline"));
  expect(told.at(-1)).toBe("closed");
  expect(FakeSource.all.length).toBe(2);
  newest().fails(false);
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(true);
  dispatchEvent(new Event("online"));
  expect(FakeSource.all.length).toBe(3);
  newest().opens();
  expect(told).toEqual(["opened", "closed", "opened"]);
});

test("after it was closed nothing is opened any more", async () => {
  newest().opens();
  newest().fails(true);
  close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSource.all.length).toBe(1);
});
