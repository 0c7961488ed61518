import { expect, it } from "vitest";

import { causeOf } from "../../state/causes";
import { explained } from "./scrubbed";
import { type Cover, tileState } from "./tileState";

const held = (cover: Cover) =>
  tileState({
    camera: { channel: 1, enabled: true },
    state: undefined,
    picture: { kind: "paused" },
    painted: true,
    live: false,
    cover,
    recorderRunning: true,
    stillFailure: null,
    stillAgeS: 0,
    frameAgeS: null,
    stillsLag: false,
  });
const CAUSE = causeOf("disk full");

it("no footage under a dragged playhead has its cause", () => {
  expect(explained(held("gap"), CAUSE).message).toMatchObject({ title: "No footage", cause: CAUSE });
});

it("pictures, and gaps of which nothing is known, are left as they are", () => {
  expect(explained(held("there"), CAUSE)).toEqual(held("there"));
  expect(explained(held("gap"), null)).toEqual(held("gap"));
});
