/**
 * Keeps the address bar and the watch state together: what is watched stands in the address, and back, reload and a shared link lead to
 * the same frame. Where somebody jumped, the place before stays in the history; what somebody chose stands there at once; while pictures
 * move, the address follows once a second.
 */
import { untrack } from "svelte";

import { addressOf, stateOf } from "./address";
import { cameras } from "./cameras.svelte";
import { clock } from "./clock.svelte";
import { route } from "./route.svelte";
import { watch } from "./watch.svelte";
import type { WatchState } from "./watch";

const EVERY_MS = 1_000;
/** Jumps in quick succession, such as an arrow key held down, are one place in the history. */
const ONE_JUMP_MS = 2_000;
/** Chosen, not played: a reload a moment later is to find it. Where the timeline looks is none, as a wheel changes it too often. */
const CHOSEN = ["order", "layout", "page", "selected", "speed"] as const;

let last: WatchState | null = null;
let shownMs = Number.NEGATIVE_INFINITY;
let pushedMs = Number.NEGATIVE_INFINITY;
let later: ReturnType<typeof setTimeout> | undefined;

/** Begin with what the address says, then keep it; until the returned function is called. */
export function keepAddress(): () => void {
  shownMs = pushedMs = Number.NEGATIVE_INFINITY;
  if (route.page === "watch" && location.search !== "") restore();
  addEventListener("popstate", goBack);
  addEventListener("pagehide", flush);
  const stop = $effect.root(() => {
    $effect(() => {
      const [now, here] = [watch.now, route.page === "watch" && cameras.loaded];
      untrack(() => (here ? follow(now) : leave()));
    });
  });
  return () => {
    stop();
    leave();
    removeEventListener("popstate", goBack);
    removeEventListener("pagehide", flush);
  };
}

function goBack(): void {
  if (route.page !== "watch") return;
  restore();
  last = watch.now;
}

/** What played when the place was left plays on; who comes by a link sees its frame. */
function restore(): void {
  const intent = route.noted === "playing" ? "playing" : "paused";
  watch.ask({ type: "restore", state: { ...stateOf(route.query), intent } });
  if (watch.now.live) watch.ask({ type: "live" });
}

/** Coming back to the page is no jump. */
function leave(): void {
  last = null;
  clearTimeout(later);
}

function follow(now: WatchState): void {
  if (now.scrubbing) return;
  if (last === null && !now.live && now.instantUs >= clock.nowUs()) {
    watch.ask({ type: "live" }); // nobody can watch the future
    return;
  }
  const before = last;
  const jumped = before !== null && (before.jumps !== now.jumps || before.single !== now.single);
  const chose = before === null || CHOSEN.some((name) => before[name] !== now[name]);
  const wait = shownMs + EVERY_MS - performance.now();
  clearTimeout(later);
  if (jumped) push();
  else if (chose || wait <= 0 || now.intent === "paused") flush();
  else later = setTimeout(flush, wait);
  last = now;
}

function push(): void {
  const again = performance.now() - pushedMs < ONE_JUMP_MS;
  pushedMs = performance.now();
  show(again ? "replaceState" : "pushState");
}

function flush(): void {
  show("replaceState");
}

function show(how: "pushState" | "replaceState"): void {
  if (route.page !== "watch" || !cameras.loaded || watch.now.scrubbing) return;
  shownMs = performance.now();
  route.show(addressOf(watch.now, cameras.zone), how, watch.now.live ? "" : watch.now.intent);
}
