import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { cameras } from "../../state/cameras.svelte";
import type { CameraState, PictureState } from "../../state/types";
import { watch } from "../../state/watch.svelte";
import { utcUs } from "../../time/instant";
import Tile from "./Tile.svelte";

const HOSTILE = '<img src=x onerror="alert(1)">';
const AT = utcUs(Date.UTC(2026, 10, 22, 13, 32, 7) * 1_000);
const LIVE: CameraState = {
  status: "LIVE",
  sinceUs: null,
  error: null,
  codec: "h264",
  width: 640,
  height: 360,
  fps: 25,
  bitrate: 1_000_000,
};

let tile: Record<string, unknown>;

function show(picture: PictureState, state: Partial<CameraState> = {}): HTMLElement {
  cameras.list = [{ channel: 1, name: HOSTILE, enabled: true, hasAudio: true, hasSub: false }];
  cameras.zone = "Europe/Berlin";
  cameras.states.set(1, { ...LIVE, ...state });
  cameras.pictures.set(1, picture);
  cameras.painted.set(1, AT);
  tile = mount(Tile, {
    target: document.body,
    props: { channel: 1, scrolls: false, oncarry: () => undefined, ondrop: () => undefined },
  });
  flushSync();
  return get("[data-channel]");
}

function get<E extends HTMLElement>(selector: string): E {
  const found = document.querySelector<E>(selector);
  if (found === null) throw new Error(`there is no ${selector}`);
  return found;
}

vi.mock("../../media/stage", () => ({ stage: { place: () => () => undefined, waits: () => false } }));

beforeEach(() => watch.ask({ type: "cameras", channels: [1, 2] }));
afterEach(async () => {
  await unmount(tile);
  watch.ask({ type: "single", single: false });
  watch.ask({ type: "sound", channel: null });
});

describe("a tile", () => {
  it("takes a name for text, whatever it holds", () => {
    const element = show({ kind: "playing" });
    expect(element.querySelector("img")).toBeNull();
    expect(element.textContent).toContain(HOSTILE);
    expect(element.getAttribute("aria-label")).toBe(`${HOSTILE}: live, recording`);
  });

  it("says what is wrong, since when, and what to do", () => {
    const element = show({ kind: "stalled", sinceUs: AT }, { status: "REC", error: "wrong password: 401" });
    const said = element.textContent.replace(/\s+/g, " ");
    expect(said).toContain("Offline since");
    expect(said).toContain("14:32");
    expect(said).toContain("the camera refuses the password");
    expect(said).toContain("correct the camera's user and password");
    expect(element.className).toContain("dark");
  });

  it("is the only one on screen after Enter, and one of many after another", () => {
    show({ kind: "playing" });
    const press = () => {
      get(".surface").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
      flushSync();
    };
    press();
    expect([watch.now.single, watch.now.selected]).toEqual([true, 1]);
    expect(get(".surface").getAttribute("aria-label")).toContain("back to all cameras");
    press();
    expect(watch.now.single).toBe(false);
  });

  it("is heard and muted by its button", () => {
    show({ kind: "playing" });
    const sound = () => get<HTMLButtonElement>('[aria-label^="Listen"], [aria-label^="Mute"]');
    sound().click();
    flushSync();
    expect([watch.now.sound, sound().getAttribute("aria-pressed")]).toEqual([1, "true"]);
    sound().click();
    flushSync();
    expect(watch.now.sound).toBeNull();
  });

  it("goes on with stills while the player of what cannot be played looks for more", () => {
    const element = show({ kind: "unsupported", codec: "hvc1" });
    cameras.pictures.set(1, { kind: "connecting" });
    flushSync();
    expect(element.querySelector(".still")).not.toBeNull();
    cameras.pictures.set(1, { kind: "playing" });
    flushSync();
    expect(element.querySelector(".still")).toBeNull();
  });
});
