import { describe, expect, it } from "vitest";

import { actionOf, KEYS, repeats } from "./keyboard";

const stroke = (key: string, held: Partial<Record<"shiftKey" | "ctrlKey" | "altKey" | "metaKey", boolean>> = {}) => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...held,
});

describe("keys", () => {
  it.each([
    ["k", { does: "toggle" }],
    ["K", { does: "toggle" }],
    [" ", { does: "toggle" }],
    ["j", { does: "skip", byUs: -10_000_000 }],
    ["l", { does: "live" }],
    ["End", { does: "live" }],
    ["Home", { does: "dayStart" }],
    ["ArrowLeft", { does: "skip", byUs: -5_000_000 }],
    ["ArrowRight", { does: "skip", byUs: 5_000_000 }],
    [",", { does: "step", frames: -1 }],
    [".", { does: "step", frames: 1 }],
    ["+", { does: "faster" }],
    ["-", { does: "slower" }],
    ["f", { does: "fullScreen" }],
    ["s", { does: "snapshot" }],
    ["g", { does: "goTo" }],
    ["7", { does: "camera", number: 7 }],
  ])("%j", (key, action) => expect(actionOf(stroke(key))).toEqual(action));

  it("goes farther with Shift", () => {
    expect(actionOf(stroke("ArrowRight", { shiftKey: true }))).toEqual({ does: "skip", byUs: 60_000_000 });
  });

  it("takes signs that need Shift on some keyboards", () => {
    expect(actionOf(stroke("?", { shiftKey: true }))).toEqual({ does: "keys" });
    expect(actionOf(stroke("+", { shiftKey: true }))).toEqual({ does: "faster" });
  });

  it.each(["ctrlKey", "altKey", "metaKey"])("leaves combinations with %s to the browser", (held) => {
    for (const { bindings } of KEYS)
      for (const { keys } of bindings) expect(actionOf(stroke(keys[0] ?? "", { [held]: true }))).toBeNull();
  });

  it("does nothing for other keys", () => {
    for (const key of ["q", "0", "Enter", "Escape", "Tab", "ArrowUp"]) expect(actionOf(stroke(key))).toBeNull();
  });

  it("binds no key twice", () => {
    const bound = KEYS.flatMap((help) => help.bindings).flatMap(({ keys, shift }) =>
      keys.flatMap((key) => (shift === undefined ? [`${key} true`, `${key} false`] : [`${key} ${shift}`])),
    );
    expect(new Set(bound).size).toBe(bound.length);
  });

  it("repeats only what goes on in small steps", () => {
    const repeated = KEYS.flatMap((help) => help.bindings).filter(({ action }) => repeats(action));
    expect(repeated.map(({ action }) => action.does)).toEqual(["skip", "skip", "skip", "skip", "skip", "step", "step"]);
  });
});
