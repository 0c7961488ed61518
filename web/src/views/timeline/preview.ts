/** What the preview over the timeline says. Pure. */
import { causeOf, causeText, type Cause } from "../../state/causes";
import { formatDuration } from "../../time/format";
import { US_PER_S, utcUs, type UtcUs } from "../../time/instant";
import type { Gap } from "../../timeline/data/strip";

/** Most cameras send a key frame each second or two; a picture this far from the pointer is of another moment. */
const CLOSE_US = 10 * US_PER_S;

/** Why nothing is recorded. */
export const gapCause = ({ cause, detail }: Gap): Cause => causeOf(detail === "" ? cause : `${cause}: ${detail}`);

/** The same in words, and for how long. */
export function gapWords(gap: Gap): string {
  const why = causeText(gapCause(gap));
  if (gap.count > 1) return `${gap.count} gaps, ${formatDuration(gap.missingUs)} in all: ${why}`;
  return `No footage for ${formatDuration(gap.missingUs)}: ${why}`;
}

/** A picture that stands for the instant under the pointer. */
export const isClose = (takenUs: UtcUs, at: UtcUs, usPerPx: number): boolean =>
  Math.abs(at - takenUs) <= Math.max(CLOSE_US, 2 * usPerPx);

/** An instant that neighbouring pixels share, so that their pictures are shared; never out of the footage. */
export function snapAt(at: UtcUs, usPerPx: number, isRecorded: (at: UtcUs) => boolean): UtcUs {
  const step = Math.max(US_PER_S, 2 ** Math.ceil(Math.log2(usPerPx)));
  const snapped = utcUs(Math.floor(at / step) * step);
  return isRecorded(snapped) ? snapped : at;
}
