/**
 * What the hands do on the timeline becomes a view of time and requests to the watch state. One for the page: where it looks is kept while
 * other pages are open.
 */
import type { TimeWindow } from "../state/watch";
import { watch } from "../state/watch.svelte";
import { clock } from "../state/clock.svelte";
import { clamp, US_PER_DAY, US_PER_HOUR, US_PER_S, utcUs, type UtcUs } from "../time/instant";
import { EDGE, type Follow, followAfter, followed } from "./geometry/follow";
import { type Act, type Gesture, gestureAfter, IDLE, type PointerInput } from "./geometry/gesture";
import { glide } from "./geometry/kinetic";
import {
  centreUs,
  clampView,
  clampZoom,
  panBy,
  pinch,
  resized,
  sameView,
  timeAt,
  type View,
  viewAround,
  viewWith,
  xOf,
  zoomAbout,
} from "./geometry/view";

/** What is shown when nobody chose. */
const DEFAULT_US = 6 * US_PER_HOUR;
const FIRST_WIDTH_PX = 1_000;
/** While the playhead or the end of a selection is held this close to an edge, the view moves. */
const EDGE_PX = 28;
const EDGE_PX_PER_MS = 0.5;
/** Time in which a zoom by the wheel gets to 1/e of what is left. */
const ZOOM_MS = 45;

/** What moves by itself, picture after picture. */
type Motion =
  | { readonly kind: "glide"; readonly from: View; readonly speed: number; readonly sinceMs: number }
  | { readonly kind: "zoom"; readonly at: number; readonly x: number; readonly usPerPx: number };

export class TimelineControl {
  view = $state.raw<View>(viewWith(clock.nowUs(), EDGE * FIRST_WIDTH_PX, DEFAULT_US / FIRST_WIDTH_PX, FIRST_WIDTH_PX));
  /** Where the oldest footage is; what lies before is not gone to. */
  oldestUs = $state<UtcUs>(utcUs(clock.nowUs() - 365 * US_PER_DAY));
  dragging = $state(false);

  #gesture: Gesture = IDLE;
  #follow: Follow = { at: EDGE };
  #motion: Motion | null = null;
  /** The pointer's pixel while something is dragged. */
  #heldX = 0;
  /** Pointer minus playhead, where it was taken. */
  #grip = 0;
  #anchorUs: UtcUs = utcUs(0);
  #published: TimeWindow | null = null;
  #jumps = -1;
  #lastMs = 0;
  readonly #still: boolean;

  constructor() {
    this.#still = typeof matchMedia === "function" && matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  /** The playhead; live it is now. */
  get playheadUs(): UtcUs {
    return watch.now.live && !watch.now.scrubbing ? clock.nowUs() : watch.now.instantUs;
  }

  /** The view moves by itself: pictures are to be painted one after the other. */
  get moving(): boolean {
    const runs = watch.now.live && this.#follow !== null && this.view.usPerPx < US_PER_S / 5;
    return this.#motion !== null || this.#scrolls() !== 0 || runs;
  }

  resize(widthPx: number): void {
    if (widthPx <= 0 || widthPx === this.view.widthPx) return;
    const first = watch.now.window === null && this.#follow !== null;
    this.view = first
      ? viewWith(clock.nowUs(), EDGE * widthPx, DEFAULT_US / widthPx, widthPx)
      : resized(this.view, widthPx);
    this.follow();
  }

  /** Somebody else changed where the timeline looks: the address bar, or back to the default. */
  adopt(window: TimeWindow | null): void {
    if (window === this.#published) return;
    this.#published = window;
    const { widthPx } = this.view;
    if (window === null) {
      this.#follow = { at: EDGE };
      this.view = viewWith(this.#followedUs(), EDGE * widthPx, DEFAULT_US / widthPx, widthPx);
    } else {
      this.view = viewAround(window.centreUs, window.usPerPx, widthPx);
      this.#follow = followAfter(this.view, this.#followedUs()) ?? (watch.now.live ? { at: EDGE } : null);
    }
    this.follow();
  }

  /** The playhead or now went on. */
  follow(): void {
    const { jumps, live } = watch.now;
    const jumped = jumps !== this.#jumps;
    this.#jumps = jumps;
    if (this.#gesture.kind !== "idle" || this.#motion !== null) return;
    if (jumped && (live || this.#follow === null)) this.#follow = { at: EDGE };
    const next = followed(this.view, this.#follow, this.#followedUs(), live);
    if (!sameView(next, this.view)) this.view = next;
  }

  pointer(input: PointerInput): void {
    if (input.type === "down" && this.#motion !== null) this.#stop();
    const { gesture, acts } = gestureAfter(this.#gesture, input);
    this.#gesture = gesture;
    for (const act of acts) this.#do(act);
    this.dragging = gesture.kind === "dragging" || gesture.kind === "pinching";
  }

  /** One picture later. */
  frame(nowMs: number): void {
    const elapsedMs = Math.min(100, Math.max(0, nowMs - this.#lastMs));
    this.#lastMs = nowMs;
    if (this.#motion?.kind === "glide") this.#glideOn(this.#motion, nowMs);
    else if (this.#motion?.kind === "zoom") this.#zoomOn(this.#motion, elapsedMs);
    const scroll = this.#scrolls();
    if (scroll !== 0) {
      this.#look(panBy(this.view, -scroll * EDGE_PX_PER_MS * elapsedMs));
      this.#dragTo(this.#heldX);
    }
    this.follow();
  }

  /** The wheel: closer or farther about a pixel. */
  zoom(factor: number, x: number): void {
    const from = this.#motion?.kind === "zoom" ? this.#motion.usPerPx : this.view.usPerPx;
    const usPerPx = clampZoom(from * factor, this.view.widthPx);
    const anchor = this.#zoomAnchor(x);
    if (this.#still) this.#settle(zoomAbout(this.view, anchor, usPerPx / this.view.usPerPx));
    else this.#motion = { kind: "zoom", at: this.view.startUs + anchor * this.view.usPerPx, x: anchor, usPerPx };
  }

  /** The wheel sideways. */
  pan(px: number): void {
    this.#motion = null;
    this.#settle(panBy(this.view, px));
  }

  /** Buttons and keys: about the playhead where it is seen, otherwise about the middle. */
  zoomBy(factor: number): void {
    const x = xOf(this.view, this.playheadUs);
    this.zoom(factor, x >= 0 && x <= this.view.widthPx ? x : this.view.widthPx / 2);
  }

  /** Show as much time as this. */
  showLength(us: number): void {
    this.zoomBy(us / this.view.widthPx / this.view.usPerPx);
  }

  seek(toUs: UtcUs): void {
    const nowUs = clock.nowUs();
    watch.ask({ type: "seek", toUs: clamp(toUs, this.oldestUs, nowUs), nowUs });
  }

  #followedUs(): UtcUs {
    return watch.now.live ? clock.nowUs() : watch.now.instantUs;
  }

  /** While now is followed at its place, zooming is about now: otherwise it would move away. */
  #zoomAnchor(x: number): number {
    const nowX = xOf(this.view, clock.nowUs());
    return watch.now.live && this.#follow !== null && x > nowX ? nowX : x;
  }

  #look(view: View): void {
    const bounds = { startUs: this.oldestUs, endUs: clock.nowUs() };
    this.view = clampView(view, bounds);
  }

  /** A person moved the view and let go. */
  #settle(view: View): void {
    this.#look(view);
    this.#follow = followAfter(this.view, this.#followedUs());
    this.#published = { centreUs: centreUs(this.view), usPerPx: this.view.usPerPx };
    watch.ask({ type: "window", window: this.#published });
  }

  #glideOn({ from, speed, sinceMs }: Motion & { kind: "glide" }, nowMs: number): void {
    const { px, ended } = glide(speed, nowMs - sinceMs);
    this.#look(panBy(from, px));
    if (!ended && Math.abs(centreUs(this.view) - centreUs(panBy(from, px))) < this.view.usPerPx) return;
    this.#motion = null;
    this.#settle(this.view);
  }

  #zoomOn({ at, x, usPerPx }: Motion & { kind: "zoom" }, elapsedMs: number): void {
    const left = Math.log(usPerPx / this.view.usPerPx) * Math.exp(-elapsedMs / ZOOM_MS);
    const ended = Math.abs(left) < 0.002;
    this.#look(viewWith(at, x, ended ? usPerPx : usPerPx / Math.exp(left), this.view.widthPx));
    if (!ended) return;
    this.#motion = null;
    this.#settle(this.view);
  }

  /** A hand stops what moves. */
  #stop(): void {
    this.#motion = null;
    this.#settle(this.view);
  }

  #do(act: Act): void {
    switch (act.type) {
      case "click":
        return this.#click(act);
      case "begin":
        return this.#begin(act);
      case "drag":
        if (act.drag === "pan") return this.#look(panBy(this.view, act.byPx));
        return this.#dragTo(act.x);
      case "pinch":
        return this.#look(pinch(this.view, ...act.from, ...act.to));
      case "end":
      case "cancelled":
        return this.#end(act);
    }
  }

  #click({ x, y, hit }: Act & { type: "click" }): void {
    if (hit.kind === "row" && !hit.selected) watch.ask({ type: "select", channel: hit.channel });
    else if (hit.kind !== "playhead" || y > EDGE_PX) this.seek(timeAt(this.view, x));
  }

  #begin({ drag, x }: Act & { type: "begin" }): void {
    if (drag === "scrub") {
      this.#grip = x - xOf(this.view, this.playheadUs);
      watch.ask({ type: "scrubStart" });
    }
    const { selection } = watch.now;
    if (drag === "select") this.#anchorUs = this.#timeAt(x, clock.nowUs());
    else if (selection !== null) this.#anchorUs = drag === "startHandle" ? selection.endUs : selection.startUs;
  }

  #timeAt(x: number, nowUs: UtcUs): UtcUs {
    return clamp(timeAt(this.view, x), this.oldestUs, nowUs);
  }

  /** The pointer holds the playhead or an end of the selection. */
  #dragTo(x: number): void {
    if (this.#gesture.kind !== "dragging") return;
    this.#heldX = x;
    const nowUs = clock.nowUs(); // asked twice, it could have gone on: what is dragged to now would be before it
    if (this.#gesture.drag === "scrub") {
      return watch.ask({ type: "scrubMove", toUs: this.#timeAt(x - this.#grip, nowUs), nowUs });
    }
    const other = this.#timeAt(x, nowUs);
    const [startUs, endUs] = other < this.#anchorUs ? [other, this.#anchorUs] : [this.#anchorUs, other];
    watch.ask({ type: "selection", span: startUs === endUs ? null : { startUs, endUs } });
  }

  #end(act: Act & { type: "end" | "cancelled" }): void {
    if (act.drag === "scrub") watch.ask({ type: "scrubEnd", nowUs: clock.nowUs() });
    if (act.drag === "select") watch.ask({ type: "selecting", selecting: false });
    const speed = act.type === "end" ? act.speed : 0;
    if (speed === 0 || this.#still) return this.#settle(this.view);
    this.#motion = { kind: "glide", from: this.view, speed, sinceMs: this.#lastMs };
  }

  /** Which way the view moves as something is held at its edge: -1 to earlier, 1 to later. */
  #scrolls(): -1 | 0 | 1 {
    if (this.#gesture.kind !== "dragging" || this.#gesture.drag === "pan") return 0;
    if (this.#heldX < EDGE_PX) return -1;
    return this.#heldX > this.view.widthPx - EDGE_PX && timeAt(this.view, this.view.widthPx) < clock.nowUs() ? 1 : 0;
  }
}

export const timeline = new TimelineControl();
