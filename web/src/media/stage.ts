/**
 * Which picture plays what: follows the watch state and gives each tile on screen its live stream, its recorded footage or nothing.
 *
 * A tile says only where its picture goes: `{@attach stage.place(channel, scrolls)}` on an element; what the picture does is in
 * `cameras.pictures` and `cameras.painted`.
 */
import type { Attachment } from "svelte/attachments";
import { untrack } from "svelte";

import { cameras } from "../state/cameras.svelte";
import { causeOf } from "../state/causes";
import { clock } from "../state/clock.svelte";
import type { Channel } from "../state/types";
import type { WatchState } from "../state/watch";
import { watch } from "../state/watch.svelte";
import { formatDuration } from "../time/format";
import type { Span, UtcUs } from "../time/instant";
import { causeOfGap } from "./footage_search";
import { Part, type PartEvents } from "./part";
import { planOf } from "./plan";
import { follow } from "./reactive.svelte";
import { RunClock } from "./run_clock";
import { seen } from "./seen.svelte";
import { stageNote } from "./stage_note.svelte";

/** The playhead is told so often at most. */
const MOVED_MS = 100;
const BEAT_MS = 100;
const LIVE_BEAT_MS = 250;

class Stage implements PartEvents {
  readonly #parts = new Map<Channel, Part>();
  readonly #clock = new RunClock(clock.nowUs(), performance.now());
  #movedMs = 0;
  /** The newest frame, while it has not been told because another was a moment ago. */
  #untold: { readonly utcUs: UtcUs; readonly jumps: number } | null = null;
  #before: WatchState = watch.now;
  #beat: ReturnType<typeof setInterval> | undefined;
  #unfollow: (() => void) | null = null;
  /** After a step of the picture that leads, the others go to its frame. */
  #stepped = false;

  /** A short note on playing, such as that a gap was skipped; empty when there is none. Reactive. */
  get note(): string {
    return stageNote.text;
  }

  /** A scrub ended, and its frame is not painted yet: the still stays. Reactive. */
  waits(channel: Channel): boolean {
    return seen.waiting.has(channel);
  }

  /** Put the picture of a camera into an element for as long as it is there. scrolls: it may be scrolled away. */
  place(channel: Channel, scrolls: () => boolean): Attachment<HTMLElement> {
    return (element) => untrack(() => this.#enter(channel, element, scrolls()));
  }

  #enter(channel: Channel, element: HTMLElement, scrolls: boolean): () => void {
    this.#parts.get(channel)?.leave();
    const part = new Part(channel, element, this);
    this.#parts.set(channel, part);
    const unwatch = seen.watch(channel, element, scrolls);
    this.#start();
    return () => {
      unwatch();
      part.leave();
      if (this.#parts.get(channel) === part) this.#parts.delete(channel);
      if (this.#parts.size === 0) this.#stop();
    };
  }

  #start(): void {
    if (this.#unfollow !== null) return this.#apply();
    this.#unfollow = follow(() => this.#apply());
    this.#beat = setInterval(() => this.#keepTime(), BEAT_MS);
  }

  #stop(): void {
    this.#unfollow?.();
    this.#unfollow = null;
    clearInterval(this.#beat);
  }

  #apply(): void {
    const state = watch.now;
    const list = cameras.list;
    const onScreen = state.order.filter((channel) => seen.has(channel));
    const floats = seen.hidden;
    untrack(() => {
      const stops = this.#begins(state);
      for (const part of this.#parts.values()) {
        // stills are shown while the playhead is dragged; what plays waits for its end
        if (state.scrubbing && !floats) part.scrub();
        else {
          const camera = list.find((one) => one.channel === part.channel);
          part.apply(planOf(camera, state, onScreen, floats), state);
        }
      }
      if (stops) this.#alignTo(this.#leader?.player.positionUs() ?? state.instantUs);
    });
  }

  /** Takes note of a new state; true when footage that played was paused where it was. */
  #begins(state: WatchState): boolean {
    const jumped = state.jumps !== this.#before.jumps;
    const stops = !jumped && !this.#before.live && this.#before.intent === "playing" && state.intent === "paused";
    if (jumped) this.#clock.set(state.instantUs, performance.now());
    this.#before = state;
    return stops && !state.scrubbing;
  }

  get #leader(): Part | undefined {
    return [...this.#parts.values()].find((part) => part.leads);
  }

  painted(part: Part, utcUs: UtcUs): void {
    const state = watch.now;
    if (state.live || state.scrubbing || !part.leads) return;
    const nowMs = performance.now();
    if (part.heldAt !== null && (state.skipGaps || utcUs < part.heldAt.endUs)) part.heldAt = null;
    if (part.heldAt !== null) return;
    this.#clock.set(utcUs, nowMs);
    if (this.#stepped) this.#alignTo(utcUs);
    this.#untold = { utcUs, jumps: state.jumps };
    if (state.intent === "playing" && nowMs - this.#movedMs < MOVED_MS) return;
    this.#movedMs = nowMs;
    this.#tell();
  }

  #tell(): void {
    const frame = this.#untold;
    this.#untold = null;
    if (frame?.jumps === watch.now.jumps) watch.ask({ type: "moved", toUs: frame.utcUs });
  }

  #alignTo(utcUs: UtcUs): void {
    this.#stepped = false;
    for (const part of this.#parts.values()) if (part.follows) part.seek(utcUs, false);
  }

  gap(part: Part, span: Span): void {
    if (!part.leads) return;
    this.#clock.set(watch.now.instantUs, performance.now());
    if (span.endUs > clock.nowUs()) return;
    void this.#sayGap(part.channel, span, watch.now.skipGaps);
  }

  async #sayGap(channel: Channel, span: Span, skipped: boolean): Promise<void> {
    const { text } = causeOf(await causeOfGap(channel, span.startUs, span.endUs));
    const cause = text === "" ? "" : `: ${text}`;
    stageNote.say(
      `${skipped ? "Skipped" : "Waiting through"} ${formatDuration(span.endUs - span.startUs)} without footage${cause}`,
    );
  }

  end(part: Part): void {
    const state = watch.now;
    if (part.leads && !state.live && !state.scrubbing && state.intent === "playing") watch.ask({ type: "live" });
  }

  #keepTime(): void {
    if (watch.now.intent === "paused") this.#tell(); // the playhead stands on the very frame that is shown
    const state = watch.now;
    const nowMs = performance.now();
    if (state.live || state.scrubbing || state.intent === "paused") this.#clock.set(state.instantUs, nowMs);
    if (state.live && !state.scrubbing) this.#keepLive(nowMs);
    if (state.live || state.scrubbing || state.intent === "paused") return;
    const clockUs = this.#lead(state.speed, nowMs);
    if (clockUs === null) return;
    for (const part of this.#parts.values()) if (part.follows) part.keepTo(clockUs, state.speed, nowMs);
  }

  #keepLive(nowMs: number): void {
    if (nowMs - this.#movedMs < LIVE_BEAT_MS) return;
    this.#movedMs = nowMs;
    watch.ask({ type: "moved", toUs: clock.nowUs() });
  }

  /** Where the picture that leads is; in a gap that is waited through, and without a picture, time goes on by itself. */
  #lead(speed: number, nowMs: number): UtcUs | null {
    const leader = this.#leader;
    if (leader === undefined) return null;
    const held = leader.heldAt;
    if (held === null && !leader.unplayable) return leader.player.positionUs();
    const clockUs = this.#clock.at(nowMs, speed);
    if (held !== null && clockUs >= held.endUs) {
      leader.resume();
      return held.endUs;
    }
    watch.ask(clockUs >= clock.nowUs() ? { type: "live" } : { type: "moved", toUs: clockUs });
    return clockUs;
  }

  /** A JPEG of what a tile shows. */
  snapshot(channel: Channel): Promise<Blob | null> {
    return this.#parts.get(channel)?.player.snapshot() ?? Promise.resolve(null);
  }

  async pictureInPicture(channel: Channel): Promise<void> {
    await this.#parts.get(channel)?.player.pictureInPicture();
  }

  /** One frame on or back, on all pictures; pauses. */
  step(frames: 1 | -1): void {
    if (watch.now.live || watch.now.intent === "playing") watch.ask({ type: "pause" });
    this.#stepped = true;
    this.#leader?.player.step(frames);
  }
}

export const stage = new Stage();
