/** Where the ruler, the band of the selected camera and the rows of the others lie. Pure; CSS pixels from the top. */
import type { Channel } from "./channel";

export interface Row {
  readonly channel: Channel;
  readonly top: number;
  readonly height: number;
}

export interface Layout {
  /** The two lines of labels. */
  readonly ruler: { readonly height: number; readonly upperY: number; readonly lowerY: number };
  /** The selected camera; null when there is none. */
  readonly band: Row | null;
  readonly rows: readonly Row[];
  readonly height: number;
}

const RULER_PX = 36;
const BAND_PX = 56;
const SMALL_BAND_PX = 40;
const AROUND_PX = 8;
/** Height of a row and of the space below it, by how many there are at most. */
const PITCHES = [
  { rows: 4, height: 10, space: 4 },
  { rows: 9, height: 7, space: 3 },
  { rows: 16, height: 5, space: 2 },
  { rows: Infinity, height: 3, space: 1 },
] as const;

/** `small`: a phone's screen. */
export function layoutOf(channels: readonly Channel[], selected: Channel | null, small: boolean): Layout {
  const ruler = { height: RULER_PX, upperY: 9, lowerY: 26 };
  const height = small ? SMALL_BAND_PX : BAND_PX;
  const band = selected === null ? null : { channel: selected, top: RULER_PX + AROUND_PX / 2, height };
  const others = channels.filter((channel) => channel !== selected);
  const pitch = PITCHES.find((one) => others.length <= one.rows) ?? PITCHES[3];
  const first = band === null ? RULER_PX + AROUND_PX / 2 : band.top + band.height + AROUND_PX;
  const rows = others.map((channel, index) => ({
    channel,
    top: first + index * (pitch.height + pitch.space),
    height: pitch.height,
  }));
  const last = rows.at(-1) ?? band;
  return { ruler, band, rows, height: (last === null ? first : last.top + last.height) + AROUND_PX };
}
