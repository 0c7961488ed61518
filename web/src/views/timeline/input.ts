/** Pointers, wheel and keys on the timeline's element, as the control understands them. */
import type { Attachment } from "svelte/attachments";

import { clock } from "../../state/clock.svelte";
import { watch } from "../../state/watch.svelte";
import { US_PER_S } from "../../time/instant";
import type { TimelineControl } from "../../timeline/control.svelte";
import { FINGER_REACH_PX, type Hit, hitAt, REACH_PX } from "../../timeline/geometry/hit";
import type { Layout } from "../../timeline/geometry/layout";
import { lengthUs } from "../../timeline/geometry/view";

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** A line of a wheel that scrolls lines, and a page. */
const DELTA_PX = [1, 16, 400] as const;
const ZOOM_PER_PX = 1.0022;
/** A trackpad's pinch comes as a wheel with Ctrl, in small steps. */
const PINCH_PER_PX = 1.012;

const placeOf = (event: PointerEvent | WheelEvent | MouseEvent, element: HTMLElement): Place => {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
};

export function hitOf(control: TimelineControl, layout: Layout, { x, y }: Place, pointerType: string): Hit {
  const marks = { playheadUs: control.playheadUs, selection: watch.now.selection };
  return hitAt(control.view, layout, marks, x, y, pointerType === "touch" ? FINGER_REACH_PX : REACH_PX);
}

function wheeled(control: TimelineControl, event: WheelEvent, element: HTMLElement): void {
  event.preventDefault();
  const unit = DELTA_PX[event.deltaMode as 0 | 1 | 2] ?? 1;
  const [across, down] = [event.deltaX * unit, event.deltaY * unit];
  if (event.shiftKey || Math.abs(across) > Math.abs(down)) control.pan(-(event.shiftKey ? across || down : across));
  else control.zoom((event.ctrlKey ? PINCH_PER_PX : ZOOM_PER_PX) ** down, placeOf(event, element).x);
}

/** Listens to the pointers over an element. `hover` is told where a pointer is that is not down; null when none is. */
export function hands(
  control: TimelineControl,
  layout: () => Layout,
  hover: (place: Place | null, hit: Hit | null) => void,
): Attachment<HTMLElement> {
  return (element) => {
    const heard = new AbortController();
    const on = <K extends keyof HTMLElementEventMap>(name: K, hear: (event: HTMLElementEventMap[K]) => void): void =>
      element.addEventListener(name, hear as EventListener, { signal: heard.signal, passive: false });
    const held = new Set<number>();
    const leave = (id: number): void => {
      held.delete(id);
      control.pointer({ type: "cancel", id });
    };

    on("pointerdown", (event) => {
      if (event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
      held.add(event.pointerId);
      const place = placeOf(event, element);
      const hit = hitOf(control, layout(), place, event.pointerType);
      const selects = event.shiftKey || watch.now.selecting;
      control.pointer({ type: "down", id: event.pointerId, ...place, atMs: event.timeStamp, hit, selects });
      hover(null, null);
    });
    on("pointermove", (event) => {
      const place = placeOf(event, element);
      control.pointer({ type: "move", id: event.pointerId, ...place, atMs: event.timeStamp });
      if (event.buttons === 0 && event.pointerType !== "touch") {
        hover(place, hitOf(control, layout(), place, event.pointerType));
      }
    });
    on("pointerup", (event) => {
      held.delete(event.pointerId);
      control.pointer({ type: "up", id: event.pointerId, ...placeOf(event, element), atMs: event.timeStamp });
    });
    on("pointercancel", (event) => leave(event.pointerId));
    on("pointerleave", () => hover(null, null));
    on("wheel", (event) => wheeled(control, event, element));
    on("dblclick", (event) => {
      const place = placeOf(event, element);
      if (place.y < layout().ruler.height) control.zoom(1 / 4, place.x);
    });
    return () => {
      heard.abort();
      held.forEach(leave); // nobody hears any more that they are let go, as when the session ends in the middle of a drag
    };
  };
}

/** The keys of a slider; true when one was understood. Home and End are the page's own (`views/watch/keyboard.ts`). */
export function pressed(control: TimelineControl, event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.altKey || event.metaKey) return false;
  const skip = (byUs: number): void => watch.ask({ type: "skip", byUs, nowUs: clock.nowUs() });
  const step = (event.shiftKey ? 60 : 5) * US_PER_S;
  switch (event.key) {
    case "ArrowLeft":
    case "ArrowDown":
      skip(-step);
      return true;
    case "ArrowRight":
    case "ArrowUp":
      skip(step);
      return true;
    case "PageDown":
      skip(-lengthUs(control.view) / 4);
      return true;
    case "PageUp":
      skip(lengthUs(control.view) / 4);
      return true;
    case "Escape":
      if (watch.now.selection === null && !watch.now.selecting) return false;
      watch.ask({ type: "selection", span: null });
      watch.ask({ type: "selecting", selecting: false });
      return true;
    default:
      return false;
  }
}
