/** The one file that touches video elements, Media Source Extensions and hls.js; what to do with them is decided elsewhere (`tile.ts`). */
import type Hls from "hls.js/light";
import type { ErrorData, HlsConfig, LevelDetails } from "hls.js/light";

import { clock } from "../state/clock.svelte";
import { fromMs } from "../time/instant";
import { concat } from "./mp4_boxes";
import { PartTimes } from "./part_times";
import { PlaylistLoader } from "./playlist_loader";
import type { Player, PlayerEvents } from "./player";
import type { FootageEars, FootageFeed, FootageRequest, LiveFeed, Screen, ScreenEars } from "./screen";
import { snapshotOf } from "./snapshot";
import { Tile } from "./tile";

/** Footage that was played is kept for going back: as much, in seconds. */
const KEPT_S = 30;
const KEPT_LIVE_S = 4;
const TRIM_LIVE_S = 12;

/** A player that puts its elements into `container`. */
export function makePlayer(container: HTMLElement, events: PlayerEvents): Player {
  return new Tile([new VideoScreen(container), new VideoScreen(container)], events);
}

class VideoScreen implements Screen {
  readonly #video = document.createElement("video");
  #ears: ScreenEars = {};
  #close: (() => void) | null = null;

  constructor(container: HTMLElement) {
    const video = this.#video;
    video.muted = true;
    video.playsInline = true;
    video.disableRemotePlayback = true;
    video.tabIndex = -1;
    Object.assign(video.style, {
      position: "absolute",
      inset: "0",
      width: "100%",
      height: "100%",
      objectFit: "contain",
    });
    this.setShown(false);
    video.addEventListener("seeked", () => this.#ears.sought?.());
    video.addEventListener("waiting", () => this.#ears.dry?.());
    video.addEventListener("ended", () => this.#ears.ended?.());
    video.addEventListener("error", () =>
      this.#ears.failed?.(video.error?.message || "the browser cannot decode this"),
    );
    this.#watchFrames();
    container.prepend(video);
  }

  #watchFrames(): void {
    this.#video.requestVideoFrameCallback((_now, frame) => {
      this.#watchFrames();
      this.#ears.painted?.(frame.mediaTime);
    });
  }

  get atS(): number {
    return this.#video.currentTime;
  }

  get loadedUntilS(): number {
    const { buffered, currentTime } = this.#video;
    for (let index = 0; index < buffered.length; index += 1)
      if (buffered.start(index) <= currentTime + 0.1 && currentTime <= buffered.end(index)) return buffered.end(index);
    return currentTime;
  }

  get loadedFromS(): number | null {
    const { buffered } = this.#video;
    return buffered.length === 0 ? null : buffered.start(buffered.length - 1);
  }

  get paused(): boolean {
    return this.#video.paused;
  }

  get seeking(): boolean {
    return this.#video.seeking;
  }

  get size(): readonly [number, number] {
    return [this.#video.videoWidth, this.#video.videoHeight];
  }

  seek(toS: number): void {
    this.#video.currentTime = toS;
  }

  play(): void {
    // refused while nothing is loaded or when another request comes: the next frame tells
    this.#video.play().catch(() => undefined);
  }

  pause(): void {
    this.#video.pause();
  }

  setRate(rate: number): void {
    // what is loaded next begins with the default rate (HTML 4.8.11.5)
    this.#video.defaultPlaybackRate = rate;
    if (this.#video.playbackRate !== rate) this.#video.playbackRate = rate;
  }

  setHeard(heard: boolean): void {
    this.#video.muted = !heard;
  }

  setShown(shown: boolean): void {
    this.#video.style.zIndex = shown ? "1" : "0";
  }

  listen(ears: ScreenEars): void {
    this.#ears = ears;
  }

  openLive(mimeType: string): LiveFeed | null {
    this.clear();
    const feed = MseFeed.open(this.#video, mimeType, {
      loaded: () => this.#ears.loaded?.(),
      failed: (detail) => this.#ears.failed?.(detail),
    });
    this.#close = () => feed?.close();
    return feed;
  }

  openFootage(request: FootageRequest, ears: FootageEars): FootageFeed {
    this.clear();
    const feed = new HlsFeed(this.#video, request, ears);
    this.#close = () => feed.close();
    return feed;
  }

  snapshot(): Promise<Blob | null> {
    return snapshotOf(this.#video, this.size);
  }

  async pictureInPicture(): Promise<void> {
    if (document.pictureInPictureElement === this.#video) await document.exitPictureInPicture();
    else await this.#video.requestPictureInPicture();
  }

  clear(): void {
    this.#close?.();
    this.#close = null;
    if (!this.#video.hasAttribute("src")) return;
    URL.revokeObjectURL(this.#video.src);
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  destroy(): void {
    this.#ears = {};
    this.clear();
    this.#video.remove();
  }
}

interface FeedEars {
  loaded(): void;
  failed(detail: string): void;
}

/** Parts of a live stream, appended as soon as the browser takes them. */
class MseFeed implements LiveFeed {
  readonly #source: MediaSource;
  #buffer: SourceBuffer | null = null;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #trimmedAtS = 0;
  #closed = false;

  /** null: the browser cannot play this. */
  static open(video: HTMLVideoElement, mimeType: string, ears: FeedEars): MseFeed | null {
    const kind = "MediaSource" in globalThis ? MediaSource : null;
    return kind?.isTypeSupported(mimeType) ? new MseFeed(video, mimeType, new kind(), ears) : null;
  }

  constructor(
    readonly video: HTMLVideoElement,
    mimeType: string,
    source: MediaSource,
    readonly ears: FeedEars,
  ) {
    this.#source = source;
    source.addEventListener("sourceopen", () => this.#opened(mimeType), { once: true });
    video.src = URL.createObjectURL(source);
  }

  #opened(mimeType: string): void {
    if (this.#closed) return;
    this.#buffer = this.#source.addSourceBuffer(mimeType);
    this.#buffer.addEventListener("updateend", () => {
      this.ears.loaded();
      this.#next();
    });
    this.#next();
  }

  append(data: Uint8Array<ArrayBuffer>): void {
    this.#waiting.push(data);
    this.#next();
  }

  #next(): void {
    const buffer = this.#buffer;
    if (buffer === null || buffer.updating || this.#closed || this.#source.readyState !== "open") return;
    if (this.#trim(buffer) || this.#waiting.length === 0) return;
    const joined =
      this.#waiting.length === 1 && this.#waiting[0] !== undefined ? this.#waiting[0] : concat(this.#waiting);
    this.#waiting = [];
    try {
      buffer.appendBuffer(joined);
    } catch (error) {
      this.ears.failed(error instanceof Error ? error.message : "the browser takes no more of this stream");
    }
  }

  /** Takes away what was seen; true when that is under way. */
  #trim(buffer: SourceBuffer): boolean {
    const atS = this.video.currentTime;
    if (atS - this.#trimmedAtS < TRIM_LIVE_S || buffer.buffered.length === 0) return false;
    this.#trimmedAtS = atS;
    if (buffer.buffered.start(0) >= atS - KEPT_LIVE_S) return false;
    buffer.remove(0, atS - KEPT_LIVE_S);
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }
}

const HLS: Partial<HlsConfig> = {
  autoStartLoad: false,
  enableWorker: false, // fragments are passed through; a worker would only add a start and two copies
  lowLatencyMode: false,
  startLevel: 0,
  testBandwidth: false,
  startFragPrefetch: true,
  maxBufferLength: 20,
  maxMaxBufferLength: 40,
  maxBufferSize: 40_000_000,
  backBufferLength: KEPT_S,
  maxBufferHole: 0.3,
  liveDurationInfinity: true,
  liveSyncDuration: 3,
  liveMaxLatencyDuration: Number.POSITIVE_INFINITY,
};

/** Loaded when it is needed, or when there is nothing better to do: the first live picture does not wait for it. */
const hlsLibrary = () => import("hls.js/light").then((library) => library.default);

const whenIdle: (act: () => void) => void =
  "requestIdleCallback" in globalThis ? (act) => requestIdleCallback(act) : (act) => setTimeout(act, 2_000);
setTimeout(() => whenIdle(() => void hlsLibrary().catch(() => undefined)), 3_000);

class HlsFeed implements FootageFeed {
  readonly #times = new PartTimes();
  #hls: Hls | null = null;
  #started = false;
  #closed = false;

  constructor(
    readonly video: HTMLVideoElement,
    readonly request: FootageRequest,
    readonly ears: FootageEars,
  ) {
    hlsLibrary()
      .then((library) => this.#open(library))
      .catch(() => ears.failed("the player could not be loaded; the recorder may not answer"));
  }

  #open(library: typeof Hls): void {
    if (this.#closed) return;
    const pLoader = PlaylistLoader.telling(this.ears, this.#times) as unknown as NonNullable<HlsConfig["pLoader"]>;
    const hls = new library({ ...HLS, pLoader });
    this.#hls = hls;
    const { Events } = library;
    // a playlist that was loaded again is put in its place on the time line before LEVEL_UPDATED
    hls.on(Events.LEVEL_LOADED, (_event, data) => {
      if (!this.#started) this.#listed(data.details);
    });
    hls.on(Events.LEVEL_UPDATED, (_event, data) => this.#listed(data.details));
    hls.on(Events.LEVEL_PTS_UPDATED, (_event, data) => this.#listed(data.details));
    hls.on(Events.ERROR, (_event, data) => this.#wrong(data, library));
    hls.attachMedia(this.video);
    hls.loadSource(this.request.url);
  }

  #listed(details: LevelDetails): void {
    // a playlist that hls.js merged so that it reaches into the future has wrong places too; the one before goes on evenly
    const endMs = (details.fragments.at(-1)?.programDateTime ?? 0) + 1_000 * (details.fragments.at(-1)?.duration ?? 0);
    if (this.#started && fromMs(endMs) > clock.nowUs()) return;
    const map = details.fragments.map((part) => ({
      startS: part.start,
      durationS: part.duration,
      startUs:
        this.#times.startUs(part.relurl ?? "", part.byteRangeStartOffset ?? 0) ?? fromMs(part.programDateTime ?? 0),
    }));
    this.ears.listed(map);
    if (this.#started) return;
    this.#started = true;
    this.#hls?.startLoad(this.request.startAt(map));
  }

  #wrong(error: ErrorData, { ErrorDetails }: typeof Hls): void {
    const unplayable: readonly string[] = [
      ErrorDetails.BUFFER_ADD_CODEC_ERROR,
      ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR,
    ];
    if (unplayable.includes(error.details))
      this.ears.unsupported(/codecs="?([^"]+)/.exec(error.mimeType ?? "")?.[1] ?? "");
    else if (error.fatal && error.details !== ErrorDetails.MANIFEST_LOAD_ERROR)
      this.ears.failed(error.error.message || error.details);
  }

  close(): void {
    this.#closed = true;
    this.#hls?.destroy();
  }
}
