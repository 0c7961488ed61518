/** What a tile says of its picture: a word, the look of the picture, and a message where something is wrong. Pure; never guesses. */
import { causeOf, isOfDisk, type Cause } from "../../state/causes";
import type { Camera, CameraState, PictureState } from "../../state/types";
import type { UtcUs } from "../../time/instant";

export type Word =
  "LIVE" | "RECORDED" | "CONNECTING" | "NO PICTURE" | "OFFLINE" | "DISABLED" | "NO FOOTAGE" | "STILLS" | "FAILED";

/** clear: as it is. stale: without colour. dark: what it shows is not what is asked for. */
export type Look = "clear" | "stale" | "dark";

/** In the middle of the picture. `sinceUs` goes behind the title, and `untilUs` behind that. */
export interface Message {
  readonly title: string;
  readonly sinceUs: UtcUs | null;
  readonly untilUs: UtcUs | null;
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

/** What covers the picture while the playhead is dragged: a still of its time, one of another time, or one although there is a gap. */
export type Cover = "there" | "elsewhere" | "gap";

export interface Seen {
  readonly camera: Pick<Camera, "channel" | "enabled">;
  readonly state: CameraState | undefined;
  readonly picture: PictureState | undefined;
  /** A picture was shown since the tile is there. */
  readonly painted: boolean;
  readonly live: boolean;
  /** null: the picture is not covered. */
  readonly cover: Cover | null;
  readonly recorderRunning: boolean;
  /** No still came, where stills take the place of video. */
  readonly stillFailure: StillFailure | null;
  /** Of the picture that is shown, in seconds. */
  readonly stillAgeS: number;
  /** Of the camera's newest frame as the last live still told it, in seconds; null: it told nothing. */
  readonly frameAgeS: number | null;
  /** Some of the live stills are seconds old, as the recorder cannot decode all that comes. */
  readonly stillsLag: boolean;
}

/** Why no still came. */
export interface StillFailure {
  /** Nothing was recorded then; otherwise there may be a picture, which did not come. */
  readonly noFootage: boolean;
  /** As the recorder spells it; empty: nobody said. */
  readonly cause: string;
}

/** What a live still tells of the camera. */
export interface Frames {
  /** When its newest frame was taken. */
  readonly newestUs: UtcUs;
  /** The stills are behind it now and then. */
  readonly lag: boolean;
}

/** Two seconds without a frame, one up to the next still, and one for its way, its decoding and those with whom it is shared. */
const FRAME_MAX_AGE_S = 4;
/** Where frames come and stills lag behind them, a note says so; a live one older than this is no live picture any more. */
const STILL_MAX_AGE_S = 12;

const RECORDER_DOWN = "the recorder does not run";

const state = (word: Word, look: Look, more: Partial<TileState> = {}): TileState => ({
  word,
  look,
  message: null,
  note: null,
  recording: false,
  stills: false,
  ...more,
});

const message = (
  title: string,
  sinceUs: UtcUs | null,
  cause: Cause | null,
  untilUs: UtcUs | null = null,
): { message: Message } => ({ message: { title, sinceUs, untilUs, cause } });

/** What to say of a tile. */
export function tileState(seen: Seen): TileState {
  // let go at now, what is waited for is the live picture
  const connects = seen.live && seen.picture?.kind === "connecting";
  if (seen.cover !== null && !connects) return coveredState(seen, seen.cover);
  return seen.live ? liveState(seen) : recordedState(seen);
}

/** What the picture below does is of no matter; it is never live. */
function coveredState(seen: Seen, cover: Cover): TileState {
  const { stills, note } = recordedState(seen);
  if (cover === "gap") return state("NO FOOTAGE", "dark", { ...message("No footage", null, null), stills });
  const there = cover === "there";
  return state(there ? "RECORDED" : "NO PICTURE", there ? "clear" : "dark", { stills, note });
}

function liveState(seen: Seen): TileState {
  const { camera, picture } = seen;
  if (!camera.enabled) return disabled(camera.channel);
  switch (picture?.kind) {
    case "playing":
    case "paused":
      return { ...shown(seen), word: "LIVE" };
    case "unsupported":
      return { ...liveStills(seen, picture.codec), stills: true };
    case "stalled":
      return noFrames(seen, picture.sinceUs);
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

function liveStills(seen: Seen, codec: string): TileState {
  const { stillFailure, stillAgeS, frameAgeS, stillsLag, painted } = seen;
  if (stillFailure !== null) return offline(sinceTold(seen), whyLost(seen, stillFailure.cause));
  if (!painted) return state("CONNECTING", "clear", message("Connecting", null, null));
  if (stillAgeS > STILL_MAX_AGE_S || (frameAgeS ?? 0) > FRAME_MAX_AGE_S) return noFrames(seen, null);
  const asVideo = shown(seen);
  const note = [asVideo.note, stillsNote(codec, stillsLag)].filter((text) => text !== null).join("; ");
  return { ...asVideo, word: "STILLS", note };
}

/** Nothing is known of the picture yet; the recorder may know why. */
function waiting(seen: Seen): TileState {
  const cause = why(seen);
  if (cause !== null) return offline(sinceTold(seen), cause);
  return state("CONNECTING", seen.painted ? "stale" : "clear", message("Connecting", null, null));
}

const offline = (sinceUs: UtcUs | null, cause: Cause | null): TileState =>
  state("OFFLINE", "dark", message("Offline", sinceUs, cause));

/** Frames came and come no more; as soon as the recorder knows why, that is said. */
function noFrames(seen: Seen, sinceUs: UtcUs | null): TileState {
  const cause = why(seen);
  return cause === null
    ? state("NO PICTURE", "stale", message("No picture", sinceUs, null))
    : offline(sinceUs ?? sinceTold(seen), cause);
}

/** Since when no frames come, as the recorder told it; the state of a camera that sends began when it came. */
const sinceTold = (seen: Seen): UtcUs | null =>
  seen.recorderRunning && why(seen) !== null ? (seen.state?.sinceUs ?? null) : null;

/** Why no frames come, as the recorder says it; a disk that is full is no reason for that. */
function why({ recorderRunning, state: camera }: Seen): Cause | null {
  if (!recorderRunning) return causeOf(RECORDER_DOWN);
  return camera?.error && !isOfDisk(camera.error) ? causeOf(camera.error) : null;
}

/** The recorder's word comes first: a line that broke says less than a camera that is away. */
const whyLost = (seen: Seen, cause: string): Cause | null => why(seen) ?? told(cause);

const told = (cause: string): Cause | null => (cause === "" ? null : causeOf(cause));

function disabled(channel: number): TileState {
  const cause = { text: "switched off in the settings", remedy: `CHANNEL_${channel}_ENABLED=on switches it on` };
  return state("DISABLED", "dark", message("Disabled", null, cause));
}

const failed = (detail: string): TileState =>
  state("FAILED", "dark", message("This browser cannot show it", null, { text: detail, remedy: "" }));

const stillsNote = (codec: string, lag = false): string =>
  `this browser cannot play ${codecName(codec)}: ${lag ? "stills are shown, some of them seconds old" : "a still is shown each second"}`;

function recordedState(seen: Seen): TileState {
  const { picture } = seen;
  switch (picture?.kind) {
    case "playing":
    case "paused":
      return state("RECORDED", "clear");
    case "unsupported":
      return { ...recordedStills(seen), note: stillsNote(picture.codec) };
    case "stalled":
      return state("RECORDED", "stale", message("Waiting for footage", null, null));
    case "lost":
      return state("NO PICTURE", "dark", message("No picture", null, whyLost(seen, picture.cause)));
    case "noFootage":
      return state("NO FOOTAGE", "dark", message("No footage", picture.startUs, causeOf(picture.cause), picture.endUs));
    case "failed":
      return failed(picture.detail);
    case "connecting":
      return state("RECORDED", "clear", seen.painted ? {} : message("Loading", null, null));
    default: // idle: the stage plays others; this one shows stills at the playhead
      return recordedStills(seen);
  }
}

function recordedStills({ stillFailure, painted }: Seen): TileState {
  if (stillFailure !== null) {
    const [word, title] = stillFailure.noFootage
      ? (["NO FOOTAGE", "No footage"] as const)
      : (["NO PICTURE", "No picture"] as const);
    return state(word, "dark", { ...message(title, null, told(stillFailure.cause)), stills: true });
  }
  return state("RECORDED", "clear", { stills: true, ...(painted ? {} : message("Loading", null, null)) });
}

/** There will be no picture; the tile says why. */
export const isOver = (picture: PictureState | undefined): boolean =>
  picture?.kind === "noFootage" || picture?.kind === "lost" || picture?.kind === "failed";

/** For screen readers: the state in a sentence, without times, which change too often. */
export function spoken({ word, message: text, note, recording }: TileState): string {
  const parts = [word.toLowerCase(), recording ? "recording" : "", text?.cause?.text ?? "", note ?? ""];
  return parts.filter((part) => part !== "").join(", ");
}

/** `hvc1.1.6.L93.B0`, `h265` -> `H.265`. */
export function codecName(codec: string): string {
  if (/^(hvc1|hev1|hevc|h265)/i.test(codec)) return "H.265";
  if (/^(avc[13]|h264)/i.test(codec)) return "H.264";
  return codec;
}
