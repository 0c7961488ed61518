/** The picture of one tile: what is wanted of it, how it plays, what it says, and another try when it was lost. */
import { clock } from "../state/clock.svelte";
import type { Channel, PictureState, StreamName } from "../state/types";
import { US_PER_S, type UtcUs } from "../time/instant";
import { FootageRun, type Host } from "./footage_run";
import { LiveSource, type LiveRequest } from "./live_source";
import type { Player, PlayerEvents } from "./player";
import { RecordedSource } from "./recorded_source";
import { retryMs } from "./retry";
import type { Screen } from "./screen";
import { ScreenPair } from "./screen_pair";
import { stillSignedIn } from "./session";
import type { Over, Source, SourceEvents } from "./source";

/** A seek that takes no longer says nothing: the old picture is still there. */
const CONNECTING_AFTER_MS = 400;
/** Footage that ends no longer ago goes over into live pictures; an older picture is not taken for one while it still stands. */
const OLD_US = 15 * US_PER_S;

type Wanted =
  | { readonly kind: "live"; readonly channel: Channel; readonly stream: StreamName }
  | { readonly kind: "recorded"; readonly run: FootageRun; readonly atUs: UtcUs };

export class Tile implements Player, Host {
  readonly screens: ScreenPair;
  playing = true;
  speed = 1;
  holds = false;
  #heard = false;
  #wanted: Wanted | null = null;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #state: PictureState = { kind: "idle" };
  #paintedUs: UtcUs | null = null;
  /** A frame of what is wanted was painted; from then on it goes on from where it is. */
  #reached = false;

  constructor(
    screens: readonly [Screen, Screen],
    readonly events: PlayerEvents,
  ) {
    this.screens = new ScreenPair(screens);
  }

  // --- what it shows

  showLive(channel: Channel, stream: StreamName): void {
    const wanted = this.#wanted;
    if (wanted?.kind === "live" && wanted.channel === channel && wanted.stream === stream) return;
    if (wanted?.kind !== "live" && this.#isOld) this.say({ kind: "connecting" });
    this.#want({ kind: "live", channel, stream });
    this.playing = true;
    this.#openLive({ channel, stream, heard: this.#heard });
  }

  showRecorded(channel: Channel, atUs: UtcUs, playing: boolean): void {
    const before = this.#run;
    const run = before?.channel === channel ? before : new FootageRun(channel, this);
    this.#want({ kind: "recorded", run, atUs });
    this.playing = playing;
    run.goTo(atUs);
  }

  #want(wanted: Wanted | null): void {
    const run = this.#run;
    this.#wanted = wanted;
    if (run !== this.#run) run?.leave();
    this.#tries = 0;
    this.#reached = false;
  }

  get #isOld(): boolean {
    return this.#paintedUs !== null && clock.nowUs() - this.#paintedUs > OLD_US;
  }

  get #run(): FootageRun | null {
    return this.#wanted?.kind === "recorded" ? this.#wanted.run : null;
  }

  #openLive(request: LiveRequest): void {
    this.take((screen, events) => new LiveSource(screen, request, events));
  }

  take(make: (screen: Screen, events: SourceEvents) => Source): void {
    clearTimeout(this.#timer);
    this.screens.dropComing();
    this.screens.dropPrepared();
    this.expectSoon();
    this.screens.coming = this.screens.put((screen) => {
      screen.setHeard(this.#heard);
      const source: Source = make(
        screen,
        this.eventsOf(() => source),
      );
      return source;
    });
    // the picture stays, but it does not go on: the playhead is elsewhere
    const { shown } = this.screens;
    if (shown instanceof RecordedSource || this.#wanted?.kind === "recorded") shown?.setPlaying(false);
  }

  eventsOf(source: () => Source): SourceEvents {
    return {
      painted: (utcUs) => this.#painted(source(), utcUs),
      state: (state) => this.#told(source(), state),
      over: (why) => this.#over(source(), why),
    };
  }

  #painted(source: Source, utcUs: UtcUs): void {
    if (source === this.screens.coming) this.screens.reveal(source);
    if (source !== this.screens.shown || this.screens.coming !== null) return;
    clearTimeout(this.#timer);
    this.#tries = 0;
    this.#reached = true;
    this.#paintedUs = utcUs;
    this.events.painted(utcUs);
  }

  // --- what it says

  expectSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.say({ kind: "connecting" }),
      this.#paintedUs === null ? 0 : CONNECTING_AFTER_MS,
    );
  }

  expectNothing(): void {
    clearTimeout(this.#timer);
  }

  #told(source: Source, state: PictureState): void {
    if (source !== this.screens.newest) return;
    if (state.kind === "unsupported") return this.#giveUp(state);
    if (state.kind === "connecting" && this.#state.kind === "lost") return;
    if (this.#run?.isHeld && (state.kind === "paused" || state.kind === "playing")) return;
    this.say(state);
  }

  /** The browser cannot play this: what else is shown is not the driver's. */
  #giveUp(state: PictureState): void {
    clearTimeout(this.#timer);
    this.screens.dropAll();
    this.#paintedUs = null;
    this.say(state);
  }

  /** Tell a state, unless it is told already. */
  say(state: PictureState): void {
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    this.events.state(state);
  }

  // --- another try

  #over(source: Source, why: Over): void {
    if (why === "signedOut") stillSignedIn();
    // what comes to take its place goes on coming
    if (source !== this.screens.newest) return;
    this.screens.dropComing();
    if (why !== "again" && this.#state.kind !== "failed")
      this.say({ kind: "lost", cause: "the recorder does not answer", sinceUs: this.#paintedUs });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#again(), why === "again" ? 0 : retryMs(this.#tries, Math.random()));
    this.#tries += 1;
  }

  #again(): void {
    const wanted = this.#wanted;
    if (wanted?.kind === "live") this.#openLive({ ...wanted, heard: this.#heard });
    else wanted?.run.open((this.#reached ? this.positionUs() : null) ?? wanted.atUs);
  }

  // --- orders

  /** What is asked of the picture is asked of the one that comes, too. */
  setPlaying(playing: boolean): void {
    this.playing = playing;
    if (playing && this.#run?.goOn()) return;
    this.screens.newest?.setPlaying(playing);
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    this.screens.newest?.setSpeed(speed);
  }

  setHeard(heard: boolean): void {
    if (heard === this.#heard) return;
    this.#heard = heard;
    // without sound, the stream is taken without its sound track
    if (this.#wanted?.kind === "live") this.#openLive({ ...this.#wanted, heard });
    else for (const screen of this.screens.screens) screen.setHeard(heard);
  }

  holdAtGaps(hold: boolean): void {
    this.holds = hold;
  }

  step(frames: 1 | -1): void {
    this.playing = false;
    this.screens.shown?.step(frames);
  }

  freeze(): void {
    clearTimeout(this.#timer);
    this.#want(null);
    this.playing = false;
    this.screens.dropComing();
    this.screens.shown?.setPlaying(false);
    this.say({ kind: "paused" });
  }

  positionUs(): UtcUs | null {
    return this.screens.shown?.positionUs() ?? null;
  }

  snapshot(): Promise<Blob | null> {
    return this.screens.shownScreen?.snapshot() ?? Promise.resolve(null);
  }

  async pictureInPicture(): Promise<void> {
    await this.screens.shownScreen?.pictureInPicture();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#want(null);
    this.screens.dropAll();
    this.say({ kind: "idle" });
  }

  destroy(): void {
    this.stop();
    this.screens.destroy();
  }
}
