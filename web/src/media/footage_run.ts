/** Playing the footage of one camera: one playlist after the other, over gaps or waiting at them, up to now. */
import { clock } from "../state/clock.svelte";
import type { Channel, PictureState } from "../state/types";
import { plus, US_PER_DAY, type Span, type UtcUs } from "../time/instant";
import { NO_GAP_US, type Gap } from "./footage_map";
import { causeOfGap, findFootage } from "./footage_search";
import type { PlayerEvents } from "./player";
import { RecordedSource, type RecordedRequest } from "./recorded_source";
import type { Screen } from "./screen";
import type { ScreenPair } from "./screen_pair";
import type { Source, SourceEvents } from "./source";
import { isNearNow, isTimeToPrepare, type PlaylistWindow, windowAround, windowFrom } from "./windows";

/** Lengths in playlists are rounded: so much behind an end, the next part has begun. */
const ROUNDING_US = 2_000;
/** What comes next was not there yet: so long it is not asked for again. */
const PREPARE_AGAIN_MS = 2_000;

/** What a tile lends to it. */
export interface Host {
  readonly screens: ScreenPair;
  readonly events: PlayerEvents;
  readonly playing: boolean;
  readonly speed: number;
  /** Gaps are waited at; otherwise skipped. */
  readonly holds: boolean;
  /** Put a new source on the screen that is not seen; it is shown when it has painted. */
  take(make: (screen: Screen, events: SourceEvents) => Source): void;
  /** What a source that `take` did not make has to tell, too. */
  eventsOf(source: () => Source): SourceEvents;
  /** Whoever waits for a picture is told soon that it is coming. */
  expectSoon(): void;
  expectNothing(): void;
  say(state: PictureState): void;
}

export class FootageRun {
  #prepareFromMs = 0;
  /** What it waits for behind a gap; `open`: nothing is loaded there yet. */
  #held: { readonly span: Span; readonly open: boolean } | null = null;
  /** Something else was asked for meanwhile. */
  #asked = 0;

  constructor(
    readonly channel: Channel,
    readonly host: Host,
  ) {}

  /** It stands on the first frame behind a gap, which is not what was asked for. */
  get isHeld(): boolean {
    return this.#held !== null;
  }

  /** Inside what is loaded that is a seek; otherwise a playlist is asked for, and the picture stays until its frame is there. */
  goTo(atUs: UtcUs): void {
    const { screens, playing } = this.host;
    const { shown } = screens;
    this.#held = null;
    this.#asked += 1;
    if (!(shown instanceof RecordedSource) || shown.request.channel !== this.channel || !shown.covers(atUs))
      return this.open(atUs);
    screens.dropComing();
    screens.dropPrepared();
    shown.seek(atUs);
    shown.setPlaying(playing);
    this.host.expectSoon();
  }

  open(atUs: UtcUs): void {
    this.#held = null;
    this.#openWindow(windowAround(atUs, clock.nowUs()), atUs);
  }

  #openWindow(window: PlaylistWindow, atUs: UtcUs): void {
    const { playing, speed } = this.host;
    const request: RecordedRequest = { channel: this.channel, window, atUs, playing, speed };
    this.host.take((screen, events) => this.#source(screen, request, events));
  }

  #source(screen: Screen, request: RecordedRequest, events: SourceEvents): RecordedSource {
    const source: RecordedSource = new RecordedSource(screen, request, {
      ...events,
      painted: (utcUs) => {
        events.painted(utcUs);
        if (source === this.host.screens.shown) this.#lookAhead(source, utcUs);
      },
      state: (state) => {
        if (source !== this.host.screens.prepared) events.state(state);
        else if (state.kind === "unsupported") this.#notReady();
      },
      over: (why) => (source === this.host.screens.prepared ? this.#notReady() : events.over(why)),
      gap: (span) => this.#met(source, span),
      missing: (gap) => this.#missing(source, request.atUs, gap),
      ended: (atUs) => this.#ended(source, atUs),
    });
    return source;
  }

  #lookAhead(source: RecordedSource, utcUs: UtcUs): void {
    const { screens, speed } = this.host;
    const end = source.listed?.endUs;
    if (end === undefined || screens.prepared !== null || screens.coming !== null) return;
    const nowUs = clock.nowUs();
    if (performance.now() < this.#prepareFromMs || !isTimeToPrepare(utcUs, end, nowUs, speed)) return;
    const window = windowFrom(end, nowUs);
    const request = { channel: this.channel, window, atUs: plus(end, ROUNDING_US), playing: false, speed };
    screens.prepared = screens.put((screen) => {
      const next: RecordedSource = this.#source(
        screen,
        request,
        this.host.eventsOf(() => next),
      );
      return next;
    });
  }

  /** What comes next cannot be prepared now; where it is due, it is opened anew. */
  #notReady(): void {
    this.#prepareFromMs = performance.now() + PREPARE_AGAIN_MS;
    this.host.screens.dropPrepared();
  }

  #ended(source: RecordedSource, atUs: UtcUs): void {
    const { screens, playing, speed } = this.host;
    if (source !== screens.shown || screens.coming !== null) return;
    const next = screens.prepared;
    if (next === null) return this.#goOnFrom(atUs);
    next.setSpeed(speed);
    next.setPlaying(playing);
    const fromUs = next.positionUs();
    if (fromUs === null) {
      [screens.prepared, screens.coming] = [null, next]; // shown as soon as it is there
      return;
    }
    screens.reveal(next);
    if (fromUs - atUs >= NO_GAP_US) this.#met(next, { startUs: atUs, endUs: fromUs });
  }

  /** What follows was not prepared in time: it is opened now; close to now, live follows. */
  #goOnFrom(endUs: UtcUs): void {
    const nowUs = clock.nowUs();
    if (isNearNow(endUs, nowUs)) return this.host.events.end?.();
    this.#openWindow(windowFrom(endUs, nowUs), plus(endUs, ROUNDING_US));
  }

  // --- gaps

  #met(source: Source, span: Span): void {
    const { screens, events, holds } = this.host;
    if (source !== screens.shown && source !== screens.coming) return;
    events.gap?.(span);
    if (!holds) return;
    source.setPlaying(false);
    this.#hold(span, "", false);
    void this.#tellCause(span);
  }

  async #tellCause(span: Span): Promise<void> {
    const cause = await causeOfGap(this.channel, span.startUs, span.endUs);
    if (this.#held?.span === span && cause !== "") this.#hold(span, cause, false);
  }

  #hold(span: Span, cause: string, open: boolean): void {
    this.#held = { span, open };
    this.host.say({ kind: "noFootage", cause, startUs: span.startUs, endUs: span.endUs });
  }

  #missing(source: Source, atUs: UtcUs, gap: Gap): void {
    const { screens } = this.host;
    if (source === screens.prepared) return this.#notReady();
    if (source !== screens.coming) return;
    screens.dropComing();
    void this.#skipFrom(atUs, gap.cause);
  }

  /** Nothing is listed around an instant: say so, and go on where footage begins again. */
  async #skipFrom(atUs: UtcUs, cause: string): Promise<void> {
    this.host.expectNothing();
    const asked = this.#asked;
    const found = await findFootage(this.channel, atUs, clock.nowUs());
    if (asked !== this.#asked || this.host.screens.coming !== null) return;
    if (found === null) return this.#atEnd(atUs, cause);
    const span = { startUs: found.startUs ?? atUs, endUs: found.endUs };
    this.host.events.gap?.(span);
    this.#hold(span, found.cause || cause, true);
    if (!this.host.holds) this.open(found.endUs);
  }

  /** No footage up to now: who waits at gaps waits for good. */
  #atEnd(atUs: UtcUs, cause: string): void {
    const { events, holds } = this.host;
    this.host.say({ kind: "noFootage", cause, startUs: atUs, endUs: null });
    if (holds) events.gap?.({ startUs: atUs, endUs: plus(clock.nowUs(), US_PER_DAY) });
    else events.end?.();
  }

  /** Wait no longer behind a gap; true when what lies behind it is opened for that. */
  goOn(): boolean {
    const held = this.#held;
    this.#held = null;
    if (held?.open !== true) return false;
    this.open(held.span.endUs);
    return true;
  }

  /** Something else is shown. */
  leave(): void {
    this.#asked += 1;
    this.#held = null;
  }
}
