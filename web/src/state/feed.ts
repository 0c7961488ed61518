/**
 * Keeps the stores true: asks the recorder for cameras and states when the line opens, and follows its news. After every break all is
 * asked anew, because nobody knows what was missed.
 */
import { getJson } from "../api/client";
import { askedMs } from "../api/early";
import { close, listen, open, type News } from "../api/news";
import type { components } from "../api/schema";
import { fromMs, utcUs, type UtcUs } from "../time/instant";
import { cameras } from "./cameras.svelte";
import { clock } from "./clock.svelte";
import { afterNews, cameraOf, sameNews, stateOf } from "./readings";
import { watch } from "./watch.svelte";

type Schemas = components["schemas"];

const RETRY_MS = 2_000;
/** News of a camera does not tell its codec and size; several come together. */
const SETTLE_MS = 500;

/** When the line was last known to be good. */
let goodUs: UtcUs | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;
let settle: ReturnType<typeof setTimeout> | undefined;
/** All was asked, and the line has not been cut since. */
let asked = false;

/** Follow the recorder until the returned function is called. */
export function follow(): () => void {
  const leave = listen({ heard, opened, closed });
  asked = true;
  void loadAll();
  open();
  return () => {
    leave();
    asked = false;
    close();
    clearTimeout(retry);
    clearTimeout(settle);
  };
}

/** Ask for the cameras' states anew, bit rates included. Raises `Problem`. */
export async function refreshStates(): Promise<void> {
  const live = await getJson<Schemas["Live"]>("/api/live");
  for (const [channel, found] of Object.entries(live.channels)) cameras.states.set(Number(channel), stateOf(found));
}

async function refreshConfig(): Promise<void> {
  const sinceMs = askedMs("/api/config");
  const config = await getJson<Schemas["Config"]>("/api/config");
  clock.learn(fromMs(config.now), sinceMs, Date.now());
  cameras.list = config.channels.map(cameraOf);
  cameras.zone = config.timeZone;
  cameras.segmentDurationS = config.segmentDuration;
  cameras.version = config.version;
  cameras.loaded = true;
  watch.ask({ type: "cameras", channels: config.channels.map((one) => one.channel) });
}

async function loadAll(): Promise<void> {
  clearTimeout(retry);
  try {
    await Promise.all([refreshConfig(), refreshStates()]);
  } catch {
    retry = setTimeout(() => void loadAll(), RETRY_MS); // the line says what is wrong, the client who is signed out
  }
}

function opened(): void {
  cameras.connected = true;
  cameras.lostSinceUs = null;
  goodUs = clock.nowUs();
  if (!asked) void loadAll();
  asked = false;
}

function closed(): void {
  asked = false;
  cameras.connected = false;
  cameras.lostSinceUs ??= goodUs ?? clock.nowUs();
}

function heard(news: News): void {
  goodUs = clock.nowUs();
  if (news.event === "clock") clock.hear(utcUs(news.utcUs), Date.now());
  if (news.event === "recorder") recorderIs(news.running);
  if (news.event === "channel") {
    const before = cameras.states.get(news.channel);
    const after = afterNews(before, news);
    cameras.states.set(news.channel, after);
    // a line that opens tells all states, known ones too
    if (before === undefined || !sameNews(before, after)) refreshSoon();
  }
}

function recorderIs(running: boolean): void {
  const wasRunning = cameras.recorderRunning;
  cameras.recorderRunning = running;
  if (running) cameras.recorderDownSinceUs = null;
  else if (wasRunning && cameras.loaded) cameras.recorderDownSinceUs = clock.nowUs();
  if (running !== wasRunning) refreshSoon();
}

function refreshSoon(): void {
  clearTimeout(settle);
  settle = setTimeout(() => void refreshStates().catch(() => undefined), SETTLE_MS);
}
