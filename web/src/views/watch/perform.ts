/** Does what a key or a button of the transport asks for. */
import { stage } from "../../media/stage";
import { cameras } from "../../state/cameras.svelte";
import { clock } from "../../state/clock.svelte";
import { watch } from "../../state/watch.svelte";
import { plus, US_PER_S } from "../../time/instant";
import { startOfDay } from "../../time/zone";
import { fullScreen } from "./fullScreen.svelte";
import type { Action } from "./keyboard";
import { takeSnapshot } from "./snapshot";

/** Selects a camera by its place on the wall; the selected one goes alone, or back. */
function camera(number: number): void {
  const { order, selected, single } = watch.now;
  const channel = order[number - 1];
  if (channel === undefined) return;
  if (channel === selected) watch.ask({ type: "single", single: !single });
  else watch.ask({ type: "select", channel });
}

/** To midnight; from there to the midnight before. */
function dayStart(): void {
  const today = startOfDay(watch.now.instantUs, cameras.zone);
  const isThere = watch.now.instantUs - today < 2 * US_PER_S;
  const toUs = isThere ? startOfDay(plus(today, -US_PER_S), cameras.zone) : today;
  watch.ask({ type: "seek", toUs, nowUs: clock.nowUs() });
}

/** `goTo` and `keys` are for the view, which opens something. */
export function perform(action: Action): void {
  switch (action.does) {
    case "skip":
      return watch.ask({ type: "skip", byUs: action.byUs, nowUs: clock.nowUs() });
    case "step":
      return stage.step(action.frames);
    case "camera":
      return camera(action.number);
    case "dayStart":
      return dayStart();
    case "fullScreen":
      return void fullScreen.toggleWall();
    case "snapshot":
      if (watch.now.selected !== null) void takeSnapshot(watch.now.selected);
      return;
    case "toggle":
    case "faster":
    case "slower":
    case "live":
      return watch.ask({ type: action.does });
    case "goTo":
    case "keys":
  }
}
