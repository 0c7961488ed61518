/** One live stream on one screen: from the WebSocket's messages to frames close to the newest one, and to words for what is wrong. */
import { closeStream, openStream, type LiveStream } from "../api/early";
import type { Channel, PictureState, StreamName } from "../state/types";
import { plus, US_PER_S, utcUs, type UtcUs } from "../time/instant";
import { LiveEdge } from "./live_edge";
import { LiveHole } from "./live_hole";
import { readMessage, type Header, type LiveEvent, type Part } from "./live_messages";
import { decodedS, presentedS, videoMime, withoutSound } from "./mp4_boxes";
import type { LiveFeed, Screen } from "./screen";
import type { Source, SourceEvents } from "./source";

/** Without a painted frame for so long, a picture is not live. */
export const STALE_MS = 2_000;
const LOOK_MS = 250;
const LOST_MS = 500;
/** A picture that stands so close to the end of what is loaded has come to it: the last frame is shown from its beginning on. */
const END_S = 0.25;
/** The screen is at what is loaded: times are rounded. */
const NEAR_S = 0.002;
/** After so long without a word, another connection is tried. */
const SILENT_MS = 10_000;
/** With frames coming in and no picture for so long, everything is begun anew. */
const STUCK_MS = 8_000;
const CLOSED_SIGNED_OUT = 1008;
const TIMESCALE = 90_000;

export interface LiveRequest {
  readonly channel: Channel;
  readonly stream: StreamName;
  /** Sound is asked for; otherwise it is left away. */
  readonly heard: boolean;
}

const pathOf = ({ channel, stream }: LiveRequest): string => `/api/channel/${channel}/live?stream=${stream}`;

/** What an address of a stream asks for; null: it is none. */
export function requestOf(path: string): LiveRequest | null {
  const [, channel, stream] = /^\/api\/channel\/(\d+)\/live\?stream=(main|sub)$/.exec(path) ?? [];
  if (channel === undefined) return null;
  return { channel: Number(channel), stream: stream === "sub" ? "sub" : "main", heard: false };
}

export class LiveSource implements Source {
  readonly #stream: LiveStream;
  readonly #looking: ReturnType<typeof setInterval>;
  readonly #edge = new LiveEdge();
  readonly #hole = new LiveHole();
  /** Looks whether a frame came; set anew when it is due, not with each frame. */
  #standing: ReturnType<typeof setTimeout> | undefined;
  #header: Header | null = null;
  readonly #feed: LiveFeed;
  /** What the stream has here is at 0 on the screen: the first key frame. null: it has not come. */
  #originS: number | null = null;
  /** The wall instant of media time 0 on the screen, as the newest key frame has it; before the first one, that of the stream. */
  #zeroUs: UtcUs | null = null;
  #started = false;
  #paintedMs = performance.now();
  #paintedUs: UtcUs | null = null;
  #heardMs = performance.now();
  #cause: string | null = null;
  #soughtMs = 0;
  /** Where the picture was, and when it moved last, painted or not. */
  #atS = 0;
  #movedMs = 0;

  constructor(
    readonly screen: Screen,
    readonly request: LiveRequest,
    readonly events: SourceEvents,
  ) {
    screen.listen({
      painted: (mediaS) => this.#painted(mediaS),
      loaded: () => this.#goOn(),
      dry: () => this.#dry(),
      failed: (detail) => this.#failed(detail),
    });
    screen.setRate(1);
    screen.setHeard(request.heard);
    this.#feed = screen.openLive();
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
    this.#stream = openStream(pathOf(request));
    const { socket, heard } = this.#stream;
    socket.onmessage = (message: MessageEvent<ArrayBuffer>) => this.#heard(message.data);
    for (const data of heard) queueMicrotask(() => socket.onmessage !== null && this.#heard(data));
    socket.onclose = (event) => this.#over(event.code === CLOSED_SIGNED_OUT ? "signedOut" : "later");
  }

  #heard(data: ArrayBuffer): void {
    this.#heardMs = performance.now();
    const message = readMessage(data);
    switch (message.kind) {
      case "header":
        return this.#begin(message);
      case "init":
        return this.#feed.append(this.request.heard ? message.data : withoutSound(message.data), null);
      case "part":
        return this.#append(message);
      case "event":
        return this.#told(message);
      case "unknown":
    }
  }

  #begin(header: Header): void {
    // a new time line or format: another screen takes it up while this picture stays
    if (this.#header !== null) return this.#over("again");
    this.#header = header;
    this.#zeroUs = header.startUs;
    if (this.#feed.begin(this.request.heard ? header.mimeType : videoMime(header.mimeType))) return;
    this.close();
    this.events.state({ kind: "unsupported", codec: header.codecs.split(",")[0] ?? "" });
  }

  #append(part: Part): void {
    if (part.isSound && !this.request.heard) return;
    const keyS = part.isKey && !part.isSound ? this.#keyS(part) : null;
    if (keyS !== null) this.#zeroUs = plus(part.utcUs, -keyS * US_PER_S);
    if (!part.isSound && this.#zeroUs !== null) {
      this.#keepClose();
      this.#hole.frame((part.utcUs - this.#zeroUs) / US_PER_S);
    }
    this.#feed.append(part.data, keyS);
  }

  /** When a key frame is shown, on the screen. The first one is what the screen begins with. */
  #keyS(part: Part): number | null {
    const atS = presentedS(part.data, TIMESCALE);
    if (atS === null) return null;
    if (this.#originS === null) {
      this.#originS = decodedS(part.data, TIMESCALE) ?? 0;
      this.#feed.startFrom(this.#originS);
    }
    return atS - this.#originS;
  }

  #goOn(): void {
    this.#start();
    const toS = this.#paintedUs === null ? null : this.#hole.wayOver(this.screen);
    if (toS !== null) this.screen.seek(toS);
  }

  /** From the first key frame on, which is the quickest to be shown: most often the screen is there, and plays since it was opened. */
  #start(): void {
    const fromS = this.screen.loadedFromS;
    if (this.#started || fromS === null) return;
    this.#started = true;
    this.#soughtMs = performance.now();
    if (fromS > this.screen.atS + NEAR_S) this.screen.seek(fromS);
    this.screen.play();
  }

  #keepClose(): void {
    if (this.#paintedUs === null) return;
    const correction = this.#edge.frame(this.screen.loadedUntilS - this.screen.atS, performance.now());
    if (correction === null) return;
    if (correction.kind === "jump") this.screen.seek(this.screen.atS + correction.byS);
    this.screen.setRate(correction.kind === "rate" ? correction.rate : 1);
  }

  /** Waiting for the first frame is not running dry. */
  #dry(): void {
    if (this.#paintedUs !== null) this.#edge.dry(performance.now());
  }

  #told(event: LiveEvent): void {
    if (event.event === "ended") this.#cause = event.detail || event.cause || "the camera is gone";
    if (event.event === "stalled") this.#cause = "the camera sends no pictures";
    if (event.event === "resumed") this.#cause = null;
  }

  #painted(mediaS: number): void {
    if (this.#zeroUs === null) return;
    this.#paintedMs = performance.now();
    this.#paintedUs = utcUs(this.#zeroUs + mediaS * US_PER_S);
    this.#cause = null;
    this.#standing ??= setTimeout(() => this.#mayStand(), STALE_MS);
    this.events.painted(this.#paintedUs);
    this.events.state({ kind: "playing" });
  }

  /** A picture is stale to the moment, however rarely all else is looked after. */
  #mayStand(): void {
    const restMs = this.#paintedMs + STALE_MS - performance.now();
    this.#standing = restMs > 0 ? setTimeout(() => this.#mayStand(), restMs) : undefined;
    if (this.#standing === undefined) this.events.state(this.#stale());
  }

  /** What is loaded lies ahead of where the picture waits, or the browser stopped: without this it would wait for good. */
  #findBack(): void {
    const { atS, loadedFromS, loadedUntilS, paused } = this.screen;
    const isAhead = loadedFromS !== null && loadedFromS > Math.max(atS, loadedUntilS) && loadedUntilS - atS < END_S;
    if (isAhead) this.screen.seek(loadedFromS);
    if (isAhead || paused) this.screen.play();
  }

  #look(): void {
    const nowMs = performance.now();
    if (this.#started && nowMs - this.#paintedMs > LOST_MS && nowMs - this.#soughtMs > LOST_MS) {
      this.#soughtMs = nowMs;
      this.#findBack();
    }
    // the camera's silence is told; the line's is not
    if (this.#cause === null && nowMs - this.#heardMs > SILENT_MS) return this.#over("later");
    if (this.#isStuck(nowMs)) return this.#over("again");
    if (nowMs - this.#paintedMs < STALE_MS) return;
    this.events.state(this.#stale());
  }

  /** Frames come, and the browser does nothing with them, for whatever reason. Where it only does not paint, as in the background, its clock goes on. */
  #isStuck(nowMs: number): boolean {
    const { atS } = this.screen;
    if (this.#paintedUs !== null && atS !== this.#atS) this.#movedMs = nowMs;
    this.#atS = atS;
    return nowMs - this.#heardMs < STALE_MS && nowMs - Math.max(this.#movedMs, this.#paintedMs) > STUCK_MS;
  }

  #failed(detail: string): void {
    this.events.state({ kind: "failed", detail });
    this.#over("later");
  }

  #stale(): PictureState {
    const sinceUs = this.#paintedUs;
    if (this.#cause !== null) return { kind: "lost", cause: this.#cause, sinceUs };
    return sinceUs === null ? { kind: "connecting" } : { kind: "stalled", sinceUs };
  }

  #over(why: "again" | "later" | "signedOut"): void {
    this.#hangUp();
    this.events.over(why);
  }

  /** The picture stays as it is; nothing new comes. */
  #hangUp(): void {
    clearInterval(this.#looking);
    clearTimeout(this.#standing);
    closeStream(this.#stream);
    this.screen.listen({});
    this.#feed.close();
  }

  positionUs(): UtcUs | null {
    return this.#paintedUs;
  }

  /** A live picture either goes on or stands for good: what came since is not kept. */
  setPlaying(playing: boolean): void {
    if (playing) return;
    this.#hangUp();
    this.screen.pause();
  }

  setSpeed(): void {}
  step(): void {}

  close(): void {
    this.#hangUp();
    this.screen.clear();
  }
}
