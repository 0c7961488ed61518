import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { download, type Progress } from "./download";
import { Problem } from "./problem";

const FILE = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);

/** A body that breaks off after `bytes` bytes, in chunks of 100. */
function body(from: number, breakAt: number | null): ReadableStream<Uint8Array> {
  let at = from;
  return new ReadableStream({
    pull(controller) {
      if (breakAt !== null && at >= breakAt) return controller.error(new TypeError("network error"));
      if (at >= FILE.length) return controller.close();
      controller.enqueue(FILE.slice(at, at + 100));
      at += 100;
    },
  });
}

/** A recorder that breaks off where `breaks` says, request by request. */
function recorder(breaks: (number | null)[], etags: string[] = []) {
  const asked: (string | null)[] = [];
  vi.stubGlobal("fetch", (_: string, { headers }: { headers: Headers }) => {
    const etag = etags[asked.length] ?? '"a"';
    const range = headers.get("If-Range") === etag ? headers.get("Range") : null;
    asked.push(headers.get("Range"));
    const from = range === null ? 0 : Number(/\d+/.exec(range)?.[0]);
    const stop = breaks[asked.length - 1] ?? null;
    if (stop === -1) return Promise.reject(new TypeError("failed to fetch"));
    return Promise.resolve(
      new Response(body(from, stop), { status: range === null ? 200 : 206, headers: { ETag: etag } }),
    );
  });
  return asked;
}

const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());

describe("a download", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("gives the file and tells how far it is", async () => {
    recorder([]);
    const told: Progress[] = [];
    const blob = await download("/x", 1000, (progress) => told.push(progress), new AbortController().signal);
    expect(await bytesOf(blob)).toEqual(FILE);
    expect(told.map((one) => one.bytes)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  });

  it("goes on where it broke off", async () => {
    const asked = recorder([300, -1, 700]);
    const told: Progress[] = [];
    const done = download("/x", 1000, (progress) => told.push(progress), new AbortController().signal);
    await vi.runAllTimersAsync();
    expect(await bytesOf(await done)).toEqual(FILE);
    expect(asked).toEqual([null, "bytes=300-", "bytes=300-", "bytes=700-"]);
    expect(told.filter((one) => one.waiting)).toHaveLength(3);
  });

  it("begins anew when the file is another one meanwhile", async () => {
    recorder([500], ['"a"', '"b"']);
    const done = download("/x", 1000, () => undefined, new AbortController().signal);
    await vi.runAllTimersAsync();
    expect(await bytesOf(await done)).toEqual(FILE);
  });

  it("gives up after eight attempts without a byte", async () => {
    const asked = recorder(Array<number>(20).fill(-1));
    const done = download("/x", 1000, () => undefined, new AbortController().signal).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await done).toMatchObject({ kind: "unreachable" });
    expect(asked).toHaveLength(9);
  });

  it("says why the recorder refuses, at once", async () => {
    vi.stubGlobal("fetch", () =>
      Promise.resolve(Response.json({ detail: "it is gone", remedy: "export again" }, { status: 404 })),
    );
    const failed = download("/x", 1000, () => undefined, new AbortController().signal).catch((error: unknown) => error);
    expect(((await failed) as Problem).text).toBe("it is gone; export again");
  });

  it("can be cancelled while it waits", async () => {
    recorder([300, ...Array<number>(20).fill(-1)]);
    const cancel = new AbortController();
    const done = download("/x", 1000, () => undefined, cancel.signal).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(700);
    cancel.abort();
    expect(await done).toMatchObject({ name: "AbortError" });
  });
});
