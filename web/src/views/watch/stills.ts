/** Single pictures of a camera from the recorder, where video cannot be shown, and when to ask for the next one. */
import { request } from "../../api/client";
import { Problem } from "../../api/problem";
import type { Channel } from "../../state/types";
import { SPEEDS } from "../../state/watch";
import { fromMs, toMs, US_PER_MS, US_PER_S, type UtcUs } from "../../time/instant";
import type { StillFailure } from "./tileState";

export interface StillPicture {
  readonly jpeg: Blob;
  /** When it was taken. */
  readonly utcUs: UtcUs;
}

export interface FetchedStill extends StillPicture {
  /** Of the newest frame that the camera has sent, where the newest picture was asked for. */
  readonly newestUs: UtcUs | null;
}

/** The newest picture without `atUs`, in its full size without `width`. Raises `Problem`. */
export async function fetchStill(
  channel: Channel,
  atUs: UtcUs | null,
  width: number | null,
  signal?: AbortSignal,
): Promise<FetchedStill> {
  const query = { at: atUs === null ? null : toMs(atUs), width };
  const response = await request("GET", `/api/channel/${channel}/frame.jpg`, {
    query,
    ...(signal === undefined ? {} : { signal }),
  });
  const told = (header: string): UtcUs | null => {
    const ms = Date.parse(response.headers.get(header) ?? "");
    return Number.isNaN(ms) ? null : fromMs(ms);
  };
  const utcUs = told("X-Frame-Time") ?? atUs ?? fromMs(Date.now());
  return { jpeg: await response.blob(), utcUs, newestUs: told("X-Newest-Frame-Time") };
}

/** What a tile is to say of a still that did not come. The recorder's sentence on missing footage is for programs, and its time is UTC. */
export function failureOf(error: unknown): StillFailure {
  if (!(error instanceof Problem)) return { noFootage: false, cause: "the still does not come" };
  const noFootage = error.kind === "no-footage";
  const cause = error.fields["cause"];
  return { noFootage, cause: typeof cause === "string" ? cause : noFootage ? "" : error.text };
}

const WIDTHS = [320, 480, 640, 960, 1280, 1920] as const;

/** Few widths, so that the recorder's cache serves many tiles. */
export const stillWidth = (cssPx: number, density: number): number =>
  WIDTHS.find((width) => width >= cssPx * density * 0.9) ?? 1920;

const APART_MS = 1_000;
/** A playhead that went further than it can have played has jumped. */
const FASTEST = Math.max(...SPEEDS);
const JUMP_US = 2 * US_PER_S;

/** Asked a second apart; recorded ones also at once after a jump, and not while the playhead stands. */
export function isDue(asked: Asked | null, now: Asked): boolean {
  if (asked === null || (asked.atUs === null) !== (now.atUs === null)) return true;
  const passedMs = now.ms - asked.ms;
  if (now.atUs === null || asked.atUs === null) return passedMs >= APART_MS;
  const movedUs = Math.abs(now.atUs - asked.atUs);
  const playedUs = JUMP_US + passedMs * FASTEST * US_PER_MS;
  return movedUs > playedUs || (movedUs > 0 && passedMs >= APART_MS);
}

/** The last live stills, of a longer time than key frames are mostly apart: who lags does so in turns, up to each key frame. */
const REMEMBERED = 10;
const LAG_US = 2 * US_PER_S;

/** How far the camera was ahead of each of the last live stills. */
export type Lags = readonly number[];

export const withLag = (lags: Lags, { utcUs, newestUs }: FetchedStill): Lags =>
  newestUs === null ? [] : [...lags, newestUs - utcUs].slice(-REMEMBERED);

/** The recorder cannot decode all that comes, so some of the stills are seconds old. */
export const lag = (lags: Lags): boolean => lags.some((us) => us > LAG_US);

/** What was asked for and when, in milliseconds; atUs null: the newest. */
export interface Asked {
  readonly atUs: UtcUs | null;
  readonly ms: number;
}
