/**
 * `/api/events` of the recorder: what happens, pushed. Opened once for the page; stores subscribe.
 *
 * The recorder tells its clock every 5 s, so silence means that the line is cut, also where no connection was closed. The browser opens
 * a broken line again by itself, except after an answer that is no stream; then, and after silence, it is opened again here.
 */
import { request } from "./client";

/** As documented at `GET /api/events`; instants are microseconds since 1970. */
export type News =
  | { readonly event: "recorder"; readonly running: boolean }
  | { readonly event: "clock"; readonly utcUs: number }
  | {
      readonly event: "channel";
      readonly channel: number;
      readonly status: string;
      readonly sinceUtcUs: number | null;
      readonly error: string | null;
    }
  | {
      readonly event: "gap";
      readonly channel: number;
      readonly startUtcUs: number;
      readonly endUtcUs: number | null;
      readonly cause: string;
    }
  | {
      readonly event: "segmentOpened" | "segmentSealed";
      readonly channel: number;
      readonly path: string;
      readonly startUtcUs: number;
      readonly durationUs: number;
      readonly bytes: number;
    }
  | { readonly event: "deleted"; readonly channel: number; readonly path: string }
  /** Footage is kept from cleanup, or is no more. */
  | {
      readonly event: "protected";
      readonly channel: number;
      readonly startUtcUs: number;
      readonly endUtcUs: number;
      readonly protected: boolean;
    }
  | {
      readonly event: "storageAlarm";
      readonly channel?: number;
      readonly cause: string;
      readonly detail: string;
      readonly over: boolean;
    }
  | { readonly event: "lost" | "skipped" };

/** Something that is told all news, and when the line is (re)opened or news were lost: what it shows may be old then. */
export interface Listener {
  heard?(news: News): void;
  opened?(): void;
  closed?(): void;
}

/** Without any news for so long the line is cut; the clock comes every 5 s. */
const SILENCE_MS = 8_000;
const RETRY_MS = 2_000;

const listeners = new Set<Listener>();
let source: EventSource | null = null;
let watchdog: ReturnType<typeof setTimeout> | undefined;
let lastHeardMs = 0;
/** null: never opened yet. */
let up: boolean | null = null;

/** Listen until the returned function is called. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Open the line and keep it open until `close`. */
export function open(): void {
  close();
  connect();
  addEventListener("offline", doubt);
  addEventListener("online", doubt);
}

/** The browser's word is about networks, not about the recorder, which may be this very machine: a new connection tells. */
function doubt(): void {
  if (!navigator.onLine) tellClosed();
  connect();
}

function connect(): void {
  source?.close();
  source = new EventSource("/api/events");
  source.onopen = tellOpened;
  source.onerror = () => {
    tellClosed();
    if (source?.readyState === EventSource.CLOSED) reopenAfter(RETRY_MS);
  };
  source.onmessage = (message: MessageEvent<string>) => {
    if (up === true) expectNews();
    else tellOpened();
    pass(JSON.parse(message.data) as News);
  };
  expectNews();
}

export function close(): void {
  clearTimeout(watchdog);
  removeEventListener("offline", doubt);
  removeEventListener("online", doubt);
  source?.close();
  source = null;
  up = null;
}

function pass(news: News): void {
  listeners.forEach((one) => one.heard?.(news));
  if (news.event === "lost" || news.event === "skipped") listeners.forEach((one) => one.opened?.());
}

function tellOpened(): void {
  up = true;
  expectNews();
  listeners.forEach((one) => one.opened?.());
}

function tellClosed(): void {
  if (up === false) return;
  up = false;
  listeners.forEach((one) => one.closed?.());
}

function expectNews(): void {
  lastHeardMs = Date.now();
  clearTimeout(watchdog);
  watchdog = setTimeout(suspect, SILENCE_MS);
}

/** A page in the background has slow timers: what counts is when news came, not when this is called. */
function suspect(): void {
  if (Date.now() - lastHeardMs < SILENCE_MS) return;
  tellClosed();
  connect();
}

/** An answer that is no stream has a cause: asking once more lets the client tell when nobody is signed in any more. */
function reopenAfter(ms: number): void {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => {
    const asked = source;
    const go = (how: () => void) => () => {
      if (source === asked && source !== null) how();
    };
    request("GET", "/api/config").then(
      go(connect),
      go(() => reopenAfter(RETRY_MS)),
    );
  }, ms);
}
