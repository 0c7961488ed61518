import { afterEach, beforeEach, expect, it } from "vitest";

import { clock } from "../../state/clock.svelte";
import { START } from "../../state/watch";
import { watch } from "../../state/watch.svelte";
import { plus, US_PER_HOUR } from "../../time/instant";
import { TimelineControl } from "../../timeline/control.svelte";
import { layoutOf } from "../../timeline/geometry/layout";
import { xOf } from "../../timeline/geometry/view";
import { hands } from "./input";

let element: HTMLElement;
let control: TimelineControl;

beforeEach(() => {
  watch.now = { ...START, order: [1], selected: 1, live: false, instantUs: plus(clock.nowUs(), -US_PER_HOUR) };
  control = new TimelineControl();
  control.oldestUs = plus(clock.nowUs(), -100 * US_PER_HOUR);
  control.resize(1_000);
  element = document.body.appendChild(document.createElement("div"));
  element.setPointerCapture = () => undefined;
});
afterEach(() => document.body.replaceChildren());

function fire(type: string, clientX: number): void {
  element.dispatchEvent(new PointerEvent(type, { pointerId: 7, button: 0, buttons: 1, clientX, clientY: 60 }));
}

it("what is held when the timeline goes is let go: the session ended in the middle of a drag", () => {
  const gone = hands(control, () => layoutOf([1], 1, false), () => undefined)(element); // prettier-ignore
  const x = xOf(control.view, watch.now.instantUs);
  fire("pointerdown", x);
  fire("pointermove", x - 50);
  const { instantUs, scrubbing } = watch.now;
  expect(scrubbing).toBe(true);
  if (typeof gone === "function") gone();
  expect(watch.now).toMatchObject({ scrubbing: false, live: false, instantUs });
  expect(control.dragging).toBe(false);
});
