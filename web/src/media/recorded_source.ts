/** A stretch of footage on one screen: plays, seeks and steps inside its playlist, and knows each frame's wall time. */
import type { Channel } from "../state/types";
import type { Span, UtcUs } from "../time/instant";
import { extent, gapBetween, placeOf, toUtcUs, type FootageMap, type Gap } from "./footage_map";
import { FrameStep } from "./frame_step";
import type { Screen } from "./screen";
import type { Source, SourceEvents } from "./source";
import { playlistUrl, type PlaylistWindow } from "./windows";

const LOOK_MS = 250;
const STALE_MS = 2_000;
/** A picture that stands so close to the end of what is listed has come to its end. */
const END_S = 0.3;
/** After a seek, its frame is painted by then, unless it is the one that was seen before. */
const PAINT_MS = 250;
/** After a seek without a step, so long is waited for that; a busy browser paints late. */
const SAME_MS = 1_000;
/** What is loaded of a file may begin a little after its first part does. */
const INTO_S = 0.02;
/** A frame so close to where a seek went is its frame. */
const NEAR_S = 0.5;

export interface RecordedRequest {
  readonly channel: Channel;
  readonly window: PlaylistWindow;
  readonly atUs: UtcUs;
  readonly playing: boolean;
  readonly speed: number;
}

export interface RecordedEvents extends SourceEvents {
  /** The instant lies in a gap, or playing came to one; `span` is where nothing is. The picture is the first one behind it. */
  gap(span: Span): void;
  /** Nothing at all is listed. */
  missing(gap: Gap): void;
  /** All that is listed was played. */
  ended(atUs: UtcUs): void;
}

export class RecordedSource implements Source {
  #map: FootageMap = [];
  #playing: boolean;
  #askedUs: UtcUs;
  #paintedUs: UtcUs | null = null;
  #paintedS = 0;
  #paintedMs = performance.now();
  /** The shortest time between two frames. */
  #frameS: number | null = null;
  #step: FrameStep | null = null;
  #stepsLeft = 0;
  #stepTimer: ReturnType<typeof setTimeout> | undefined;
  #speed: number;
  /** The next frame comes after a seek: what lies between is no gap. */
  #sought = true;
  #targetS = 0;
  readonly #looking: ReturnType<typeof setInterval>;

  constructor(
    readonly screen: Screen,
    readonly request: RecordedRequest,
    readonly events: RecordedEvents,
  ) {
    this.#playing = request.playing;
    this.#askedUs = request.atUs;
    this.#speed = request.speed;
    screen.listen({
      painted: (mediaS) => this.#painted(mediaS),
      sought: () => this.#expectFrame(),
      dry: () => this.#dry(),
      ended: () => this.#ended(),
      failed: (detail) => this.#failed(detail),
    });
    screen.openFootage(
      { url: playlistUrl(request.channel, request.window), startAt: (map) => this.#startAt(map) },
      {
        listed: (map) => (this.#map = map),
        missing: (gap) => events.missing(gap),
        unsupported: (codec) => events.state({ kind: "unsupported", codec }),
        failed: (detail) => this.#failed(detail),
      },
    );
    screen.setRate(request.speed);
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
    if (request.playing) screen.play();
  }

  /** Where footage is listed; null before it is known. */
  get listed(): Span | null {
    return extent(this.#map);
  }

  covers(atUs: UtcUs): boolean {
    const span = this.listed;
    return span !== null && atUs >= span.startUs && atUs < span.endUs;
  }

  #startAt(map: FootageMap): number {
    const place = placeOf(map, this.#askedUs);
    if (place.kind === "gap") this.events.gap({ startUs: place.startUs ?? this.#askedUs, endUs: place.endUs });
    const toS = this.#mediaOf(place, map);
    this.#targetS = toS;
    this.screen.seek(toS);
    return toS;
  }

  #mediaOf(place: ReturnType<typeof placeOf>, map: FootageMap): number {
    if (place.kind === "footage") return place.mediaS;
    if (place.kind === "gap") return place.nextS + INTO_S;
    if (place.kind === "nothing") return 0;
    // not listed yet: the last second that is
    return Math.max(map[0]?.startS ?? 0, place.lastS - 1);
  }

  /** Inside what `covers`; otherwise another source is needed. */
  seek(atUs: UtcUs): void {
    this.#askedUs = atUs;
    this.#sought = true;
    this.#endStep();
    this.#paintedMs = performance.now();
    this.#startAt(this.#map);
  }

  #painted(mediaS: number): void {
    if (this.#step !== null) return this.#stepped(this.#step, mediaS);
    // still the frame of before
    if (this.#sought && this.screen.seeking && Math.abs(mediaS - this.#targetS) > NEAR_S) return;
    this.#show(mediaS);
  }

  #show(mediaS: number): void {
    const utcUs = toUtcUs(this.#map, mediaS);
    if (utcUs === null) return;
    this.#paintedMs = performance.now();
    const gap = this.#sought || this.#paintedUs === null ? null : gapBetween(this.#map, this.#paintedUs, utcUs);
    // played faster, frames are left out
    if (!this.#sought && this.#speed <= 1) this.#learn(mediaS - this.#paintedS);
    this.#sought = false;
    this.#paintedUs = utcUs;
    this.#paintedS = mediaS;
    if (gap !== null) this.events.gap(gap);
    this.events.painted(utcUs);
    this.#tell();
  }

  #tell(): void {
    this.events.state(this.#playing ? { kind: "playing" } : { kind: "paused" });
  }

  #look(): void {
    const waited = performance.now() - this.#paintedMs;
    if (!this.#playing || waited < STALE_MS) return;
    this.events.state(
      this.#paintedUs === null ? { kind: "connecting" } : { kind: "stalled", sinceUs: this.#paintedUs },
    );
  }

  /** Ran dry near the end of what is listed: it is played, though the browser may wait for a rest of a frame. */
  #dry(): void {
    const last = this.#map.at(-1);
    if (last !== undefined && this.screen.atS > last.startS + last.durationS - END_S) this.#ended();
  }

  #ended(): void {
    const span = this.listed;
    if (span !== null) this.events.ended(span.endUs);
  }

  #failed(detail: string): void {
    this.events.state({ kind: "failed", detail });
    this.events.over("later");
  }

  positionUs(): UtcUs | null {
    if (this.#paintedUs === null) return null;
    // between two frames, time goes on
    return this.screen.paused || this.screen.seeking ? this.#paintedUs : toUtcUs(this.#map, this.screen.atS);
  }

  setPlaying(playing: boolean): void {
    if (playing !== this.#playing) this.#paintedMs = performance.now();
    this.#playing = playing;
    if (playing) this.#endStep();
    if (playing) this.screen.play();
    else this.screen.pause();
    if (this.#paintedUs !== null) this.#tell();
  }

  setSpeed(speed: number): void {
    this.#speed = speed;
    this.screen.setRate(speed);
  }

  step(frames: 1 | -1): void {
    this.setPlaying(false);
    this.#stepsLeft += frames;
    if (this.#step === null) this.#nextStep();
  }

  #nextStep(): void {
    if (this.#stepsLeft === 0) return this.#endStep();
    const direction = this.#stepsLeft > 0 ? 1 : -1;
    this.#stepsLeft -= direction;
    this.#step = new FrameStep(this.#paintedS, direction, this.#frameS);
    this.#seekStep(this.#step);
  }

  #seekStep(step: FrameStep): void {
    clearTimeout(this.#stepTimer);
    this.#sought = true;
    this.#targetS = step.targetS;
    this.screen.seek(step.targetS);
  }

  #expectFrame(): void {
    clearTimeout(this.#stepTimer);
    if (this.#step !== null) this.#stepTimer = setTimeout(() => this.#stepFarther(), PAINT_MS);
    else if (this.#sought && !this.#playing) this.#stepTimer = setTimeout(() => this.#tellSame(), SAME_MS);
  }

  /** Nothing was painted: the frame that was sought is the one that was seen before. */
  #tellSame(): void {
    if (!this.#sought || this.#paintedUs === null || Math.abs(this.screen.atS - this.#paintedS) > NEAR_S) return;
    this.events.painted(this.#paintedUs);
    this.#tell();
  }

  #stepped(step: FrameStep, mediaS: number): void {
    if (!step.reached(mediaS)) return this.#stepFarther();
    if (step.refine()) return this.#seekStep(step);
    if (step.direction === 1) this.#learn(mediaS - step.fromS);
    this.#show(mediaS);
    this.#nextStep();
  }

  #stepFarther(): void {
    if (this.#step?.farther()) this.#seekStep(this.#step);
    else this.#endStep();
  }

  #endStep(): void {
    clearTimeout(this.#stepTimer);
    this.#step = null;
    this.#stepsLeft = 0;
  }

  #learn(frameS: number): void {
    if (frameS > 0.005 && frameS <= 1) this.#frameS = Math.min(frameS, this.#frameS ?? frameS);
  }

  close(): void {
    clearInterval(this.#looking);
    this.#endStep();
    this.screen.listen({});
    this.screen.clear();
  }
}
