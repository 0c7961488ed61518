import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { PictureState } from "../state/types";
import { utcUs } from "../time/instant";
import type { Player, PlayerEvents } from "./player";
import { endRehearsal, rehearse, takeRehearsed } from "./rehearsal";

const made = vi.hoisted(
  () => [] as { player: Player; events: PlayerEvents; shown: unknown[]; destroyed: boolean; stopped: number }[],
);
vi.mock("./driver", () => ({
  makePlayer: (_container: HTMLElement, events: PlayerEvents) => {
    const one = { events, shown: [] as unknown[], destroyed: false, stopped: 0 };
    const player = {
      showLive: (...what: unknown[]) => one.shown.push(what),
      destroy: () => (one.destroyed = true),
      stop: () => (one.stopped += 1),
    } as unknown as Player;
    made.push(Object.assign(one, { player }));
    return player;
  },
}));

const path = (channel: number, stream = "sub"): string => `/api/channel/${channel}/live?stream=${stream}`;

function begun(...paths: string[]) {
  const streams = new Map(paths.map((one) => [one, { socket: {} as WebSocket, heard: [] }]));
  globalThis.miniNvrEarly = { answers: new Map(), streams };
  rehearse();
}

beforeEach(() => {
  vi.useFakeTimers();
  made.length = 0;
});
afterEach(() => {
  endRehearsal();
  vi.useRealTimers();
  globalThis.miniNvrEarly = undefined;
});

it("plays what is on its way already", () => {
  begun(path(3), path(1, "main"), "/api/else");
  expect(made.map(({ shown }) => shown)).toEqual([[[3, "sub"]], [[1, "main"]]]);
});

it("is taken once, and tells what happened until then", () => {
  begun(path(3));
  made[0]?.events.painted(utcUs(7));
  made[0]?.events.state({ kind: "playing" });
  const found = takeRehearsed(3);
  expect(found?.player).toBe(made[0]?.player);
  expect([takeRehearsed(3), takeRehearsed(4)]).toEqual([undefined, undefined]);
  const told: (number | PictureState)[] = [];
  found?.tell({ painted: (utc) => told.push(utc), state: (state) => told.push(state) });
  made[0]?.events.painted(utcUs(8));
  expect(told).toEqual([7, { kind: "playing" }, 8]);
});

it("is not tried again where the recorder refuses it, until it is taken", () => {
  begun(path(3));
  const lost: PictureState = { kind: "lost", cause: "the recorder does not answer", sinceUs: null };
  made[0]?.events.state(lost);
  expect(made[0]?.stopped).toBe(1);
  takeRehearsed(3)?.tell({ painted: () => undefined, state: () => undefined });
  made[0]?.events.state(lost);
  expect(made[0]?.stopped).toBe(1);
});

it("ends where nobody takes it", () => {
  begun(path(3), path(4));
  takeRehearsed(4);
  vi.advanceTimersByTime(9_999);
  expect(made.map(({ destroyed }) => destroyed)).toEqual([false, false]);
  vi.advanceTimersByTime(1);
  expect(made.map(({ destroyed }) => destroyed)).toEqual([true, false]);
  expect(takeRehearsed(3)).toBeUndefined();
});

it("leaves time for the page, and does not begin in the background", () => {
  begun(...[1, 2, 3, 4, 5, 6].map((channel) => path(channel)));
  expect(made).toHaveLength(4);
  endRehearsal();
  vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  begun(path(1));
  expect(made).toHaveLength(4);
});
