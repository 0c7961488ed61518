import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Problem } from "../api/problem";
import { Attempt, sentence } from "./attempt.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const refuse = (problem: Problem) => () => Promise.reject(problem);

test("a refusal says its cause and its remedy", async () => {
  const attempt = new Attempt();
  const wrong = new Problem(401, "sign-in-refused", "the user name or the password is wrong", "try again");
  expect(await attempt.make(refuse(wrong))).toBe(false);
  expect(attempt.trouble).toBe("The user name or the password is wrong; try again.");
  expect(attempt.ready).toBe(true);
  expect(await attempt.make(() => Promise.resolve())).toBe(true);
  expect(attempt.trouble).toBe("");
});

test("after too many attempts the seconds are counted down, then it may be tried again", async () => {
  const attempt = new Attempt();
  await attempt.make(refuse(new Problem(429, "too-many-attempts", "too many attempts", "wait 3 s", {}, 3)));
  expect(attempt.trouble).toContain("in 3 s");
  expect(attempt.ready).toBe(false);
  vi.advanceTimersByTime(1_000);
  expect(attempt.trouble).toContain("in 2 s");
  vi.advanceTimersByTime(2_000);
  expect(attempt.trouble).toBe("");
  expect(attempt.ready).toBe(true);
});

test("while it is on its way no second one is made", async () => {
  const attempt = new Attempt();
  let answer = (): void => undefined;
  const going = attempt.make(() => new Promise<void>((resolve) => (answer = resolve)));
  expect(attempt.ready).toBe(false);
  answer();
  await going;
  expect(attempt.ready).toBe(true);
});

test.each([
  ["", ""],
  ["the disk is full", "The disk is full."],
  ["Done!", "Done!"],
])("%j becomes the sentence %j", (text, expected) => {
  expect(sentence(text)).toBe(expected);
});
