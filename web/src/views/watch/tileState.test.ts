import { describe, expect, it } from "vitest";

import type { CameraState, PictureState } from "../../state/types";
import { utcUs } from "../../time/instant";
import { codecName, type Seen, spoken, type StillFailure, tileState } from "./tileState";

const SINCE = utcUs(1_795_330_800_000_000);
const LIVE: CameraState = {
  status: "LIVE",
  sinceUs: SINCE,
  error: null,
  codec: "h264",
  width: 640,
  height: 360,
  fps: 25,
  bitrate: 1_000_000,
};

const AWAY: StillFailure = { noFootage: true, cause: "camera offline" };

const seen = (picture: PictureState | undefined, more: Partial<Seen> = {}): Seen => ({
  camera: { channel: 3, enabled: true },
  state: LIVE,
  picture,
  painted: true,
  live: true,
  cover: null,
  recorderRunning: true,
  stillFailure: null,
  stillAgeS: 1,
  frameAgeS: null,
  stillsLag: false,
  ...more,
});

const ALL: readonly (PictureState | undefined)[] = [
  undefined,
  { kind: "idle" },
  { kind: "connecting" },
  { kind: "playing" },
  { kind: "paused" },
  { kind: "stalled", sinceUs: SINCE },
  { kind: "lost", cause: "camera offline", sinceUs: SINCE },
  { kind: "unsupported", codec: "hvc1.1.6.L93.B0" },
  { kind: "noFootage", cause: "disk full", startUs: SINCE, endUs: null },
  { kind: "failed", detail: "no decoder" },
];

describe("never shows as live what is not", () => {
  it("says LIVE only while frames are painted", () => {
    for (const picture of ALL)
      for (const live of [true, false]) {
        const { word, look } = tileState(seen(picture, { live }));
        if (word === "LIVE") expect([live, picture?.kind, look]).toEqual([true, picture?.kind, "clear"]);
        if (live && (picture?.kind === "stalled" || picture?.kind === "lost")) expect(look).not.toBe("clear");
      }
  });

  it("says so when a live picture is not recorded", () => {
    const full = tileState(seen({ kind: "playing" }, { state: { ...LIVE, status: "REC", error: "disk full" } }));
    expect(full).toMatchObject({ word: "LIVE", recording: false, note: "not recorded: the disk is full" });
    expect(tileState(seen({ kind: "playing" }))).toMatchObject({ word: "LIVE", recording: true, note: null });
  });

  it("is not live while the playhead is dragged, also at now, and dark where the still is not of its time", () => {
    for (const picture of ALL)
      for (const live of [true, false]) {
        if (live && picture?.kind === "connecting") continue;
        expect(tileState(seen(picture, { live, cover: "there" }))).toMatchObject({ word: "RECORDED", look: "clear" });
        expect(tileState(seen(picture, { live, cover: "elsewhere" }))).toMatchObject({
          word: "NO PICTURE",
          look: "dark",
        });
        expect(tileState(seen(picture, { live, cover: "gap" }))).toMatchObject({ word: "NO FOOTAGE", look: "dark" });
      }
    expect(tileState(seen({ kind: "connecting" }, { cover: "there" })).word).toBe("CONNECTING");
  });

  it("takes the colour from a picture that stands, and says since when", () => {
    const stalled = tileState(seen({ kind: "stalled", sinceUs: SINCE }));
    expect(stalled).toMatchObject({ word: "NO PICTURE", look: "stale", message: { sinceUs: SINCE } });
  });
});

it("names the cause of a picture that stands, once the recorder knows it", () => {
  const stands = (error: string) => tileState(seen({ kind: "stalled", sinceUs: SINCE }, { state: { ...LIVE, error } }));
  expect(stands("camera offline: timed out")).toMatchObject({ word: "OFFLINE", message: { sinceUs: SINCE } });
  expect(stands("disk full")).toMatchObject({ word: "NO PICTURE", message: { cause: null } });
});

describe("a camera that is away", () => {
  const away: CameraState = { ...LIVE, status: "REC", error: "wrong password: 401 Unauthorized" };

  it("is offline with the cause that the recorder gives", () => {
    for (const picture of [undefined, { kind: "connecting" }, { kind: "lost", cause: "", sinceUs: null }] as const)
      expect(tileState(seen(picture, { state: away }))).toMatchObject({
        word: "OFFLINE",
        look: "dark",
        message: { title: "Offline", cause: { text: "the camera refuses the password" } },
      });
  });

  it("has the cause that the live line gave, as long as the recorder has said nothing", () => {
    expect(tileState(seen({ kind: "lost", cause: "camera offline", sinceUs: SINCE }))).toMatchObject({
      word: "OFFLINE",
      message: { sinceUs: SINCE, cause: { text: "the camera does not answer" } },
    });
  });

  it("nor is the recorder said to be down, or a time guessed, where only the line is cut", () => {
    const cause = "the recorder does not answer";
    expect(tileState(seen({ kind: "lost", cause, sinceUs: SINCE })).message).toMatchObject({ cause: { text: cause } });
    const stillFailure: StillFailure = { noFootage: false, cause };
    const stills = tileState(seen({ kind: "unsupported", codec: "hvc1" }, { stillFailure }));
    expect(stills).toMatchObject({ word: "OFFLINE", message: { sinceUs: null, cause: { text: cause } } });
    const down = tileState(seen({ kind: "unsupported", codec: "hvc1" }, { stillFailure, recorderRunning: false }));
    expect(down.message).toMatchObject({ sinceUs: null, cause: { text: "the recorder is not running" } });
    const away = tileState(
      seen({ kind: "unsupported", codec: "hvc1" }, { stillFailure, state: { ...LIVE, error: "camera offline" } }),
    );
    expect(away.message).toMatchObject({ sinceUs: SINCE, cause: { text: "the camera does not answer" } });
  });

  it("is not blamed while the recorder does not run", () => {
    const lost = seen({ kind: "lost", cause: "camera offline", sinceUs: SINCE }, { recorderRunning: false });
    expect(tileState(lost).message?.cause?.text).toBe("the recorder is not running");
  });
});

it("connects before it says anything else", () => {
  expect(tileState(seen(undefined, { painted: false, state: undefined }))).toMatchObject({
    word: "CONNECTING",
    look: "clear",
  });
  expect(tileState(seen({ kind: "connecting" })).look).toBe("stale");
});

it("says how a disabled camera is switched on", () => {
  const disabled = tileState(seen({ kind: "playing" }, { camera: { channel: 3, enabled: false } }));
  expect(disabled.word).toBe("DISABLED");
  expect(disabled.message?.cause?.remedy).toContain("CHANNEL_3_ENABLED");
});

it("shows stills where the browser cannot play, live and recorded", () => {
  for (const live of [true, false]) {
    const shown = tileState(seen({ kind: "unsupported", codec: "hev1.1.6" }, { live }));
    expect(shown).toMatchObject({ stills: true, look: "clear", message: null });
    expect(shown.note).toContain("H.265");
  }
});

describe("stills in the place of live video", () => {
  const stills = (more: Partial<Seen>) => tileState(seen({ kind: "unsupported", codec: "hvc1" }, more));

  it("go on being asked for, whatever happens", () => {
    for (const more of [{}, { stillFailure: AWAY }, { stillAgeS: 60 }, { painted: false }])
      expect(stills(more).stills).toBe(true);
  });

  it("say first that they are not recorded, where that is so", () => {
    const full = stills({ state: { ...LIVE, status: "REC", error: "disk full" } });
    expect(full).toMatchObject({ word: "STILLS", recording: false });
    expect(full.note).toMatch(/^not recorded: the disk is full; this browser cannot play H\.265/);
  });

  it("are not live when none comes or they are old", () => {
    expect(stills({ stillFailure: AWAY })).toMatchObject({ word: "OFFLINE", look: "dark" });
    expect(stills({ stillAgeS: 13 })).toMatchObject({ word: "NO PICTURE", look: "stale" });
    expect(stills({ stillAgeS: 4.5, frameAgeS: 4.5 })).toMatchObject({ word: "NO PICTURE", look: "stale" });
    const away = stills({ stillAgeS: 4.5, frameAgeS: 4.5, state: { ...LIVE, status: "REC", error: "camera offline" } });
    expect(away).toMatchObject({ word: "OFFLINE", look: "dark" });
    expect(stills({ painted: false }).word).toBe("CONNECTING");
  });
});

describe("stills that the recorder cannot decode in time", () => {
  it("stay stills while frames come, and say that they are old", () => {
    for (const stillAgeS of [0.5, 3, 5, 8]) {
      const shown = tileState(
        seen({ kind: "unsupported", codec: "hvc1" }, { stillAgeS, frameAgeS: 2.7, stillsLag: true }),
      );
      expect(shown).toMatchObject({ word: "STILLS", look: "clear" });
      expect(shown.note).toBe("this browser cannot play H.265: stills are shown, some of them seconds old");
    }
  });

  it("are not live when the camera is silent", () => {
    const silent = seen({ kind: "unsupported", codec: "hvc1" }, { stillAgeS: 6, frameAgeS: 4.1, stillsLag: true });
    expect(tileState(silent)).toMatchObject({ word: "NO PICTURE", look: "stale" });
  });
});

it("is said to screen readers without times", () => {
  expect(spoken(tileState(seen({ kind: "playing" })))).toBe("live, recording");
  expect(spoken(tileState(seen({ kind: "lost", cause: "disk full", sinceUs: SINCE })))).toBe(
    "offline, the disk is full",
  );
});

describe("recorded", () => {
  const recorded = (picture: PictureState | undefined, more: Partial<Seen> = {}) =>
    tileState(seen(picture, { live: false, ...more }));

  it("plays also from cameras that are disabled or away now", () => {
    const camera = { channel: 3, enabled: false };
    expect(recorded({ kind: "playing" }, { camera })).toMatchObject({ word: "RECORDED", message: null });
  });

  it("says why there is no footage, and darkens the old picture", () => {
    expect(recorded({ kind: "noFootage", cause: "disk full", startUs: SINCE, endUs: null })).toMatchObject({
      word: "NO FOOTAGE",
      look: "dark",
      message: { cause: { text: "the disk is full" }, sinceUs: SINCE },
    });
  });

  it("shows stills where no video plays", () => {
    expect(recorded({ kind: "idle" }).stills).toBe(true);
    expect(recorded(undefined).stills).toBe(true);
    expect(recorded({ kind: "playing" }).stills).toBe(false);
  });

  it("says so where no still comes", () => {
    expect(recorded({ kind: "idle" }, { stillFailure: AWAY })).toMatchObject({
      word: "NO FOOTAGE",
      look: "dark",
      stills: true,
      message: { title: "No footage", cause: { text: "the camera does not answer" } },
    });
    const unknown = recorded({ kind: "idle" }, { stillFailure: { noFootage: true, cause: "" } });
    expect(unknown).toMatchObject({ word: "NO FOOTAGE", message: { title: "No footage", cause: null } });
    expect(recorded(undefined, { painted: false }).message?.title).toBe("Loading");
  });

  it("does not say that there is no footage where only the still did not come", () => {
    const stillFailure = { noFootage: false, cause: "the recorder is busy; try again" };
    expect(recorded({ kind: "idle" }, { stillFailure })).toMatchObject({
      word: "NO PICTURE",
      look: "dark",
      stills: true,
      message: { title: "No picture", cause: { text: "the recorder is busy; try again" } },
    });
  });

  it("keeps the old picture while the new one loads", () => {
    expect(recorded({ kind: "connecting" })).toMatchObject({ look: "clear", message: null });
    expect(recorded({ kind: "connecting" }, { painted: false }).message?.title).toBe("Loading");
  });
});

it("names codecs as people do", () => {
  expect(["hvc1.1", "hevc", "avc1.42C016", "vp9"].map(codecName)).toEqual(["H.265", "H.265", "H.264", "vp9"]);
});
