/** A screen for tests: does what it is told, and paints when the test says so. */
import type { FootageMap } from "./footage_map";
import type { FootageEars, FootageFeed, FootageRequest, LiveFeed, Screen, ScreenEars } from "./screen";

export class FakeScreen implements Screen {
  atS = 0;
  loadedUntilS = 0;
  loadedFromS: number | null = null;
  paused = true;
  seeking = false;
  rate = 1;
  heard = false;
  shown = false;
  floating = false;
  /** What was opened on it and is not closed. */
  footage: FootageRequest | null = null;
  live: string | null = null;
  originS: number | null = null;
  readonly appended: Uint8Array[] = [];
  playable = true;
  #ears: ScreenEars = {};
  #footageEars: FootageEars | null = null;

  seek(toS: number): void {
    this.atS = toS;
  }
  play(): void {
    this.paused = false;
  }
  pause(): void {
    this.paused = true;
  }
  setRate(rate: number): void {
    this.rate = rate;
  }
  setHeard(heard: boolean): void {
    this.heard = heard;
  }
  setShown(shown: boolean): void {
    this.shown = shown;
  }
  listen(ears: ScreenEars): void {
    this.#ears = ears;
  }
  openLive(): LiveFeed {
    return {
      begin: (mimeType) => {
        if (this.playable) this.live = mimeType;
        return this.playable;
      },
      startFrom: (originS) => (this.originS = originS),
      append: (data) => this.appended.push(data),
      close: () => undefined,
    };
  }
  openFootage(request: FootageRequest, ears: FootageEars): FootageFeed {
    this.footage = request;
    this.#footageEars = ears;
    return { close: () => undefined };
  }
  snapshot(): Promise<Blob | null> {
    return Promise.resolve(null);
  }
  pictureInPicture(): Promise<void> {
    return Promise.resolve();
  }
  float(): void {
    this.floating = true;
  }
  clear(): void {
    this.floating = false;
    this.footage = null;
    this.live = null;
    this.paused = true;
  }
  destroy(): void {
    this.clear();
  }

  // --- what happens to it

  list(map: FootageMap): void {
    this.#footageEars?.listed(map);
    if (this.footage !== null) this.footage.startAt(map);
  }
  listAgain(map: FootageMap): void {
    this.#footageEars?.listed(map);
  }
  missing(cause: string): void {
    this.#footageEars?.missing({ cause, startUs: null, endUs: null });
  }
  unsupported(codec: string): void {
    this.#footageEars?.unsupported(codec);
  }
  fail(detail: string): void {
    if (this.footage === null) this.#ears.failed?.(detail);
    else this.#footageEars?.failed(detail);
  }
  loaded(fromS: number, untilS: number): void {
    this.loadedFromS = fromS;
    this.loadedUntilS = untilS;
    this.#ears.loaded?.();
  }
  paint(mediaS = this.atS): void {
    if (!this.paused) this.atS = mediaS;
    this.#ears.painted?.(mediaS);
  }
  sought(): void {
    this.#ears.sought?.();
  }
  end(): void {
    this.#ears.ended?.();
  }
}
