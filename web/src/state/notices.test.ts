import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { canBeClosed, MOST, Notices } from "./notices.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const texts = (notices: Notices): string[] => notices.list.map((one) => one.text);

test("a note leaves by itself, an error later than an information", () => {
  const notices = new Notices();
  notices.say("saved", "done");
  notices.say("the disk is full", "error");
  vi.advanceTimersByTime(5_001);
  expect(texts(notices)).toEqual(["the disk is full"]);
  vi.advanceTimersByTime(7_000);
  expect(texts(notices)).toEqual([]);
});

test("a note with a button stays as long as an undo is possible, and its button takes it away", () => {
  const notices = new Notices();
  const undo = vi.fn();
  notices.say("deleted", "info", { label: "Undo", run: undo });
  vi.advanceTimersByTime(9_900);
  const [notice] = notices.list;
  if (notice === undefined) throw new Error("it left too early");
  notices.act(notice);
  expect(undo).toHaveBeenCalledOnce();
  expect(texts(notices)).toEqual([]);
});

test("whoever said it can take it away", () => {
  const notices = new Notices();
  const close = notices.say("exporting", "info", null, null);
  vi.advanceTimersByTime(3_600_000);
  expect(texts(notices)).toEqual(["exporting"]);
  close();
  expect(texts(notices)).toEqual([]);
});

test("what can be undone is not closed away as long as it can be", () => {
  const notices = new Notices();
  const undo = { label: "Undo", run: vi.fn() };
  notices.say("deleting a", "warning", undo, null);
  notices.say("exporting", "info", null, null);
  notices.say("looked at", "info", undo);
  expect(notices.list.map(canBeClosed)).toEqual([false, true, true]);
});

test("what is being read stays until it is released", () => {
  const notices = new Notices();
  notices.say("a", "info");
  const id = notices.list[0]?.id ?? 0;
  notices.hold(id);
  vi.advanceTimersByTime(60_000);
  expect(texts(notices)).toEqual(["a"]);
  notices.release(id);
  vi.advanceTimersByTime(5_001);
  expect(texts(notices)).toEqual([]);
});

test("the same text is shown once, and never more than a few notes", () => {
  const notices = new Notices();
  notices.say("a");
  notices.say("b");
  notices.say("a");
  expect(texts(notices)).toEqual(["b", "a"]);
  for (const text of "cdefg") notices.say(text);
  expect(texts(notices)).toEqual(["d", "e", "f", "g"]);
  expect(notices.list.length).toBe(MOST);
});

test("a note with a button is not pushed away, however many follow", () => {
  const notices = new Notices();
  const undo = { label: "Undo", run: vi.fn() };
  notices.say("deleting a", "warning", undo, null);
  for (const text of "bcdefg") notices.say(text);
  expect(texts(notices)).toEqual(["deleting a", "e", "f", "g"]);
  for (const text of "hijk") notices.say(`deleting ${text}`, "warning", undo, null);
  expect(texts(notices)).toEqual(["a", "h", "i", "j", "k"].map((text) => `deleting ${text}`));
});
