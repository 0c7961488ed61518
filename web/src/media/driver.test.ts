import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { PictureState } from "../state/types";
import { makePlayer } from "./driver";
import type { Player } from "./player";

class FakeBuffer extends EventTarget {
  updating = false;
  readonly appended: number[] = [];
  full = false;

  appendBuffer(data: Uint8Array): void {
    if (this.full) throw new DOMException("no room", "QuotaExceededError");
    this.appended.push(data.length);
    this.updating = true;
  }
  remove(): void {
    this.updating = true;
  }
  done(): void {
    this.updating = false;
    this.dispatchEvent(new Event("updateend"));
  }
}

class FakeSource extends EventTarget {
  static made: FakeSource[] = [];
  static isTypeSupported = (mimeType: string): boolean => mimeType.includes("avc1");
  readyState = "closed";
  streaming = false;
  readonly buffer = new FakeBuffer();
  refuses = false;

  constructor() {
    super();
    FakeSource.made.push(this);
  }
  addSourceBuffer(): FakeBuffer {
    if (this.refuses) throw new DOMException("no more buffers", "QuotaExceededError");
    return this.buffer;
  }
  open(): void {
    this.readyState = "open";
    this.dispatchEvent(new Event("sourceopen"));
  }
  stream(streaming: boolean): void {
    this.streaming = streaming;
    this.dispatchEvent(new Event(streaming ? "startstreaming" : "endstreaming"));
  }
}

class FakeSocket {
  static readonly OPEN = 1;
  static last: FakeSocket;
  readyState = 1;
  onmessage: ((message: { data: ArrayBuffer }) => void) | null = null;
  onclose = null;

  constructor() {
    FakeSocket.last = this;
  }
  close(): void {
    this.readyState = 3;
  }
  tell(kind: number, body: Uint8Array | string): void {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    this.onmessage?.({ data: new Uint8Array([kind, ...bytes]).buffer });
  }
}

const header = (codecs: string): string =>
  JSON.stringify({
    mimeType: `video/mp4; codecs="${codecs}"`,
    codecs,
    audio: false,
    startUtcUs: 1_700_000_000_000_000,
  });

let player: Player;
let states: PictureState[];

/** A live picture whose header has come. before: happens while it is on its way. */
function watching(codecs = "avc1.64001f", before: () => void = () => undefined): FakeSource | undefined {
  player = makePlayer(document.createElement("div"), {
    painted: () => undefined,
    state: (state) => states.push(state),
  });
  player.showLive(1, "main");
  before();
  FakeSocket.last.tell(1, header(codecs));
  FakeSocket.last.tell(2, new Uint8Array(8));
  return FakeSource.made.at(-1);
}

function managed(): FakeSource {
  const source = watching();
  if (source === undefined) throw new Error("no source was made");
  return source;
}

const part = (): void => FakeSocket.last.tell(3, new Uint8Array(20));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
  FakeSource.made = [];
  states = [];
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("MediaSource", undefined);
  vi.stubGlobal("ManagedMediaSource", FakeSource);
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => "blob:source", revokeObjectURL: () => undefined }));
  Object.assign(HTMLElement.prototype, { requestVideoFrameCallback: () => 0 });
});
afterEach(() => {
  player.destroy();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("gives a managed source data only while it wants some", () => {
  const source = managed();
  const { appended } = source.buffer;
  source.open();
  part();
  expect(appended).toHaveLength(0);
  source.stream(true);
  expect(appended).toHaveLength(1);
  source.stream(false);
  part();
  source.buffer.done();
  expect(appended).toHaveLength(1);
  source.stream(true);
  expect(appended).toHaveLength(2);
});

it("gives one piece after the other", () => {
  const source = managed();
  source.stream(true);
  source.open();
  part();
  part();
  part();
  expect(source.buffer.appended).toHaveLength(1);
  const [first = 0] = source.buffer.appended;
  source.buffer.done();
  expect(source.buffer.appended).toEqual([first, 2 * first]);
});

it.each([
  ["refuses the codec when it opens", (source: FakeSource) => Object.assign(source, { refuses: true }).open()],
  [
    "has no room, and nothing can be taken away",
    (source: FakeSource) => {
      source.buffer.full = true;
      source.stream(true);
      source.open();
      part();
    },
  ],
  [
    "ends the stream by itself",
    (source: FakeSource) => {
      source.open();
      source.dispatchEvent(new Event("sourceended"));
    },
  ],
])("is begun anew when the browser %s", (_what, fail) => {
  const before = managed();
  const socket = FakeSocket.last;
  fail(before);
  expect(states.at(-1)?.kind).toBe("failed");
  vi.advanceTimersByTime(1_000);
  expect(FakeSocket.last).not.toBe(socket);
});

it("opens its source while the stream is on its way", () => {
  const source = watching("avc1.64001f", () => FakeSource.made.at(-1)?.open());
  source?.stream(true);
  part();
  expect(source?.buffer.appended).toHaveLength(1);
});

it("says that it cannot play a codec, or anything at all", () => {
  watching("hvc1.1")?.open();
  expect(states.at(-1)).toEqual({ kind: "unsupported", codec: "hvc1.1" });
  player.destroy();
  vi.stubGlobal("ManagedMediaSource", undefined);
  const { length } = FakeSource.made;
  watching();
  expect(FakeSource.made).toHaveLength(length);
  expect(states.at(-1)).toEqual({ kind: "unsupported", codec: "avc1.64001f" });
});
