/** What a tile says of its picture: a word, the look of the picture, and a message where something is wrong. Pure; never guesses. */
import { causeOf, type Cause } from "../../state/causes";
import type { Camera, CameraState, PictureState } from "../../state/types";
import type { UtcUs } from "../../time/instant";

export type Word =
  "LIVE" | "RECORDED" | "CONNECTING" | "NO PICTURE" | "OFFLINE" | "DISABLED" | "NO FOOTAGE" | "STILLS" | "FAILED";

/** clear: as it is. stale: without colour. dark: what it shows is not what is asked for. */
export type Look = "clear" | "stale" | "dark";

/** In the middle of the picture. `sinceUs` goes behind the title. */
export interface Message {
  readonly title: string;
  readonly sinceUs: UtcUs | null;
  readonly cause: Cause | null;
}

export interface TileState {
  readonly word: Word;
  readonly look: Look;
  readonly message: Message | null;
  /** Something that is wrong although there is a picture, such as that it is not recorded; or how it is shown. */
  readonly note: string | null;
  /** Frames arrive and are recorded. */
  readonly recording: boolean;
  /** Stills take the place of video. */
  readonly stills: boolean;
}

export interface Seen {
  readonly camera: Pick<Camera, "channel" | "enabled">;
  readonly state: CameraState | undefined;
  readonly picture: PictureState | undefined;
  /** A picture was shown since the tile is there. */
  readonly painted: boolean;
  readonly live: boolean;
  readonly recorderRunning: boolean;
}

const RECORDER_DOWN = "the recorder does not answer";

const state = (word: Word, look: Look, more: Partial<TileState> = {}): TileState => ({
  word,
  look,
  message: null,
  note: null,
  recording: false,
  stills: false,
  ...more,
});

const message = (title: string, sinceUs: UtcUs | null, cause: Cause | null): { message: Message } => ({
  message: { title, sinceUs, cause },
});

/** What to say of a tile. */
export function tileState(seen: Seen): TileState {
  return seen.live ? liveState(seen) : recordedState(seen);
}

function liveState(seen: Seen): TileState {
  const { camera, picture } = seen;
  if (!camera.enabled) return disabled(camera.channel);
  switch (picture?.kind) {
    case "playing":
    case "paused":
      return { ...shown(seen), word: "LIVE" };
    case "unsupported":
      return { ...shown(seen), word: "STILLS", stills: true, note: stillsNote(picture.codec) };
    case "stalled":
      return state("NO PICTURE", "stale", message("No picture", picture.sinceUs, why(seen)));
    case "lost":
      return offline(picture.sinceUs, whyLost(seen, picture.cause));
    case "failed":
      return failed(picture.detail);
    default:
      return waiting(seen);
  }
}

/** There is a picture; whether it is recorded is another matter. */
function shown(seen: Seen): TileState {
  const error = seen.recorderRunning ? (seen.state?.error ?? null) : null;
  const note = error === null ? null : `not recorded: ${causeOf(error).text}`;
  return state("LIVE", "clear", { recording: seen.state?.status === "LIVE" && error === null, note });
}

/** Nothing is known of the picture yet; the recorder may know why. */
function waiting(seen: Seen): TileState {
  const cause = why(seen);
  if (cause !== null) return offline(seen.state?.sinceUs ?? null, cause);
  return state("CONNECTING", seen.painted ? "stale" : "clear", message("Connecting", null, null));
}

const offline = (sinceUs: UtcUs | null, cause: Cause | null): TileState =>
  state("OFFLINE", "dark", message("Offline", sinceUs, cause));

/** Why no frames come, as the recorder says it. */
function why({ recorderRunning, state: told }: Seen): Cause | null {
  if (!recorderRunning) return causeOf(RECORDER_DOWN);
  return told?.error ? causeOf(told.error) : null;
}

/** The recorder's word comes first: a line that broke says less than a camera that is away. */
const whyLost = (seen: Seen, cause: string): Cause | null => why(seen) ?? (cause === "" ? null : causeOf(cause));

function disabled(channel: number): TileState {
  const cause = { text: "switched off in the settings", remedy: `CHANNEL_${channel}_ENABLED=on switches it on` };
  return state("DISABLED", "dark", message("Disabled", null, cause));
}

const failed = (detail: string): TileState =>
  state("FAILED", "dark", message("This browser cannot show it", null, { text: detail, remedy: "" }));

const stillsNote = (codec: string): string =>
  `this browser cannot play ${codecName(codec)}: a still is shown each second`;

function recordedState(seen: Seen): TileState {
  const { picture } = seen;
  switch (picture?.kind) {
    case "playing":
    case "paused":
      return state("RECORDED", "clear");
    case "unsupported":
      return state("RECORDED", "clear", { stills: true, note: stillsNote(picture.codec) });
    case "stalled":
      return state("RECORDED", "stale", message("Waiting for footage", null, null));
    case "lost":
      return state("NO PICTURE", "dark", message("No picture", null, whyLost(seen, picture.cause)));
    case "noFootage":
      return state("NO FOOTAGE", "dark", message("No footage", picture.startUs, causeOf(picture.cause)));
    case "failed":
      return failed(picture.detail);
    case "connecting":
      return state("RECORDED", "clear", seen.painted ? {} : message("Loading", null, null));
    default: // idle: the stage plays others; this one shows stills at the playhead
      return state("RECORDED", "clear", { stills: true });
  }
}

/** `hvc1.1.6.L93.B0`, `h265` -> `H.265`. */
export function codecName(codec: string): string {
  if (/^(hvc1|hev1|hevc|h265)/i.test(codec)) return "H.265";
  if (/^(avc[13]|h264)/i.test(codec)) return "H.264";
  return codec;
}
