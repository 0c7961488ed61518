import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type Carried, type Gestures, gestures } from "./gestures";
import { isZoomed, WHOLE, type Zoom, zoomedAt } from "./zoom";

const TWICE: Zoom = zoomedAt(WHOLE, 2, { x: 0.5, y: 0.5 });

/** A tile of 200 x 100 pixels, and what was done to it. */
class FakeTile implements Gestures {
  now: Zoom = WHOLE;
  scrolls = false;
  carriable = true;
  single = false;
  readonly carried: Carried[] = [];
  readonly dropped: (Carried | null)[] = [];
  readonly clicks: string[] = [];
  readonly element = document.createElement("button");
  readonly #end: ReturnType<ReturnType<typeof gestures>>;

  constructor() {
    vi.spyOn(this.element, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, 200, 100));
    this.element.setPointerCapture = () => undefined;
    this.#end = gestures(this)(this.element);
    this.element.addEventListener("click", () => this.clicks.push("click"));
  }

  end = (): void => this.#end?.();
  zoom = (): Zoom => this.now;
  zoomTo = (zoom: Zoom): void => void (this.now = zoom);
  pageScrolls = (): boolean => this.scrolls;
  canCarry = (): boolean => this.carriable;
  carry = (how: Carried): void => void this.carried.push(how);
  drop = (how: Carried | null): void => void this.dropped.push(how);
  doubleClick = (): void => void this.clicks.push("double");
  tapZooms = (): boolean => this.single;

  pointer(type: string, x: number, y: number, more: PointerEventInit = {}): void {
    const init = { clientX: x, clientY: y, pointerId: 1, pointerType: "mouse", button: 0, cancelable: true, ...more };
    this.element.dispatchEvent(new PointerEvent(type, init));
  }

  drag(from: [number, number], to: [number, number], more: PointerEventInit = {}): void {
    this.pointer("pointerdown", ...from, more);
    this.pointer("pointermove", (from[0] + to[0]) / 2, (from[1] + to[1]) / 2, more);
    this.pointer("pointermove", ...to, more);
    this.pointer("pointerup", ...to, more);
    this.element.dispatchEvent(new MouseEvent("click", { cancelable: true }));
  }

  wheel(deltaY: number, ctrlKey = false): boolean {
    const event = new WheelEvent("wheel", { deltaY, cancelable: true });
    for (const [key, value] of Object.entries({ ctrlKey, clientX: 100, clientY: 50 }))
      Object.defineProperty(event, key, { value }); // happy-dom's wheel is no mouse
    this.element.dispatchEvent(event);
    return event.defaultPrevented;
  }
}

let tile: FakeTile;
beforeEach(() => {
  vi.useFakeTimers();
  tile = new FakeTile();
});
afterEach(() => {
  tile.end();
  vi.useRealTimers();
});

describe("a mouse", () => {
  it("that moves a little clicks", () => {
    tile.drag([50, 50], [53, 52]);
    expect([tile.clicks, tile.carried, tile.dropped]).toEqual([["click"], [], []]);
  });

  it("that drags carries the tile and drops it, and does not click", () => {
    tile.drag([50, 50], [150, 80]);
    expect(tile.carried.at(-1)).toEqual({ by: { x: 100, y: 30 }, at: { x: 150, y: 80 } });
    expect(tile.dropped).toEqual([tile.carried.at(-1)]);
    expect(tile.clicks).toEqual([]);
    tile.drag([50, 50], [50, 50]);
    expect(tile.clicks).toEqual(["click"]);
  });

  it("that carries the tile has put it back once Escape is pressed", () => {
    const escape = () => document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", cancelable: true }));
    expect(escape()).toBe(true); // somebody else's, while nothing is carried
    tile.pointer("pointerdown", 50, 50);
    tile.pointer("pointermove", 100, 50);
    expect(escape()).toBe(false);
    const carried = tile.carried.length;
    tile.pointer("pointermove", 150, 80);
    tile.pointer("pointerup", 150, 80);
    tile.element.dispatchEvent(new MouseEvent("click", { cancelable: true }));
    expect([tile.carried.length, tile.dropped, tile.clicks]).toEqual([carried, [null], []]);
  });

  it("that drags a zoomed picture moves it, and the tile stays", () => {
    tile.now = TWICE;
    tile.drag([100, 50], [80, 60]);
    expect(tile.now.x).toBeCloseTo(TWICE.x + 0.05, 9);
    expect(tile.now.y).toBeCloseTo(TWICE.y - 0.05, 9);
    expect(tile.carried).toEqual([]);
  });

  it("does not carry what cannot go anywhere", () => {
    tile.carriable = false;
    tile.drag([50, 50], [150, 80]);
    expect([tile.carried, tile.clicks]).toEqual([[], ["click"]]);
  });

  it("with another button does nothing", () => {
    tile.drag([50, 50], [150, 80], { button: 2 });
    expect(tile.carried).toEqual([]);
  });
});

describe("a finger", () => {
  const touch = { pointerType: "touch" };

  it("scrolls the page, unless it rests first", () => {
    tile.drag([50, 50], [50, 90], touch);
    expect(tile.carried).toEqual([]);
    tile.pointer("pointerdown", 50, 50, touch);
    vi.advanceTimersByTime(500);
    tile.pointer("pointermove", 120, 50, touch);
    tile.pointer("pointerup", 120, 50, touch);
    expect(tile.dropped.at(-1)?.by).toEqual({ x: 70, y: 0 });
  });

  it("that the page took for scrolling drops nothing", () => {
    tile.pointer("pointerdown", 50, 50, touch);
    vi.advanceTimersByTime(500);
    tile.pointer("pointermove", 120, 50, touch);
    tile.pointer("pointercancel", 120, 50, touch);
    expect(tile.dropped).toEqual([null]);
  });

  it("and another one zoom, and the one that stays drags on", () => {
    tile.pointer("pointerdown", 80, 50, { ...touch, pointerId: 1 });
    tile.pointer("pointerdown", 120, 50, { ...touch, pointerId: 2 });
    tile.pointer("pointermove", 40, 50, { ...touch, pointerId: 1 });
    tile.pointer("pointermove", 160, 50, { ...touch, pointerId: 2 });
    expect(tile.now.scale).toBeCloseTo(3, 6);
    tile.pointer("pointerup", 160, 50, { ...touch, pointerId: 2 });
    const before = tile.now.x;
    tile.pointer("pointermove", 60, 50, { ...touch, pointerId: 1 });
    expect(tile.now.x).toBeLessThan(before);
    expect(tile.carried).toEqual([]);
  });

  it("that taps twice zooms where that is its meaning", () => {
    const twice = (): void => {
      tile.drag([100, 50], [100, 50], touch);
      tile.element.dispatchEvent(new MouseEvent("dblclick", { clientX: 100, clientY: 50, cancelable: true }));
    };
    twice();
    expect(tile.clicks).toEqual(["click", "double"]);
    tile.single = true;
    twice();
    expect(isZoomed(tile.now)).toBe(true);
    twice();
    expect(tile.now).toEqual(WHOLE);
  });
});

describe("the wheel", () => {
  it("zooms, and leaves the page what is the page's", () => {
    expect(tile.wheel(100)).toBe(false);
    expect(tile.wheel(-100)).toBe(true);
    expect(tile.now.scale).toBeGreaterThan(1);
    tile.now = WHOLE;
    tile.scrolls = true;
    expect(tile.wheel(-100)).toBe(false);
    expect(tile.wheel(-100, true)).toBe(true);
    expect(isZoomed(tile.now)).toBe(true);
  });
});
