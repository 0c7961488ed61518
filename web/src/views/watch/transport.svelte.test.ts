import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { START } from "../../state/watch";
import { watch } from "../../state/watch.svelte";
import { plus, US_PER_S, utcUs } from "../../time/instant";
import Transport from "./Transport.svelte";

vi.mock("../../media/stage", () => ({ stage: { note: "", step: () => undefined } }));

const AT = utcUs(1_700_000_000 * US_PER_S);
let bar: Record<string, unknown>;

beforeEach(() => {
  watch.ask({ type: "restore", state: { ...START, live: false, instantUs: AT } });
  bar = mount(Transport, { target: document.body });
  flushSync();
});
afterEach(async () => {
  await unmount(bar);
  document.body.replaceChildren();
});

function press(element: HTMLElement, key: string): void {
  element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  flushSync();
}

function get<E extends HTMLElement>(selector: string): E {
  const found = document.querySelector<E>(selector);
  if (found === null) throw new Error(`there is no ${selector}`);
  return found;
}

function added(html: string): HTMLElement {
  document.body.insertAdjacentHTML("beforeend", html);
  return document.body.lastElementChild as HTMLElement;
}

describe("the keys", () => {
  it.each([
    [`<input type="checkbox">`, "k", "paused"],
    [`<input type="checkbox">`, " ", "playing"],
    [`<div role="slider" tabindex="0"></div>`, " ", "paused"],
    [`<button></button>`, " ", "playing"],
    [`<input>`, "k", "playing"],
  ])("%s leaves %j to the page, or takes it: then %s", (html, key, intent) => {
    press(added(html), key);
    expect(watch.now.intent).toBe(intent);
  });
});

describe("a speed", () => {
  const choose = (by: Event): boolean => {
    const speed = get<HTMLSelectElement>("select");
    speed.focus();
    speed.dispatchEvent(by);
    speed.dispatchEvent(new Event("change", { bubbles: true }));
    return document.activeElement === speed;
  };

  it("chosen with a pointer leaves the keys to the page", () => {
    expect(choose(new Event("pointerdown"))).toBe(false);
  });

  it("chosen by keys can be changed on", () => {
    expect(choose(new KeyboardEvent("keydown", { key: "ArrowDown" }))).toBe(true);
  });
});

describe("the range button", () => {
  const range = (detail: number): void => {
    get('[title^="Drag over"]').dispatchEvent(new MouseEvent("click", { detail, bubbles: true }));
    flushSync();
  };

  it("waits for a drag of who has a pointer", () => {
    range(1);
    expect(watch.now).toMatchObject({ selecting: true, selection: null });
  });

  it("selects the minute around the playhead for who has none, and leaves a range that is there", () => {
    const minute = { startUs: plus(AT, -30 * US_PER_S), endUs: plus(AT, 30 * US_PER_S) };
    range(0);
    expect(watch.now).toMatchObject({ selecting: false, selection: minute });
    watch.ask({ type: "seek", toUs: plus(AT, -900 * US_PER_S), nowUs: plus(AT, 900 * US_PER_S) });
    range(0);
    expect(watch.now.selection).toEqual(minute);
  });
});
