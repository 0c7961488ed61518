/** Media time <-> wall time of a playlist: its parts follow one another on the media's time line, on the wall there may be gaps. Pure. */
import { plus, US_PER_S, utcUs, type Span, type UtcUs } from "../time/instant";

/** One fragment of a playlist: from a key frame on. */
export interface MapPart {
  readonly startS: number;
  readonly durationS: number;
  readonly startUs: UtcUs;
}

/** Time without footage. */
export interface Gap {
  readonly cause: string;
  readonly startUs: UtcUs | null;
  readonly endUs: UtcUs | null;
}

/** In order of time; both time lines grow. */
export type FootageMap = readonly MapPart[];

/** Less than this between two files is no gap that a person would notice. */
export const NO_GAP_US = 1_500_000;

export const partEndUs = (part: MapPart): UtcUs => plus(part.startUs, part.durationS * US_PER_S);

/** Index of the last part for which `before` holds; -1 when there is none. `before` is true for a first stretch of the map only. */
function lastWhere(map: FootageMap, before: (part: MapPart) => boolean): number {
  let low = 0;
  let high = map.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const part = map[middle];
    if (part !== undefined && before(part)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The wall instant of a media time; null when nothing is listed. Behind the last part, time goes on. */
export function toUtcUs(map: FootageMap, mediaS: number): UtcUs | null {
  const part =
    map[
      Math.max(
        0,
        lastWhere(map, (one) => one.startS <= mediaS + 1e-4),
      )
    ];
  return part === undefined ? null : utcUs(part.startUs + (mediaS - part.startS) * US_PER_S);
}

/** Where an instant lies: in footage at a media time, or in a gap; `nextS` is where footage goes on after it. */
export type Place =
  | { readonly kind: "footage"; readonly mediaS: number }
  | { readonly kind: "gap"; readonly startUs: UtcUs | null; readonly endUs: UtcUs; readonly nextS: number }
  | { readonly kind: "behind"; readonly endUs: UtcUs; readonly lastS: number }
  | { readonly kind: "nothing" };

export function placeOf(map: FootageMap, atUs: UtcUs): Place {
  const index = lastWhere(map, (part) => part.startUs <= atUs);
  const here = map[index];
  const next = map[index + 1];
  if (
    here !== undefined &&
    (atUs < partEndUs(here) || (next !== undefined && next.startUs - partEndUs(here) < NO_GAP_US))
  ) {
    const into = Math.min((atUs - here.startUs) / US_PER_S, Math.max(0, here.durationS - 0.001));
    return { kind: "footage", mediaS: here.startS + into };
  }
  if (next !== undefined)
    return {
      kind: "gap",
      startUs: here === undefined ? null : partEndUs(here),
      endUs: next.startUs,
      nextS: next.startS,
    };
  if (here === undefined) return { kind: "nothing" };
  return { kind: "behind", endUs: partEndUs(here), lastS: here.startS + here.durationS };
}

/** The gap that lies between two frames which were painted one after the other; null when there is none. */
export function gapBetween(map: FootageMap, fromUs: UtcUs, toUs: UtcUs): Span | null {
  if (toUs - fromUs < NO_GAP_US) return null;
  const index = lastWhere(map, (part) => part.startUs <= toUs);
  for (let later = index; later > 0; later -= 1) {
    const [part, before] = [map[later], map[later - 1]];
    if (part === undefined || before === undefined || part.startUs < fromUs) return null;
    if (part.startUs - partEndUs(before) >= NO_GAP_US) return { startUs: partEndUs(before), endUs: part.startUs };
  }
  return null;
}

/** From where to where something is listed; null when nothing is. */
export function extent(map: FootageMap): Span | null {
  const [first, last] = [map[0], map.at(-1)];
  return first === undefined || last === undefined ? null : { startUs: first.startUs, endUs: partEndUs(last) };
}
