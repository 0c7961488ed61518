/** The one file that touches video elements, Media Source Extensions and hls.js; what to do with them is decided elsewhere (`tile.ts`). */
import type Hls from "hls.js/light";
import type { ErrorData, HlsConfig, LevelDetails } from "hls.js/light";

import { fromMs } from "../time/instant";
import { AppendQueue, type Step } from "./append_queue";
import { PlaylistLoader } from "./playlist_loader";
import type { Player, PlayerEvents } from "./player";
import type { FootageEars, FootageFeed, FootageRequest, LiveFeed, Screen, ScreenEars } from "./screen";
import { snapshotOf } from "./snapshot";
import { Tile } from "./tile";

/** Footage that was played is kept for going back: as much, in seconds. */
const KEPT_S = 30;

/** A player that puts its elements into `container`. */
export function makePlayer(container: HTMLElement, events: PlayerEvents): Player {
  return new Tile([new VideoScreen(container), new VideoScreen(container)], events);
}

class VideoScreen implements Screen {
  readonly #video = document.createElement("video");
  #ears: ScreenEars = {};
  #close: (() => void) | null = null;
  #willFloat = false;

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
    this.#video.play().catch((error: unknown) => {
      // without a click on the page first, sound is refused; the picture is not
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError" || this.#video.muted) return;
      this.#video.muted = true;
      this.play();
    });
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

  openLive(): LiveFeed {
    this.clear();
    const feed = new MseFeed(this.#video, {
      loaded: () => this.#ears.loaded?.(),
      failed: (detail) => this.#ears.failed?.(detail),
    });
    this.#close = () => feed.close();
    this.play();
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

  get floating(): boolean {
    return this.#willFloat || document.pictureInPictureElement === this.#video;
  }

  /** Needs no click of a person while another picture of the page is in the small window. */
  float(): void {
    this.#willFloat = true;
    this.#video
      .requestPictureInPicture()
      .catch(() => undefined)
      .finally(() => (this.#willFloat = false));
  }

  async pictureInPicture(): Promise<void> {
    if (this.floating) await document.exitPictureInPicture();
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

/** Safari's kind says when it wants data; on iPhones it is the only one. hls.js chooses in the same way. */
interface StreamingSource extends MediaSource {
  readonly streaming?: boolean;
}
type SourceKind = typeof MediaSource;

function sourceKind(): SourceKind | undefined {
  const known: { ManagedMediaSource?: SourceKind; MediaSource?: SourceKind } = globalThis;
  return known.ManagedMediaSource ?? known.MediaSource;
}

/** Parts of a live stream, appended as soon as the browser takes them. The source is opened while the stream is still on its way. */
class MseFeed implements LiveFeed {
  readonly #queue = new AppendQueue();
  readonly #source: StreamingSource | null = null;
  #mimeType: string | null = null;
  #originS = 0;
  #buffer: SourceBuffer | null = null;
  #closed = false;

  constructor(
    readonly video: HTMLVideoElement,
    readonly ears: FeedEars,
  ) {
    const kind = sourceKind();
    if (kind === undefined) return;
    const source: StreamingSource = new kind();
    this.#source = source;
    source.addEventListener("sourceopen", () => this.#mayStart(), { once: true });
    // after data that it cannot take, the browser ends the stream by itself
    for (const end of ["sourceended", "sourceclose"])
      source.addEventListener(end, () => this.#failed("the browser ended this stream"));
    source.addEventListener("startstreaming", () => this.#next());
    video.src = URL.createObjectURL(source);
  }

  begin(mimeType: string): boolean {
    if (!sourceKind()?.isTypeSupported(mimeType)) return false;
    this.#mimeType = mimeType;
    this.#mayStart();
    return true;
  }

  startFrom(originS: number): void {
    this.#originS = originS;
  }

  /** Once the source is open, and it is known what will come. */
  #mayStart(): void {
    const [source, mimeType] = [this.#source, this.#mimeType];
    if (source?.readyState === "open" && mimeType !== null && this.#buffer === null)
      this.#try(() => this.#start(source.addSourceBuffer(mimeType)));
  }

  #start(buffer: SourceBuffer): void {
    this.#buffer = buffer;
    buffer.addEventListener("updateend", () => {
      if (!this.#closed) this.ears.loaded();
      this.#next();
    });
    this.#next();
  }

  append(data: Uint8Array<ArrayBuffer>, keyS: number | null): void {
    this.#queue.push(data, keyS);
    this.#next();
  }

  #next(): void {
    const source = this.#source;
    if (this.#closed || this.#buffer?.updating !== false) return;
    if (source?.readyState !== "open" || source.streaming === false) return;
    const step = this.#queue.next(this.video.currentTime);
    if (step !== null) this.#try(() => this.#do(step));
  }

  #do(step: Step): void {
    const buffer = this.#buffer;
    if (step.kind === "remove") return buffer?.remove(0, step.untilS);
    try {
      if (buffer !== null && buffer.timestampOffset !== -this.#originS) buffer.timestampOffset = -this.#originS;
      buffer?.appendBuffer(step.data);
    } catch (error) {
      const full = error instanceof DOMException && error.name === "QuotaExceededError";
      const room = full ? this.#queue.noRoom(step.data, this.video.currentTime) : null;
      if (room === null) throw error;
      this.#do(room);
    }
  }

  #try(act: () => void): void {
    try {
      if (!this.#closed) act();
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : "the browser takes no more of this stream");
    }
  }

  #failed(detail: string): void {
    if (!this.#closed) this.ears.failed(detail);
  }

  close(): void {
    this.#closed = true;
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
    if (!library.isSupported()) return this.ears.unsupported("footage");
    const pLoader = PlaylistLoader.telling(this.ears) as unknown as NonNullable<HlsConfig["pLoader"]>;
    const hls = new library({ ...HLS, pLoader });
    this.#hls = hls;
    const { Events } = library;
    hls.on(Events.LEVEL_LOADED, (_event, data) => this.#listed(data.details));
    hls.on(Events.LEVEL_PTS_UPDATED, (_event, data) => this.#listed(data.details));
    hls.on(Events.ERROR, (_event, data) => this.#wrong(data, library));
    hls.attachMedia(this.video);
    hls.loadSource(this.request.url);
  }

  #listed(details: LevelDetails): void {
    const map = details.fragments.map((part) => ({
      startS: part.start,
      durationS: part.duration,
      startUs: fromMs(part.programDateTime ?? 0),
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
