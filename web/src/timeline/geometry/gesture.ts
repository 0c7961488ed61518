/**
 * From pointers to what a person means: a click, a drag that pans, scrubs or selects, a pinch. Pure: a state, and the state after an event
 * with what is to be done.
 */
import type { Hit } from "./hit";
import { releaseSpeed, remembered, type Sample } from "./kinetic";

export interface Press {
  readonly type: "down";
  readonly id: number;
  readonly x: number;
  readonly y: number;
  readonly atMs: number;
  readonly hit: Hit;
  /** A drag selects, as Shift is held or the range button is on. */
  readonly selects: boolean;
}

export type PointerInput =
  | Press
  | { readonly type: "move" | "up"; readonly id: number; readonly x: number; readonly y: number; readonly atMs: number }
  /** The browser took the pointer away, or Escape was pressed. */
  | { readonly type: "cancel"; readonly id: number };

export type Drag = "pan" | "scrub" | "select" | "startHandle" | "endHandle";

export type Act =
  | { readonly type: "click"; readonly x: number; readonly y: number; readonly hit: Hit }
  /** A drag begins; `x` is where the pointer went down. */
  | { readonly type: "begin"; readonly drag: Drag; readonly x: number }
  | { readonly type: "drag"; readonly drag: Drag; readonly x: number; readonly byPx: number }
  /** `speed` in pixels a millisecond: how fast a pan was let go. */
  | { readonly type: "end"; readonly drag: Drag; readonly speed: number }
  | { readonly type: "cancelled"; readonly drag: Drag }
  | { readonly type: "pinch"; readonly from: readonly [number, number]; readonly to: readonly [number, number] };

/** One or two pointers that are down. */
type Pointers = ReadonlyMap<number, number>;

export type Gesture =
  | { readonly kind: "idle" }
  | { readonly kind: "pressed"; readonly press: Press }
  | { readonly kind: "dragging"; readonly id: number; readonly drag: Drag; readonly samples: readonly Sample[] }
  | { readonly kind: "pinching"; readonly at: Pointers };

export interface Turn {
  readonly gesture: Gesture;
  readonly acts: readonly Act[];
}

/** A pointer that moved less than this has clicked. */
export const THRESHOLD_PX = 4;

export const IDLE: Gesture = { kind: "idle" };

const stay = (gesture: Gesture): Turn => ({ gesture, acts: [] });

export function dragOf(press: Press): Drag {
  if (press.hit.kind === "handle") return press.hit.end === "start" ? "startHandle" : "endHandle";
  if (press.selects) return "select";
  return press.hit.kind === "playhead" ? "scrub" : "pan";
}

function down(gesture: Gesture, press: Press): Turn {
  switch (gesture.kind) {
    case "idle":
      return stay({ kind: "pressed", press });
    case "pressed":
      return stay({ kind: "pinching", at: new Map([[gesture.press.id, gesture.press.x], [press.id, press.x]]) }); // prettier-ignore
    case "dragging": {
      if (gesture.drag !== "pan") return stay(gesture);
      const first = gesture.samples.at(-1)?.x ?? press.x;
      const at = new Map([[gesture.id, first], [press.id, press.x]]); // prettier-ignore
      return { gesture: { kind: "pinching", at }, acts: [{ type: "end", drag: "pan", speed: 0 }] };
    }
    case "pinching":
      return stay(gesture);
  }
}

function pinched(gesture: Gesture & { kind: "pinching" }, id: number, x: number): Turn {
  if (!gesture.at.has(id)) return stay(gesture);
  const at = new Map(gesture.at).set(id, x);
  const [[, a0], [, b0]] = [...gesture.at] as [[number, number], [number, number]];
  const [[, a1], [, b1]] = [...at] as [[number, number], [number, number]];
  return { gesture: { kind: "pinching", at }, acts: [{ type: "pinch", from: [a0, b0], to: [a1, b1] }] };
}

function moved(gesture: Gesture, id: number, x: number, y: number, atMs: number): Turn {
  if (gesture.kind === "pinching") return pinched(gesture, id, x);
  if (gesture.kind === "dragging" && gesture.id === id) {
    const byPx = x - (gesture.samples.at(-1)?.x ?? x);
    const samples = remembered(gesture.samples, { atMs, x });
    return { gesture: { ...gesture, samples }, acts: [{ type: "drag", drag: gesture.drag, x, byPx }] };
  }
  if (gesture.kind !== "pressed" || gesture.press.id !== id) return stay(gesture);
  const { press } = gesture;
  if (Math.hypot(x - press.x, y - press.y) < THRESHOLD_PX) return stay(gesture);
  const drag = dragOf(press);
  const samples = [{ atMs: press.atMs, x: press.x }, { atMs, x }]; // prettier-ignore
  return {
    gesture: { kind: "dragging", id, drag, samples },
    acts: [
      { type: "begin", drag, x: press.x },
      { type: "drag", drag, x, byPx: x - press.x },
    ],
  };
}

function up(gesture: Gesture, id: number, atMs: number): Turn {
  if (gesture.kind === "pressed" && gesture.press.id === id) {
    const { x, y, hit } = gesture.press;
    return { gesture: IDLE, acts: [{ type: "click", x, y, hit }] };
  }
  if (gesture.kind === "dragging" && gesture.id === id) {
    const speed = gesture.drag === "pan" ? releaseSpeed(gesture.samples, atMs) : 0;
    return { gesture: IDLE, acts: [{ type: "end", drag: gesture.drag, speed }] };
  }
  return gesture.kind === "pinching" ? oneLeft(gesture, id, atMs) : stay(gesture);
}

/** The finger that stays after a pinch pans on. */
function oneLeft(gesture: Gesture & { kind: "pinching" }, id: number, atMs: number): Turn {
  const left = [...gesture.at].find(([other]) => other !== id);
  if (!gesture.at.has(id) || left === undefined) return stay(gesture);
  const [other, x] = left;
  return {
    gesture: { kind: "dragging", id: other, drag: "pan", samples: [{ atMs, x }] },
    acts: [{ type: "begin", drag: "pan", x }],
  };
}

function cancelled(gesture: Gesture, id: number): Turn {
  if (gesture.kind === "dragging" && gesture.id === id) {
    return { gesture: IDLE, acts: [{ type: "cancelled", drag: gesture.drag }] };
  }
  const held = gesture.kind === "pressed" ? gesture.press.id === id : gesture.kind === "pinching" && gesture.at.has(id);
  return stay(held ? IDLE : gesture);
}

/** The gesture after an event, and what is to be done. */
export function gestureAfter(gesture: Gesture, input: PointerInput): Turn {
  switch (input.type) {
    case "down":
      return down(gesture, input);
    case "move":
      return moved(gesture, input.id, input.x, input.y, input.atMs);
    case "up":
      return up(gesture, input.id, input.atMs);
    case "cancel":
      return cancelled(gesture, input.id);
  }
}
