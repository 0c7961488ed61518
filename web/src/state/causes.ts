/** Why there is no picture or no footage, in words for people: the recorder's causes (`GapCause`), each with what one can do. Pure. */

export interface Cause {
  readonly text: string;
  /** What a person can do; empty where nothing helps or all goes by itself. */
  readonly remedy: string;
}

const CAUSES: Readonly<Record<string, Cause>> = {
  "camera offline": { text: "the camera does not answer", remedy: "look at its power and its cable" },
  "wrong password": {
    text: "the camera refuses the password",
    remedy: "correct the camera's user and password in the settings",
  },
  "no such stream": {
    text: "the camera has no such stream",
    remedy: "correct the stream's address in the settings",
  },
  "camera error": { text: "the camera answers with an error", remedy: "restart the camera if this lasts" },
  "no key frame": {
    text: "the camera sends no key frames",
    remedy: "set its key frame interval to one or two seconds",
  },
  "stream stalled": { text: "the camera stopped sending", remedy: "" },
  "unsupported codec": {
    text: "the camera's codec cannot be recorded",
    remedy: "set the camera to H.264 or H.265",
  },
  "disk full": { text: "the disk is full", remedy: "delete footage, or set a limit for it" },
  "disk stalled": { text: "the disk does not answer", remedy: "look at the disk and at the recorder's log" },
  "disk error": { text: "the disk reports errors", remedy: "look at the disk and at the recorder's log" },
  "recording folder missing": { text: "the folder for recordings is missing", remedy: "mount its disk" },
  "recorder down": { text: "the recorder was not running", remedy: "" },
  "the recorder does not answer": {
    text: "the recorder does not answer",
    remedy: "look at its power and the network; this page tries again by itself",
  },
  "the recorder does not run": {
    text: "the recorder is not running",
    remedy: "it starts again by itself; if not, start it with mini-nvr run",
  },
  disabled: { text: "the camera was switched off in the settings", remedy: "" },
  "deleted by retention": { text: "deleted to make room for newer footage", remedy: "" },
  several: { text: "for several reasons", remedy: "zoom in to see each" },
  unknown: { text: "nobody knows why", remedy: "" },
};

/** The words for a cause as the recorder spells it, which may have a detail behind a colon; other texts are taken as they are. */
export function causeOf(told: string): Cause {
  const name = told.split(":", 1)[0]?.trim() ?? "";
  return CAUSES[name] ?? { text: told, remedy: "" };
}

/** Footage cannot be written; pictures come all the same. */
export const isOfDisk = (told: string): boolean => /^(disk |recording folder )/.test(told);

/** In one line: `the disk is full: delete footage, or set a limit for it`. */
export const causeText = ({ text, remedy }: Cause): string => (remedy === "" ? text : `${text}: ${remedy}`);
