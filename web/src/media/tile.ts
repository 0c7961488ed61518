/**
 * The picture of one tile, on two screens: one is seen, on the other the next source gets ready. They change places when the next one
 * has painted a frame, so there is never nothing between two pictures.
 */
import type { Channel, PictureState, StreamName } from "../state/types";
import { clock } from "../state/clock.svelte";
import { plus, US_PER_DAY, type Span, type UtcUs } from "../time/instant";
import { NO_GAP_US, type Gap } from "./footage_map";
import { findFootage } from "./footage_search";
import { LiveSource, type LiveRequest } from "./live_source";
import type { Player, PlayerEvents } from "./player";
import { RecordedSource, type RecordedRequest } from "./recorded_source";
import { retryMs } from "./retry";
import type { Screen } from "./screen";
import { stillSignedIn } from "./session";
import type { Over, Source, SourceEvents } from "./source";
import { isTimeToPrepare, NEAR_NOW_US, type PlaylistWindow, SHORT_US, windowAround, windowFrom } from "./windows";

/** A seek that takes no longer says nothing: the old picture is still there. */
const CONNECTING_AFTER_MS = 400;
/** Lengths in playlists are rounded: so much behind an end, the next part has begun. */
const ROUNDING_US = 2_000;
/** What comes next was not there yet: so long it is not asked for again. */
const PREPARE_AGAIN_MS = 2_000;

type Wanted =
  | { readonly kind: "live"; readonly channel: Channel; readonly stream: StreamName }
  | { readonly kind: "recorded"; readonly channel: Channel; readonly atUs: UtcUs };

export class Tile implements Player {
  #free: Screen[];
  readonly #screens: readonly Screen[];
  #wanted: Wanted | null = null;
  #shown: Source | null = null;
  #coming: Source | null = null;
  /** What follows the footage that is shown; waits, paused, at its first frame. */
  #prepared: RecordedSource | null = null;
  #prepareFromMs = 0;
  #screenOf = new Map<Source, Screen>();
  #playing = true;
  #speed = 1;
  #heard = false;
  #holds = false;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #state: PictureState = { kind: "idle" };
  #paintedUs: UtcUs | null = null;
  /** A frame of what is wanted was painted; from then on it goes on from where it is. */
  #reached = false;
  /** What it waits for behind a gap; `open`: nothing is loaded there yet. */
  #holding: { readonly span: Span; readonly open: boolean } | null = null;

  constructor(
    screens: readonly [Screen, Screen],
    readonly events: PlayerEvents,
  ) {
    this.#screens = screens;
    this.#free = [...screens];
  }

  showLive(channel: Channel, stream: StreamName): void {
    const wanted = this.#wanted;
    if (wanted?.kind === "live" && wanted.channel === channel && wanted.stream === stream) return;
    this.#wanted = { kind: "live", channel, stream };
    this.#tries = 0;
    this.#playing = true;
    this.#openLive();
  }

  #openLive(): void {
    const { channel, stream } = this.#wanted as Wanted & { kind: "live" };
    const request: LiveRequest = { channel, stream, heard: this.#heard };
    this.#take((screen, events) => new LiveSource(screen, request, events));
  }

  showRecorded(channel: Channel, atUs: UtcUs, playing: boolean): void {
    const [wanted, shown] = [this.#wanted, this.#shown];
    this.#wanted = { kind: "recorded", channel, atUs };
    this.#tries = 0;
    this.#playing = playing;
    if (
      shown instanceof RecordedSource &&
      wanted?.channel === channel &&
      shown.request.channel === channel &&
      shown.covers(atUs)
    ) {
      this.#drop(this.#coming);
      this.#dropPrepared();
      this.#coming = null;
      shown.seek(atUs);
      shown.setPlaying(playing);
      this.#expectSoon();
      return;
    }
    this.#openRecorded(atUs);
  }

  #openRecorded(atUs: UtcUs): void {
    this.#openWindow(windowAround(atUs, clock.nowUs()), atUs);
  }

  #openWindow(window: PlaylistWindow, atUs: UtcUs): void {
    const channel = this.#wanted?.channel ?? 0;
    const request: RecordedRequest = { channel, window, atUs, playing: this.#playing, speed: this.#speed };
    this.#take((screen, events) => this.#recorded(screen, request, events));
  }

  #recorded(screen: Screen, request: RecordedRequest, events: SourceEvents): RecordedSource {
    screen.setHeard(this.#heard);
    const source: RecordedSource = new RecordedSource(screen, request, {
      ...events,
      painted: (utcUs) => {
        events.painted(utcUs);
        if (source === this.#shown) this.#lookAhead(source, utcUs);
      },
      gap: (span) => this.#met(source, span),
      missing: (gap) => this.#missing(source, request.atUs, gap),
      ended: (atUs) => this.#ended(source, atUs),
    });
    return source;
  }

  /** Put a new source on the screen that is not seen. */
  #take(make: (screen: Screen, events: SourceEvents) => Source): void {
    clearTimeout(this.#timer);
    this.#drop(this.#coming);
    this.#dropPrepared();
    const screen = this.#free.pop();
    if (screen === undefined) throw new Error("a tile has one screen to spare");
    this.#expectSoon();
    const source: Source = make(
      screen,
      this.#eventsOf(() => source),
    );
    this.#screenOf.set(source, screen);
    this.#coming = source;
    // the picture stays, but it does not go on: the playhead is elsewhere
    if (this.#shown instanceof RecordedSource || this.#wanted?.kind === "recorded") this.#shown?.setPlaying(false);
  }

  #eventsOf(of: () => Source): SourceEvents {
    return {
      painted: (utcUs) => this.#painted(of(), utcUs),
      state: (state) => this.#told(of(), state),
      over: (why) => this.#over(of(), why),
    };
  }

  #expectSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#say({ kind: "connecting" }),
      this.#paintedUs === null ? 0 : CONNECTING_AFTER_MS,
    );
  }

  #painted(source: Source, utcUs: UtcUs): void {
    if (source === this.#coming) this.#reveal(source);
    if (source !== this.#shown || this.#coming !== null) return;
    clearTimeout(this.#timer);
    this.#tries = 0;
    this.#reached = true;
    this.#paintedUs = utcUs;
    this.events.painted(utcUs);
  }

  #reveal(source: Source): void {
    const old = this.#shown;
    this.#shown = source;
    this.#coming = null;
    for (const screen of this.#screens) screen.setShown(screen === this.#screenOf.get(source));
    this.#drop(old);
  }

  #told(source: Source, state: PictureState): void {
    if (source !== (this.#coming ?? this.#shown)) return;
    if (state.kind === "unsupported") return this.#giveUp(state);
    if (state.kind === "connecting" && this.#state.kind === "lost") return;
    // a picture that waits behind a gap is not what was asked for
    if (this.#holding !== null && (state.kind === "paused" || state.kind === "playing")) return;
    this.#say(state);
  }

  /** The browser cannot play this: what else is shown is not the driver's. */
  #giveUp(state: PictureState): void {
    clearTimeout(this.#timer);
    this.#dropAll();
    this.#paintedUs = null;
    this.#say(state);
  }

  /** Tell a state, unless it is told already. */
  #say(state: PictureState): boolean {
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return false;
    this.#state = state;
    this.events.state(state);
    return true;
  }

  #over(source: Source, why: Over): void {
    if (source !== this.#shown && source !== this.#coming) return;
    if (why === "signedOut") stillSignedIn();
    if (source === this.#coming) {
      this.#drop(source);
      this.#coming = null;
    }
    if (why !== "again" && this.#state.kind !== "failed")
      this.#say({ kind: "lost", cause: "the recorder does not answer", sinceUs: this.#paintedUs });
    this.#tryAgain(why === "again" ? 0 : retryMs(this.#tries, Math.random()));
  }

  #tryAgain(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#again(), afterMs);
    this.#tries += 1;
  }

  #again(): void {
    if (this.#wanted?.kind === "live") this.#openLive();
    else if (this.#wanted !== null) this.#openRecorded((this.#reached ? this.positionUs() : null) ?? this.#wanted.atUs);
  }

  // --- gaps and ends of footage

  #met(source: Source, span: Span): void {
    if (source !== this.#shown && source !== this.#coming) return;
    this.events.gap?.(span);
    if (!this.#holds) return;
    source.setPlaying(false);
    this.#hold(span, "", false);
  }

  #hold(span: Span, cause: string, open: boolean): void {
    this.#holding = { span, open };
    this.#say({ kind: "noFootage", cause, startUs: span.startUs, endUs: span.endUs });
  }

  #missing(source: Source, atUs: UtcUs, gap: Gap): void {
    if (source === this.#prepared) {
      this.#prepareFromMs = performance.now() + PREPARE_AGAIN_MS;
      return this.#dropPrepared();
    }
    if (source !== this.#coming) return;
    this.#drop(source);
    this.#coming = null;
    void this.#skipFrom(atUs, gap.cause);
  }

  /** Nothing is listed around an instant: say so, and go on where footage begins again. */
  async #skipFrom(atUs: UtcUs, cause: string): Promise<void> {
    clearTimeout(this.#timer);
    const wanted = this.#wanted;
    const found = await findFootage(wanted?.channel ?? 0, atUs, clock.nowUs());
    if (wanted !== this.#wanted || this.#coming !== null) return;
    if (found === null) return this.#atEnd(atUs, cause);
    const span = { startUs: found.startUs ?? atUs, endUs: found.endUs };
    this.events.gap?.(span);
    this.#hold(span, found.cause || cause, true);
    if (!this.#holds) this.#resume(found.endUs);
  }

  #resume(atUs: UtcUs): void {
    this.#holding = null;
    this.#openRecorded(atUs);
  }

  /** No footage up to now: who waits at gaps waits for good. */
  #atEnd(atUs: UtcUs, cause: string): void {
    this.#say({ kind: "noFootage", cause, startUs: atUs, endUs: null });
    if (this.#holds) this.events.gap?.({ startUs: atUs, endUs: plus(clock.nowUs(), US_PER_DAY) });
    else this.events.end?.();
  }

  #lookAhead(source: RecordedSource, utcUs: UtcUs): void {
    const end = source.listed?.endUs;
    if (end === undefined || this.#prepared !== null || this.#coming !== null) return;
    if (performance.now() < this.#prepareFromMs || !isTimeToPrepare(utcUs, end, this.#speed)) return;
    const nowUs = clock.nowUs();
    if (nowUs - end < SHORT_US) return;
    const screen = this.#free.pop();
    if (screen === undefined) return;
    const window = windowFrom(end, nowUs);
    const atUs = plus(end, ROUNDING_US);
    const request = { channel: source.request.channel, window, atUs, playing: false, speed: this.#speed };
    const next: RecordedSource = this.#recorded(
      screen,
      request,
      this.#eventsOf(() => next),
    );
    this.#screenOf.set(next, screen);
    this.#prepared = next;
  }

  #ended(source: RecordedSource, atUs: UtcUs): void {
    if (source !== this.#shown || this.#coming !== null) return;
    const next = this.#prepared;
    if (next === null) return this.#goOnFrom(atUs);
    this.#prepared = null;
    next.setSpeed(this.#speed);
    next.setPlaying(this.#playing);
    const fromUs = next.positionUs();
    if (fromUs === null) {
      this.#coming = next; // shown as soon as it is there
      return;
    }
    this.#reveal(next);
    if (fromUs - atUs >= NO_GAP_US) this.#met(next, { startUs: atUs, endUs: fromUs });
  }

  /** What follows was not prepared in time: it is opened now; close to now, live follows. */
  #goOnFrom(endUs: UtcUs): void {
    const nowUs = clock.nowUs();
    if (nowUs - endUs < NEAR_NOW_US) return this.events.end?.();
    this.#openWindow(windowFrom(endUs, nowUs), plus(endUs, ROUNDING_US));
  }

  // --- orders

  freeze(): void {
    clearTimeout(this.#timer);
    this.#wanted = null;
    this.#playing = false;
    this.#drop(this.#coming);
    this.#coming = null;
    this.#shown?.setPlaying(false);
    this.#say({ kind: "paused" });
  }

  setPlaying(playing: boolean): void {
    this.#playing = playing;
    const held = this.#holding;
    if (playing) this.#holding = null;
    if (playing && held?.open) return this.#resume(held.span.endUs);
    (this.#coming ?? this.#shown)?.setPlaying(playing);
  }

  setSpeed(speed: number): void {
    this.#speed = speed;
    (this.#coming ?? this.#shown)?.setSpeed(speed);
  }

  setHeard(heard: boolean): void {
    if (heard === this.#heard) return;
    this.#heard = heard;
    // without sound, the stream is taken without its sound track
    if (this.#wanted?.kind === "live") this.#openLive();
    else for (const screen of this.#screens) screen.setHeard(heard);
  }

  holdAtGaps(hold: boolean): void {
    this.#holds = hold;
  }

  step(frames: 1 | -1): void {
    this.#playing = false;
    this.#shown?.step(frames);
  }

  positionUs(): UtcUs | null {
    return this.#shown?.positionUs() ?? null;
  }

  snapshot(): Promise<Blob | null> {
    return this.#shownScreen()?.snapshot() ?? Promise.resolve(null);
  }

  async pictureInPicture(): Promise<void> {
    await this.#shownScreen()?.pictureInPicture();
  }

  #shownScreen(): Screen | undefined {
    return this.#shown === null ? undefined : this.#screenOf.get(this.#shown);
  }

  #drop(source: Source | null): void {
    const screen = source === null ? undefined : this.#screenOf.get(source);
    if (source === null || screen === undefined) return;
    source.close();
    this.#screenOf.delete(source);
    this.#free.push(screen);
    if (source === this.#shown) this.#shown = null;
  }

  #dropPrepared(): void {
    this.#drop(this.#prepared);
    this.#prepared = null;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#wanted = null;
    this.#holding = null;
    this.#dropAll();
    this.#say({ kind: "idle" });
  }

  #dropAll(): void {
    this.#dropPrepared();
    this.#drop(this.#coming);
    this.#coming = null;
    this.#drop(this.#shown);
  }

  destroy(): void {
    this.stop();
    for (const screen of this.#screens) screen.destroy();
  }
}
