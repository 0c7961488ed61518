/**
 * What is being watched: a pure state, and a pure answer to each request. Live is the right end of time.
 *
 * Nothing here assumes that a request succeeded: `intent` is what the person wants; what the picture does is told by the media driver
 * (`PictureState`), and where it is by `moved`.
 */
import { plus, type Span, type UtcUs } from "../time/instant";
import type { Channel } from "./types";

/** Tiles on screen: as many as there are cameras, a square number, or a free grid. */
export type Layout = "auto" | 1 | 4 | 9 | 16 | { readonly columns: number; readonly rows: number };

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const;
export type Speed = (typeof SPEEDS)[number];

/** Where the timeline looks: the instant at its middle and how much time a pixel takes. */
export interface TimeWindow {
  readonly centreUs: UtcUs;
  readonly usPerPx: number;
}

export interface WatchState {
  /** All cameras in the person's order. */
  readonly order: readonly Channel[];
  readonly layout: Layout;
  /** First tile of the page of tiles on screen, an index into `order`. */
  readonly page: number;
  readonly selected: Channel | null;
  /** Grows whenever somebody selects a camera: the wall turns to its page, and stays where it is otherwise. */
  readonly selections: number;
  /** Only the selected camera is on screen. */
  readonly single: boolean;
  /** While the playhead is dragged: it stands at now, and will be live once it is let go. */
  readonly live: boolean;
  /** The playhead. While live, the newest frame's time or now. */
  readonly instantUs: UtcUs;
  readonly intent: "playing" | "paused";
  /** Grows whenever somebody goes to an instant: pictures follow it, and go on by themselves otherwise. */
  readonly jumps: number;
  readonly speed: Speed;
  /** The playhead is being dragged: stills are shown, the intent waits for its end. */
  readonly scrubbing: boolean;
  /** Gaps are skipped with a note; otherwise waited through. */
  readonly skipGaps: boolean;
  /** All tiles on screen (up to four of them as video) play on one clock; otherwise the selected one alone plays. */
  readonly sync: boolean;
  /** The one camera that is heard. */
  readonly sound: Channel | null;
  readonly selection: Span | null;
  /** The range button is on: dragging on the timeline selects. */
  readonly selecting: boolean;
  /** null: it follows now with its own default. */
  readonly window: TimeWindow | null;
}

export type Request =
  | { readonly type: "cameras"; readonly channels: readonly Channel[] }
  | { readonly type: "reorder"; readonly order: readonly Channel[] }
  | { readonly type: "layout"; readonly layout: Layout }
  | { readonly type: "page"; readonly page: number }
  | { readonly type: "select"; readonly channel: Channel }
  | { readonly type: "single"; readonly single: boolean }
  | { readonly type: "live" }
  /** Go to an instant; at or after `nowUs` that is live. */
  | { readonly type: "seek"; readonly toUs: UtcUs; readonly nowUs: UtcUs }
  | { readonly type: "scrubStart" }
  | { readonly type: "scrubMove"; readonly toUs: UtcUs; readonly nowUs: UtcUs }
  | { readonly type: "scrubEnd"; readonly nowUs: UtcUs }
  /** The driver painted a frame of this instant, or the clock of live pictures went on. */
  | { readonly type: "moved"; readonly toUs: UtcUs }
  /** Go on or back by so much from the playhead. */
  | { readonly type: "skip"; readonly byUs: number; readonly nowUs: UtcUs }
  | { readonly type: "play" }
  | { readonly type: "pause" }
  /** Play what is paused, pause what plays. */
  | { readonly type: "toggle" }
  | { readonly type: "speed"; readonly speed: Speed }
  | { readonly type: "faster" }
  | { readonly type: "slower" }
  | { readonly type: "skipGaps"; readonly skip: boolean }
  | { readonly type: "sync"; readonly sync: boolean }
  | { readonly type: "sound"; readonly channel: Channel | null }
  | { readonly type: "selecting"; readonly selecting: boolean }
  | { readonly type: "selection"; readonly span: Span | null }
  | { readonly type: "window"; readonly window: TimeWindow | null }
  /** What the address bar says, at the start and after going back. */
  | { readonly type: "restore"; readonly state: Partial<WatchState> };

export const START: WatchState = {
  order: [],
  layout: "auto",
  page: 0,
  selected: null,
  selections: 0,
  single: false,
  live: true,
  instantUs: 0 as UtcUs,
  intent: "playing",
  jumps: 0,
  speed: 1,
  scrubbing: false,
  skipGaps: true,
  sync: true,
  sound: null,
  selection: null,
  selecting: false,
  window: null,
};

const at = (state: WatchState, toUs: UtcUs, nowUs: UtcUs): WatchState =>
  toUs >= nowUs ? { ...state, live: true, instantUs: nowUs, speed: 1 } : { ...state, live: false, instantUs: toUs };

const jump = (state: WatchState): WatchState => ({ ...state, jumps: state.jumps + 1 });

/** To an instant; who goes to now wants to see it go on. */
function seek(state: WatchState, toUs: UtcUs, nowUs: UtcUs): WatchState {
  const there = jump({ ...at(state, toUs, nowUs), scrubbing: false });
  return there.live ? { ...there, intent: "playing" } : there;
}

/** Slower than the world, live becomes footage; faster is not possible there. */
function atSpeed(state: WatchState, speed: Speed): WatchState {
  if (!state.live) return { ...state, speed };
  return speed >= 1 ? state : jump({ ...state, live: false, speed });
}

function neighbour(speed: Speed, by: 1 | -1): Speed {
  const index = SPEEDS.indexOf(speed) + by;
  return SPEEDS[Math.min(Math.max(index, 0), SPEEDS.length - 1)] ?? 1;
}

/** What the address bar says; an instant without a word on live is one to go to. */
function restored(state: WatchState, said: Partial<WatchState>): WatchState {
  const goes = said.live !== undefined || said.instantUs !== undefined;
  const next = { ...state, ...said, jumps: state.jumps, selections: state.selections, scrubbing: false };
  return goes ? jump(next) : next;
}

/** The state after a request. */
export function answer(state: WatchState, request: Request): WatchState {
  switch (request.type) {
    case "cameras": {
      const known = state.order.filter((channel) => request.channels.includes(channel));
      const order = [...known, ...request.channels.filter((channel) => !known.includes(channel))];
      const selected = state.selected !== null && order.includes(state.selected) ? state.selected : (order[0] ?? null);
      return { ...state, order, selected };
    }
    case "reorder":
      return { ...state, order: request.order };
    case "layout":
      return { ...state, layout: request.layout, page: 0, single: false };
    case "page":
      return { ...state, page: request.page };
    case "select":
      return { ...state, selected: request.channel, selections: state.selections + 1 };
    case "single":
      return { ...state, single: request.single };
    case "live":
      return jump({ ...state, live: true, intent: "playing", speed: 1, scrubbing: false });
    case "seek":
      return seek(state, request.toUs, request.nowUs);
    case "skip":
      return seek(state, plus(state.instantUs, request.byUs), request.nowUs);
    case "scrubStart":
      return { ...state, scrubbing: true };
    case "scrubMove":
      // a hand that only passes now keeps its speed
      return { ...at(state, request.toUs, request.nowUs), speed: state.speed, scrubbing: true };
    case "scrubEnd":
      if (!state.scrubbing) return state;
      return seek(state, state.live ? request.nowUs : state.instantUs, request.nowUs); // now went on meanwhile
    case "moved":
      return state.scrubbing ? state : { ...state, instantUs: request.toUs };
    case "play":
      return { ...state, intent: "playing" };
    case "pause":
      return { ...state, intent: "paused", live: false };
    case "toggle":
      return answer(state, { type: state.intent === "playing" ? "pause" : "play" });
    case "speed":
      return atSpeed(state, request.speed);
    case "faster":
      return atSpeed(state, neighbour(state.speed, 1));
    case "slower":
      return atSpeed(state, neighbour(state.speed, -1));
    case "skipGaps":
      return { ...state, skipGaps: request.skip };
    case "sync":
      return { ...state, sync: request.sync };
    case "sound":
      return { ...state, sound: request.channel };
    case "selecting":
      return { ...state, selecting: request.selecting };
    case "selection":
      return { ...state, selection: request.span };
    case "window":
      return { ...state, window: request.window };
    case "restore":
      return restored(state, request.state);
  }
}
