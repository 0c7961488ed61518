import { expect, it } from "vitest";

import { causeOf, causeText, isOfDisk } from "./causes";

/** The page's types know nothing of Node, the tests run in it. */
const { readFileSync } = (await import("node:fs" as string)) as {
  readFileSync(path: string, encoding: string): string;
};

it("has words for every cause that the recorder knows", () => {
  const errors = readFileSync("../src/mini_nvr/errors.py", "utf8");
  const causes = [...errors.matchAll(/^ {4}[A-Z_]+ = "([^"]+)"/gm)].map((found) => found[1] ?? "");
  expect(causes.length).toBeGreaterThan(10);
  for (const cause of causes) expect(causeOf(cause).text, cause).not.toBe(cause);
});

it("finds the cause before a detail", () => {
  expect(causeOf("camera offline: no route to 192.0.2.7").text).toBe("the camera does not answer");
  expect(causeText(causeOf("disk full"))).toBe("the disk is full: delete footage, or set a limit for it");
});

it("tells disks from cameras", () => {
  expect(["disk full: 0 bytes", "recording folder missing", "disk error"].every(isOfDisk)).toBe(true);
  expect(["camera offline", "stream stalled", ""].some(isOfDisk)).toBe(false);
});

it("shows what it does not know as it is", () => {
  expect(causeText(causeOf("the moon is in the way: wait"))).toBe("the moon is in the way: wait");
});
