/** What pointers and the wheel do to a tile: zoom and move its picture, or carry the tile to another place. */
import type { Attachment } from "svelte/attachments";

import { isZoomed, panned, pinched, type Point, takesWheel, tapped, wheelFactor, type Zoom, zoomedAt } from "./zoom";

/** Below this a press is a click. */
const THRESHOLD_PX = 6;
/** A finger that rests so long takes the tile up; before that it scrolls the page. */
const HOLD_MS = 400;

/** A tile on its way: how far it was carried, and where the pointer is on the page. */
export interface Carried {
  readonly by: Point;
  readonly at: Point;
}

export interface Gestures {
  zoom(): Zoom;
  zoomTo(zoom: Zoom): void;
  /** The page scrolls under the pointer: the wheel and one finger are its own. */
  pageScrolls(): boolean;
  canCarry(): boolean;
  carry(carried: Carried): void;
  drop(carried: Carried | null): void;
  doubleClick(): void;
  /** A double tap zooms; otherwise it is a double click. */
  tapZooms(): boolean;
}

type Mode = "none" | "press" | "held" | "pan" | "pinch" | "carry";

/** Follows the pointers of one tile. */
export function gestures(tile: Gestures): Attachment<HTMLElement> {
  return (element) => {
    const pointers = new Map<number, Point>();
    let mode: Mode = "none";
    let start: Point = { x: 0, y: 0 };
    let hold: ReturnType<typeof setTimeout> | undefined;
    let dragged = false;
    let byTouch = false;

    const at = (event: MouseEvent): Point => ({ x: event.clientX, y: event.clientY });
    const part = (point: Point): Point => {
      const box = element.getBoundingClientRect();
      return { x: (point.x - box.left) / box.width, y: (point.y - box.top) / box.height };
    };
    const carried = (point: Point): Carried => ({ by: { x: point.x - start.x, y: point.y - start.y }, at: point });

    function down(event: PointerEvent): void {
      if (event.pointerType === "mouse" && event.button !== 0) return;
      byTouch = event.pointerType === "touch";
      pointers.set(event.pointerId, at(event));
      clearTimeout(hold);
      if (pointers.size === 2) {
        if (mode === "carry") tile.drop(null);
        mode = "pinch";
        dragged = true;
        for (const id of pointers.keys()) capture(id);
      } else if (pointers.size === 1) {
        mode = "press";
        dragged = false;
        start = at(event);
        if (byTouch && tile.canCarry()) hold = setTimeout(takeUp, HOLD_MS);
      }
    }

    function takeUp(): void {
      if (mode !== "press") return;
      mode = "held";
      navigator.vibrate?.(10);
      tile.carry({ by: { x: 0, y: 0 }, at: start });
    }

    function capture(pointer: number): void {
      try {
        element.setPointerCapture(pointer);
      } catch {
        // the pointer is gone already
      }
    }

    function begin(): Mode {
      if (isZoomed(tile.zoom())) return "pan";
      return byTouch || !tile.canCarry() ? "none" : "carry";
    }

    function move(event: PointerEvent): void {
      const before = pointers.get(event.pointerId);
      if (before === undefined) return;
      const now = at(event);
      const far = Math.hypot(now.x - start.x, now.y - start.y) > THRESHOLD_PX;
      if (mode === "press" && far) {
        clearTimeout(hold);
        mode = begin();
        dragged = mode !== "none";
        if (dragged) capture(event.pointerId);
      } else if (mode === "held" && far) {
        mode = "carry";
        dragged = true;
        capture(event.pointerId);
      }
      if (mode === "pan") {
        const [from, to] = [part(before), part(now)];
        tile.zoomTo(panned(tile.zoom(), { x: to.x - from.x, y: to.y - from.y }));
      } else if (mode === "carry") tile.carry(carried(now));
      else if (mode === "pinch") pinch(event.pointerId, now);
      pointers.set(event.pointerId, now);
    }

    function pinch(moved: number, now: Point): void {
      const [first, second] = [...pointers.keys()];
      if (first === undefined || second === undefined) return;
      const before = [first, second].map((id) => part(pointers.get(id) ?? now));
      const after = [first, second].map((id) => part(id === moved ? now : (pointers.get(id) ?? now)));
      const box = element.getBoundingClientRect();
      tile.zoomTo(
        pinched(tile.zoom(), before as [Point, Point], after as [Point, Point], box.width / Math.max(box.height, 1)),
      );
    }

    function up(event: PointerEvent): void {
      if (!pointers.delete(event.pointerId)) return;
      clearTimeout(hold);
      if (mode === "carry") tile.drop(event.type === "pointerup" ? carried(at(event)) : null);
      if (mode === "held") tile.drop(null);
      // the finger that stays goes on as a drag of the zoomed picture
      mode = pointers.size === 1 && isZoomed(tile.zoom()) ? "pan" : "none";
    }

    /** Escape puts the tile back where it was taken up. */
    function escape(event: KeyboardEvent): void {
      if (event.key !== "Escape" || (mode !== "carry" && mode !== "held")) return;
      event.preventDefault();
      event.stopPropagation();
      mode = "none";
      dragged = true; // what lets go of it is no click
      tile.drop(null);
    }

    /** A drag is no click. */
    function click(event: MouseEvent): void {
      if (!dragged) return;
      dragged = false;
      event.preventDefault();
      event.stopImmediatePropagation();
    }

    function doubleClick(event: MouseEvent): void {
      event.preventDefault();
      if (byTouch && tile.tapZooms()) tile.zoomTo(tapped(tile.zoom(), part(at(event))));
      else tile.doubleClick();
    }

    function wheel(event: WheelEvent): void {
      const turned = { delta: event.deltaY, ctrl: event.ctrlKey, pageScrolls: tile.pageScrolls() };
      if (!takesWheel(tile.zoom(), turned)) return;
      event.preventDefault();
      const factor = wheelFactor(event.deltaY, event.deltaMode, event.ctrlKey);
      tile.zoomTo(zoomedAt(tile.zoom(), factor, part(at(event))));
    }

    /** A tile that was taken up does not scroll the page; CSS says the same only before the finger comes. */
    function touchMove(event: TouchEvent): void {
      if (mode === "held" || mode === "carry" || mode === "pinch") event.preventDefault();
    }

    const noMenu = (event: Event): void => {
      if (byTouch) event.preventDefault(); // a long press takes the tile up
    };

    const ends = new AbortController();
    const { signal } = ends;
    element.addEventListener("pointerdown", down, { signal });
    element.addEventListener("pointermove", move, { signal });
    element.addEventListener("pointerup", up, { signal });
    element.addEventListener("pointercancel", up, { signal });
    document.addEventListener("keydown", escape, { signal, capture: true });
    element.addEventListener("click", click, { signal, capture: true });
    element.addEventListener("dblclick", doubleClick, { signal });
    // the tile's: what lies over the picture, such as its small map, is no reason to stop zooming
    (element.parentElement ?? element).addEventListener("wheel", wheel, { signal, passive: false });
    element.addEventListener("touchmove", touchMove, { signal, passive: false });
    element.addEventListener("contextmenu", noMenu, { signal });
    return () => {
      ends.abort();
      clearTimeout(hold);
    };
  };
}
