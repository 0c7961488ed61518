import { expect, it } from "vitest";

import { utcUs } from "../../time/instant";
import { figures, sinceText } from "./figures";

const at = (text: string) => utcUs(Date.parse(text) * 1_000);

it("says what is known of a camera and nothing else", () => {
  const state = { status: "LIVE", sinceUs: null, error: null, codec: "h265", width: 1920, height: 1080 } as const;
  expect(figures({ ...state, fps: 24.96, bitrate: 4_100_000 })).toBe("H.265 · 1920×1080 · 25 fps · 4.1 Mbit/s");
  expect(figures({ ...state, codec: null, width: null, fps: 12.5, bitrate: null })).toBe("12.5 fps");
  expect(figures(undefined)).toBe("");
});

it.each([
  ["2026-11-22T14:29:10Z", "2026-11-22T14:30:00Z", "15:29:10"],
  ["2026-11-22T10:00:59Z", "2026-11-22T14:30:00Z", "11:00:59"],
  ["2026-11-21T22:30:00Z", "2026-11-21T23:10:00Z", "Sat 21 Nov, 23:30:00"],
  ["2026-11-20T12:00:00Z", "2026-11-22T14:30:00Z", "Fri 20 Nov, 13:00:00"],
])("since %s, seen at %s, is %s in Berlin", (since, now, text) => {
  expect(sinceText(at(since), at(now), "Europe/Berlin")).toBe(text);
  expect(sinceText(at(since), at(now), "Europe/Berlin", "minute")).toBe(text.slice(0, -3));
});
