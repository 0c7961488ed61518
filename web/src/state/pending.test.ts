import { flushSync } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Problem } from "../api/problem";
import { fromMs } from "../time/instant";
import { notices, type NoticeAction } from "./notices.svelte";
import { pending as thePage, Pending, UNDO_MS, type Deleted } from "./pending.svelte";
import { session } from "./session.svelte";

const SPAN = { startUs: fromMs(1_000), endUs: fromMs(2_000) };

/** Notices that stand on the screen, and all that was ever said. */
function screen() {
  const standing: { text: string; action: NoticeAction | null }[] = [];
  const said: string[] = [];
  const say = (text: string, kind: string, action: NoticeAction | null = null) => {
    const notice = { text, action };
    standing.push(notice);
    said.push(`${kind}: ${text}`);
    return () => void standing.splice(standing.indexOf(notice), 1);
  };
  return { standing, said, say };
}

const deletion = (carryOut: () => Promise<Deleted>, paths = ["ch1/a.mp4"]) => ({
  what: "one file",
  paths,
  spans: new Map([[1, [SPAN]]]),
  carryOut,
});

describe("a deletion", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("hides its files at once and asks the recorder after the time to undo it", async () => {
    const { said, standing, say } = screen();
    const pending = new Pending(say);
    const ask = vi.fn(() => Promise.resolve({ paths: ["ch1/a.mp4"] }));
    pending.add(deletion(ask));
    expect(pending.hides("ch1/a.mp4")).toBe(true);
    expect(pending.hides("ch1/b.mp4")).toBe(false);
    expect(pending.spansOf(1)).toEqual([SPAN]);
    expect(pending.spansOf(2)).toEqual([]);
    await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
    expect(ask).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(ask).toHaveBeenCalledOnce();
    expect(pending.hides("ch1/a.mp4")).toBe(true);
    expect(pending.spansOf(1)).toEqual([]);
    expect(said.at(-1)).toBe("done: Deleted one file");
    expect(standing.some((notice) => notice.action !== null)).toBe(false);
  });

  it("is never asked for once it was undone", async () => {
    const { standing, say } = screen();
    const pending = new Pending(say);
    const ask = vi.fn(() => Promise.resolve({ paths: [] }));
    pending.add(deletion(ask));
    await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
    standing[0]?.action?.run();
    expect(pending.hides("ch1/a.mp4")).toBe(false);
    expect(standing).toEqual([]);
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(ask).not.toHaveBeenCalled();
  });

  it("shows its files again and says why when the recorder refuses", async () => {
    const { said, say } = screen();
    const pending = new Pending(say);
    pending.add(deletion(() => Promise.reject(new Problem(409, "live", "it is being written", "wait"))));
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(pending.hides("ch1/a.mp4")).toBe(false);
    expect(said.at(-1)).toBe("error: Could not delete one file: it is being written; wait");
  });

  it("hides while it is asked, and afterwards only what is gone", async () => {
    const { said, say } = screen();
    const pending = new Pending(say);
    let answer: (deleted: Deleted) => void = () => undefined;
    pending.add(deletion(() => new Promise((resolve) => (answer = resolve)), ["ch1/a.mp4", "ch1/b.mp4"]));
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(pending.hides("ch1/b.mp4")).toBe(true);
    answer({ paths: ["ch1/a.mp4"], note: "one was kept" });
    await vi.advanceTimersByTimeAsync(0);
    expect(pending.hides("ch1/a.mp4")).toBe(true);
    expect(pending.hides("ch1/b.mp4")).toBe(false);
    expect(said.at(-1)).toBe("done: Deleted one file; one was kept");
  });

  it("is one of several, each with its own undo", async () => {
    const { standing, say } = screen();
    const pending = new Pending(say);
    const [first, second] = [vi.fn(() => Promise.resolve({ paths: [] })), vi.fn(() => Promise.resolve({ paths: [] }))];
    pending.add(deletion(first, ["a"]));
    await vi.advanceTimersByTimeAsync(4_000);
    pending.add(deletion(second, ["b"]));
    standing[0]?.action?.run();
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(first).not.toHaveBeenCalled();
    expect(second).toHaveBeenCalledOnce();
  });

  it("does not happen when the session ends first", async () => {
    const ask = vi.fn(() => Promise.resolve({ paths: [] }));
    session.phase = "signedIn";
    flushSync();
    thePage.add(deletion(ask));
    session.phase = "signedOut";
    flushSync();
    expect(notices.list.map((notice) => notice.text)).toEqual(["Kept one file: the session ended first"]);
    await vi.advanceTimersByTimeAsync(2 * UNDO_MS);
    expect(ask).not.toHaveBeenCalled();
  });
});
