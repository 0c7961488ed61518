import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { cameras } from "../../state/cameras.svelte";
import { watch } from "../../state/watch.svelte";
import { START } from "../../state/watch";
import { utcUs } from "../../time/instant";
import { keptOrder } from "./kept";
import Wall from "./Wall.svelte";

vi.mock("../../media/stage", () => ({ stage: { place: () => () => undefined, waits: () => false } }));

const CHANNELS = [1, 2, 3, 4, 5];
let wall: Record<string, unknown>;

beforeEach(() => {
  localStorage.clear();
  cameras.list = CHANNELS.map((channel) => ({
    channel,
    name: `Camera ${channel}`,
    enabled: true,
    hasAudio: false,
    hasSub: false,
  }));
  watch.ask({ type: "restore", state: START });
  watch.ask({ type: "cameras", channels: CHANNELS });
  watch.ask({ type: "layout", layout: { columns: 2, rows: 1 } });
  wall = mount(Wall, { target: document.body });
  flushSync();
});

afterEach(() => unmount(wall));

const shown = (): number[] => {
  flushSync();
  return [...document.querySelectorAll<HTMLElement>("[data-channel]")].map((tile) => Number(tile.dataset["channel"]));
};

it("shows the tiles of one page, and makes no others", () => {
  expect(shown()).toEqual([1, 2]);
  watch.ask({ type: "page", page: 2 });
  expect(shown()).toEqual([3, 4]);
  watch.ask({ type: "moved", toUs: utcUs(1) });
  expect(shown()).toEqual([3, 4]);
  watch.ask({ type: "page", page: 4 });
  expect(shown()).toEqual([5]);
});

it("turns to the page of a camera that is chosen", () => {
  watch.ask({ type: "select", channel: 4 });
  expect(shown()).toEqual([3, 4]);
});

it("stays on the page that the address names, whichever camera is selected, also after another page", () => {
  watch.ask({ type: "restore", state: { page: 2, selected: 1 } });
  expect(shown()).toEqual([3, 4]);
  watch.ask({ type: "restore", state: { page: 4, selected: 2 } });
  expect(shown()).toEqual([5]);
  void unmount(wall);
  wall = mount(Wall, { target: document.body });
  expect(shown()).toEqual([5]);
});

it("shows one camera alone, and forgets what the others painted", () => {
  cameras.painted.set(1, utcUs(1));
  watch.ask({ type: "select", channel: 2 });
  watch.ask({ type: "single", single: true });
  expect(shown()).toEqual([2]);
  expect(cameras.painted.has(1)).toBe(false);
});

it("moves a tile with Alt and an arrow, and keeps the order", () => {
  const tile = document.querySelector('[data-channel="1"] button');
  tile?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", altKey: true, bubbles: true }));
  expect(shown()).toEqual([2, 1]);
  expect(keptOrder(localStorage)).toEqual([2, 1, 3, 4, 5]);
  tile?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  expect(shown()).toEqual([2, 1]);
});

it("says to screen readers when a camera goes and comes back", () => {
  const state = {
    status: "LIVE",
    sinceUs: null,
    error: null,
    codec: null,
    width: null,
    height: null,
    fps: null,
    bitrate: null,
  } as const;
  const said = () => {
    flushSync();
    return document.querySelector('.visually-hidden[role="status"]')?.textContent;
  };
  cameras.states.set(3, state);
  expect(said()).toBe("");
  cameras.states.set(3, { ...state, status: "REC", error: "camera offline: timed out" });
  expect(said()).toBe("Camera 3: the camera does not answer");
  cameras.states.set(3, state);
  expect(said()).toBe("Camera 3: live again");
});
