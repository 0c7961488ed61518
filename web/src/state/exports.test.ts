import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { utcUs } from "../time/instant";
import { Exports, MOST_BYTES_IN_PAGE } from "./exports.svelte";
import { notices } from "./notices.svelte";

const SPAN = { startUs: utcUs(0), endUs: utcUs(1_000_000) };

/** What the browser was told to save. */
let saved: { href: string; name: string }[];

beforeEach(() => {
  saved = [];
  notices.list.forEach((notice) => notices.close(notice.id));
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    saved.push({ href: this.getAttribute("href") ?? "", name: this.download });
  });
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:of-the-file");
});
afterEach(() => vi.unstubAllGlobals());

const said = () => notices.list.map((notice) => `${notice.kind}: ${notice.text}`);

describe("an export", () => {
  it("is fetched, saved under the recorder's name, and said", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("0123456789")));
    const exports = new Exports();
    const done = exports.start(1, SPAN, { bytes: 10, name: "Gate.mp4" });
    expect(exports.list.map((one) => one.name)).toEqual(["Gate.mp4"]);
    await done;
    expect(exports.list).toEqual([]);
    expect(saved).toEqual([{ href: "blob:of-the-file", name: "Gate.mp4" }]);
    expect(said()).toEqual(["done: Saved Gate.mp4"]);
  });

  it("that is large is the browser's", async () => {
    const exports = new Exports();
    await exports.start(1, SPAN, { bytes: MOST_BYTES_IN_PAGE + 1, name: null });
    expect(saved).toEqual([{ href: "/api/channel/1/export.mp4?start=0&end=1000", name: "camera-1.mp4" }]);
    expect(said()[0]).toMatch(/^info: camera-1.mp4 is large/);
  });

  it("that is refused says why", async () => {
    vi.stubGlobal("fetch", () =>
      Promise.resolve(Response.json({ detail: "a file is gone", remedy: "export again" }, { status: 404 })),
    );
    await new Exports().start(1, SPAN, { bytes: 10, name: "Gate.mp4" });
    expect(saved).toEqual([]);
    expect(said()).toEqual(["error: Could not save Gate.mp4: a file is gone; export again"]);
  });

  it("can be stopped, without a word", async () => {
    vi.stubGlobal(
      "fetch",
      (_: string, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    );
    const exports = new Exports();
    const done = exports.start(1, SPAN, { bytes: 10, name: "Gate.mp4" });
    exports.list[0]?.cancel();
    await done;
    expect(exports.list).toEqual([]);
    expect([saved, said()]).toEqual([[], []]);
  });
});
