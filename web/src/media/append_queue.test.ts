import { describe, expect, it } from "vitest";

import { AppendQueue, MOST_WAITING_BYTES } from "./append_queue";

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(values);

/** A stream with a key frame each `gopS` seconds, handed over up to `untilS`. */
function filled(gopS: number, untilS: number): AppendQueue {
  const queue = new AppendQueue();
  queue.push(bytes(0), null);
  for (let keyS = 0; keyS <= untilS; keyS += gopS) queue.push(bytes(1), keyS);
  while (queue.next(0) !== null);
  return queue;
}

it("gives the first frames, then what waits in one piece, and nothing twice", () => {
  const queue = new AppendQueue();
  queue.push(bytes(1), null);
  queue.push(bytes(2, 3), 0);
  for (const value of [4, 5, 6, 7]) queue.push(bytes(value), null);
  expect(queue.next(0)).toEqual({ kind: "append", data: bytes(1, 2, 3, 4, 5) });
  expect(queue.next(0)).toEqual({ kind: "append", data: bytes(6, 7) });
  expect(queue.next(0)).toBeNull();
});

describe("what was seen", () => {
  it("is taken away now and then, up to just before a key frame", () => {
    const queue = filled(1, 20);
    expect(queue.next(11)).toBeNull();
    expect(queue.next(12.5)).toEqual({ kind: "remove", untilS: 7.995 });
    expect(queue.next(12.6)).toBeNull();
    expect(queue.next(20)).toBeNull();
    expect(queue.next(24.6)).toEqual({ kind: "remove", untilS: 19.995 });
  });

  it("is never taken away beyond the last key frame, however far apart those are", () => {
    const queue = filled(10, 20); // 0, 10, 20: at 24.1 s none behind 20 is there yet
    expect(queue.next(12.1)).toBeNull();
    expect(queue.next(24.1)).toEqual({ kind: "remove", untilS: 19.995 });
    expect(filled(60, 0).next(50)).toBeNull();
  });
});

describe("a browser without room", () => {
  it("gets the same once more, after something was taken away", () => {
    const queue = filled(1, 5);
    queue.push(bytes(7), null);
    const step = queue.next(5.5);
    queue.push(bytes(8), null);
    expect(step?.kind === "append" && queue.noRoom(step.data, 5.5)).toEqual({ kind: "remove", untilS: 4.995 });
    expect(queue.next(5.5)).toEqual({ kind: "append", data: bytes(7, 8) });
  });

  it("says that nothing can be taken away", () => {
    expect(filled(60, 0).noRoom(bytes(1), 5)).toBeNull();
  });
});

it("goes on from a key frame, after the init segment, when the browser takes nothing", () => {
  const queue = new AppendQueue();
  queue.push(bytes(1), null);
  queue.push(new Uint8Array(MOST_WAITING_BYTES), 0);
  queue.push(bytes(2), 1);
  expect(queue.next(0)).toEqual({ kind: "append", data: bytes(1, 2) });
});
