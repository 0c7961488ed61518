/** One camera's part on the stage: its player, what it was last told, and what it told. */
import { cameras } from "../state/cameras.svelte";
import type { Channel } from "../state/types";
import type { WatchState } from "../state/watch";
import type { Span, UtcUs } from "../time/instant";
import { direct } from "./conductor";
import { makePlayer } from "./driver";
import type { Plan } from "./plan";
import type { Player, PlayerEvents } from "./player";
import { takeRehearsed } from "./rehearsal";
import { seen } from "./seen.svelte";

/** After a seek, a picture is left alone until it has had time to come. */
const SEEK_REST_MS = 1_500;

export interface PartEvents {
  painted(part: Part, utcUs: UtcUs): void;
  gap(part: Part, span: Span): void;
  end(part: Part): void;
}

/** One that plays already, where there is one. */
function playerIn(container: HTMLElement, channel: Channel, events: PlayerEvents): Player {
  const rehearsed = takeRehearsed(channel);
  if (rehearsed === undefined) return makePlayer(container, events);
  container.prepend(rehearsed.container);
  rehearsed.tell(events);
  return rehearsed.player;
}

export class Part {
  readonly player: Player;
  /** It waits behind this gap. */
  heldAt: Span | null = null;
  #plan: Plan = { kind: "nothing" };
  #frozen = false;
  #jumps = -1;
  #playing: boolean | null = null;
  #speed = 1;
  #soughtMs = 0;
  #scrubbed = false;
  /** The browser cannot play it: it has no picture to lead with. */
  unplayable = false;

  constructor(
    readonly channel: Channel,
    container: HTMLElement,
    events: PartEvents,
  ) {
    this.player = playerIn(container, channel, {
      painted: (utcUs) => {
        seen.waiting.delete(channel);
        cameras.painted.set(channel, utcUs);
        events.painted(this, utcUs);
      },
      state: (state) => {
        this.unplayable = state.kind === "unsupported";
        if (state.kind !== "connecting" && state.kind !== "playing") seen.waiting.delete(channel);
        cameras.pictures.set(channel, state);
      },
      gap: (span) => {
        this.heldAt = span;
        events.gap(this, span);
      },
      end: () => events.end(this),
    });
  }

  get leads(): boolean {
    return this.#plan.kind === "recorded" && this.#plan.leads;
  }

  get follows(): boolean {
    return this.#plan.kind === "recorded" && !this.#plan.leads && !this.#frozen;
  }

  /** Do what the plan says; what is done already is left as it is. */
  apply(plan: Plan, state: WatchState): void {
    const before = this.#plan;
    this.#plan = plan;
    this.player.setHeard(state.sound === this.channel && plan.kind !== "nothing");
    if (plan.kind === "nothing") return this.#rest(before);
    if (plan.kind === "live") return this.#live(plan.stream);
    this.player.holdAtGaps(!plan.leads || !state.skipGaps);
    if (plan.leads && state.skipGaps && this.heldAt !== null && state.intent === "playing") this.resume();
    const jumped = this.#jumps !== state.jumps;
    if (before.kind === "live" && !jumped && state.intent === "paused") return this.#freeze(state);
    if (this.#frozen && !jumped && state.intent === "paused") return;
    if (before.kind !== "recorded" || jumped || this.#frozen) this.#goTo(state);
    else this.#carryOn(state);
  }

  #rest(before: Plan): void {
    this.#playing = null;
    this.#frozen = false;
    seen.waiting.delete(this.channel);
    if (before.kind !== "nothing") this.player.stop();
  }

  #live(stream: "main" | "sub"): void {
    this.#stillStays();
    this.#frozen = false;
    this.#playing = null;
    this.#jumps = -1;
    this.player.showLive(this.channel, stream);
  }

  #freeze(state: WatchState): void {
    this.#frozen = true;
    this.#jumps = state.jumps;
    this.player.freeze();
  }

  #goTo(state: WatchState): void {
    this.#frozen = false;
    this.#jumps = state.jumps;
    this.#playing = state.intent === "playing";
    this.#soughtMs = performance.now();
    this.heldAt = null;
    this.#stillStays();
    this.#rate(state.speed);
    this.player.showRecorded(this.channel, state.instantUs, this.#playing);
  }

  #carryOn(state: WatchState): void {
    this.setPlaying(state.intent === "playing");
    if (this.leads) this.#rate(state.speed);
  }

  /** The playhead is being dragged over stills: footage waits for its end, live goes on underneath. */
  scrub(): void {
    this.#scrubbed = true;
    if (this.#plan.kind === "recorded") this.setPlaying(false);
  }

  /** The last still of a scrub stays until the frame is painted. */
  #stillStays(): void {
    if (this.#scrubbed) seen.waiting.add(this.channel);
    this.#scrubbed = false;
  }

  setPlaying(playing: boolean): void {
    // what waits behind a gap goes on when the clock comes there
    if (playing === this.#playing || (playing && this.heldAt !== null)) return;
    this.#playing = playing;
    this.player.setPlaying(playing);
  }

  #rate(speed: number): void {
    if (speed === this.#speed) return;
    this.#speed = speed;
    this.player.setSpeed(speed);
  }

  /** The clock came to the end of the gap. */
  resume(): void {
    this.heldAt = null;
    this.#playing = true;
    this.player.setPlaying(true);
  }

  /** Keep to the clock. */
  keepTo(clockUs: UtcUs, speed: number, nowMs: number): void {
    if (nowMs - this.#soughtMs < SEEK_REST_MS && this.heldAt === null) return;
    const order = direct(clockUs, speed, { positionUs: this.player.positionUs(), heldAt: this.heldAt });
    if (order.kind === "wait") return this.setPlaying(false);
    if (order.kind === "seek") return this.seek(order.toUs, true);
    if (this.heldAt !== null) this.resume();
    this.#rate(order.rate);
    this.setPlaying(true);
  }

  seek(toUs: UtcUs, playing: boolean): void {
    this.#soughtMs = performance.now();
    this.#playing = playing;
    this.heldAt = null;
    this.player.showRecorded(this.channel, toUs, playing);
  }

  leave(): void {
    this.player.destroy();
    seen.waiting.delete(this.channel);
    cameras.pictures.delete(this.channel);
    cameras.painted.delete(this.channel);
  }
}
