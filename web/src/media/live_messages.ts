/** The messages of `WS /api/channel/{ch}/live`, taken apart (docs/design/live.md). Pure. */
import { utcUs, type UtcUs } from "../time/instant";

export interface Header {
  readonly kind: "header";
  readonly mimeType: string;
  readonly codecs: string;
  /** There is a sound track. */
  readonly audio: boolean;
  /** The wall instant of media time 0. */
  readonly startUs: UtcUs;
}

export interface Part {
  readonly kind: "part";
  /** Of the frame, on the wall. */
  readonly utcUs: UtcUs;
  readonly isKey: boolean;
  readonly isSound: boolean;
  /** `moof` and `mdat`. */
  readonly data: Uint8Array<ArrayBuffer>;
}

export type LiveEvent =
  | { readonly kind: "event"; readonly event: "formatChanged" | "stalled" | "resumed" }
  | { readonly kind: "event"; readonly event: "skipped"; readonly parts: number }
  | { readonly kind: "event"; readonly event: "ended"; readonly cause: string; readonly detail: string };

export type LiveMessage =
  | Header
  | { readonly kind: "init"; readonly data: Uint8Array<ArrayBuffer> }
  | Part
  | LiveEvent
  | { readonly kind: "unknown" };

const KIND = { header: 1, init: 2, part: 3, event: 4 } as const;
const PART_HEAD_BYTES = 10;
const FLAG_KEY = 1;
const FLAG_SOUND = 2;

function fieldsOf(message: ArrayBuffer): Record<string, unknown> | null {
  try {
    const fields: unknown = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 1)));
    return typeof fields === "object" && fields !== null ? (fields as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function headerOf(fields: Record<string, unknown>): LiveMessage {
  const { startUtcUs, mimeType } = fields;
  if (typeof startUtcUs !== "number" || typeof mimeType !== "string") return { kind: "unknown" };
  const codecs = text(fields["codecs"]);
  return { kind: "header", mimeType, codecs, audio: fields["audio"] === true, startUs: utcUs(startUtcUs) };
}

function eventOf(fields: Record<string, unknown>): LiveMessage {
  switch (fields["event"]) {
    case "formatChanged":
    case "stalled":
    case "resumed":
      return { kind: "event", event: fields["event"] };
    case "skipped":
      return { kind: "event", event: "skipped", parts: Number(fields["parts"] ?? 0) };
    case "ended":
      return { kind: "event", event: "ended", cause: text(fields["cause"]), detail: text(fields["detail"]) };
    default:
      return { kind: "unknown" };
  }
}

function partOf(message: ArrayBuffer): LiveMessage {
  const view = new DataView(message);
  const flags = view.getUint8(PART_HEAD_BYTES - 1);
  return {
    kind: "part",
    utcUs: utcUs(Number(view.getBigUint64(1))),
    isKey: (flags & FLAG_KEY) !== 0,
    isSound: (flags & FLAG_SOUND) !== 0,
    data: new Uint8Array(message, PART_HEAD_BYTES),
  };
}

/** What a message says. Kinds and events of later versions are `unknown`, and so is what cannot be read. */
export function readMessage(message: ArrayBuffer): LiveMessage {
  const kind = message.byteLength === 0 ? 0 : new DataView(message).getUint8(0);
  if (kind === KIND.init) return { kind: "init", data: new Uint8Array(message, 1) };
  if (kind === KIND.part) return message.byteLength > PART_HEAD_BYTES ? partOf(message) : { kind: "unknown" };
  if (kind !== KIND.header && kind !== KIND.event) return { kind: "unknown" };
  const fields = fieldsOf(message);
  if (fields === null) return { kind: "unknown" };
  return kind === KIND.header ? headerOf(fields) : eventOf(fields);
}
