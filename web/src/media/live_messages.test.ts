import { describe, expect, it } from "vitest";

import { readMessage } from "./live_messages";

const bytes = (...values: number[]): ArrayBuffer => new Uint8Array(values).buffer;
const json = (kind: number, fields: unknown): ArrayBuffer => {
  const text = new TextEncoder().encode(JSON.stringify(fields));
  return bytes(kind, ...text);
};

describe("live messages", () => {
  it("reads a header", () => {
    const fields = {
      mimeType: 'video/mp4; codecs="avc1.64001f"',
      codecs: "avc1.64001f",
      audio: false,
      startUtcUs: 1.7e15,
    };
    expect(readMessage(json(1, fields))).toEqual({
      kind: "header",
      mimeType: fields.mimeType,
      codecs: "avc1.64001f",
      audio: false,
      startUs: 1.7e15,
    });
  });

  it("reads an init segment", () => {
    expect(readMessage(bytes(2, 9, 8))).toEqual({ kind: "init", data: new Uint8Array([9, 8]) });
  });

  it("reads a part: eight bytes of microseconds, flags, and the boxes", () => {
    const part = readMessage(bytes(3, 0, 6, 0x0a, 0x24, 0x18, 0x1e, 0x40, 0, 1, 1, 2, 3));
    expect(part).toEqual({
      kind: "part",
      utcUs: 0x060a24181e4000,
      isKey: true,
      isSound: false,
      data: new Uint8Array([1, 2, 3]),
    });
    expect(readMessage(bytes(3, 0, 0, 0, 0, 0, 0, 0, 0, 2, 7))).toMatchObject({ isKey: false, isSound: true });
  });

  it.each([
    [{ event: "stalled" }, { kind: "event", event: "stalled" }],
    [
      { event: "skipped", parts: 12 },
      { kind: "event", event: "skipped", parts: 12 },
    ],
    [
      { event: "ended", cause: "camera offline", detail: "no route" },
      { kind: "event", event: "ended", cause: "camera offline", detail: "no route" },
    ],
  ])("reads the event %j", (fields, event) => expect(readMessage(json(4, fields))).toEqual(event));

  it.each([
    ["nothing", bytes()],
    ["another kind", bytes(9, 1)],
    ["a part without boxes", bytes(3, 0, 0)],
    ["JSON that is none", bytes(1, 0x7b)],
    ["JSON that is no object", json(4, 3)],
    ["a header without a start", json(1, { mimeType: "video/mp4" })],
    ["an event of a later version", json(4, { event: "danced" })],
  ])("does not know %s", (_name, message) => expect(readMessage(message)).toEqual({ kind: "unknown" }));
});
