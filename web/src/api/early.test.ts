import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { getJson } from "./client";
import { askedMs, closeStream, openStream, STREAMS_KEY } from "./early";

class FakeSocket {
  static readonly OPEN = 1;
  static made: FakeSocket[] = [];
  readyState = 0;
  binaryType = "";
  onmessage: unknown = null;
  onclose: unknown = null;

  constructor(readonly url: URL | string) {
    FakeSocket.made.push(this);
  }
  close(): void {
    this.readyState = 3;
  }
}

const PATH = "/api/channel/1/live?stream=sub";
const kept = (): string | null => localStorage.getItem(STREAMS_KEY);

function early(path: string, { readyState = 1 } = {}) {
  const socket = new FakeSocket(path);
  socket.readyState = readyState;
  const heard = [new ArrayBuffer(3)];
  globalThis.miniNvrEarly = {
    answers: new Map(),
    streams: new Map([[path, { socket: socket as unknown as WebSocket, heard }]]),
  };
  return { socket, heard };
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.made = [];
  localStorage.clear();
  vi.stubGlobal("WebSocket", FakeSocket);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  globalThis.miniNvrEarly = undefined;
});

describe("an answer", () => {
  const fetched = vi.fn(() => Promise.resolve(new Response('{"from": "now"}')));
  const asked = (json: Promise<unknown>): void => {
    globalThis.miniNvrEarly = { answers: new Map([["/api/me", { askedMs: 12, json }]]), streams: new Map() };
  };

  beforeEach(() => {
    fetched.mockClear();
    vi.stubGlobal("fetch", fetched);
  });

  it("is taken where it was asked for early, once", async () => {
    asked(Promise.resolve({ from: "early" }));
    expect(askedMs("/api/me")).toBe(12);
    expect(await getJson("/api/me")).toEqual({ from: "early" });
    expect(await getJson("/api/me")).toEqual({ from: "now" });
    expect(askedMs("/api/me")).toBe(Date.now());
  });

  it("is asked for again where it was refused, as before a sign-in, or did not come", async () => {
    asked(Promise.reject(new Error("/api/me")));
    expect(await getJson("/api/me")).toEqual({ from: "now" });
  });
});

describe("a live stream", () => {
  it("is opened on the recorder's own address, for binary messages", () => {
    const { socket } = openStream(PATH);
    expect(String(socket.url)).toBe(`${location.origin.replace("http", "ws")}${PATH}`);
    expect(socket.binaryType).toBe("arraybuffer");
    closeStream({ socket, heard: [] });
    expect(socket.readyState).toBe(3);
  });

  it("is the one that is open already, with what came; the next time another", () => {
    const { socket, heard } = early(PATH);
    const taken = openStream(PATH);
    expect(taken).toEqual({ socket, heard });
    expect(openStream(PATH).socket).not.toBe(socket);
  });

  it("is opened anew when the early one was closed", () => {
    const { socket } = early(PATH, { readyState: 3 });
    expect(openStream(PATH).socket).not.toBe(socket);
  });

  it("is remembered while it is on screen, for the next opening of the page", () => {
    const [one, other] = [openStream("/3"), openStream("/4")];
    expect(kept()?.split(" ")).toEqual(expect.arrayContaining(["/3", "/4"]));
    closeStream(one);
    vi.advanceTimersByTime(2_000);
    expect(kept()?.split(" ")).toContain("/4");
    expect(kept()?.split(" ")).not.toContain("/3");
    closeStream(other);
  });
});
