/** The stills of one camera that are known: by when they were taken, the longest unused one leaves first. */
import { US_PER_S, type UtcUs } from "../time/instant";

/** Stills that are kept for a camera; some 15 kB each at 320 pixels. */
const KEPT = 150;
/** Instants this close share a refusal. */
const BUCKET_US = US_PER_S;

export const bucketOf = (at: UtcUs): number => Math.floor(at / BUCKET_US);

interface Entry {
  /** When the picture was taken, and the last instant for which it is known to be the newest key frame. */
  readonly takenUs: UtcUs;
  untilUs: UtcUs;
  readonly width: number;
  readonly url: string;
}

/** How far an instant is from those that a picture stands for. */
function distance(entry: Entry, at: UtcUs): number {
  if (at < entry.takenUs) return entry.takenUs - at;
  return Math.max(0, at - entry.untilUs);
}

export class StillShelf {
  /** In the order of their last use. */
  #entries: Entry[] = [];

  /** The picture of this very instant is known, in this width or a larger one. */
  has(at: UtcUs, width: number): boolean {
    return this.#entries.some((entry) => entry.width >= width && entry.takenUs <= at && at <= entry.untilUs);
  }

  put(takenUs: UtcUs, untilUs: UtcUs, width: number, picture: Blob): void {
    const same = this.#entries.find((entry) => entry.takenUs === takenUs && entry.width === width);
    if (same !== undefined) {
      same.untilUs = Math.max(same.untilUs, untilUs) as UtcUs;
      return;
    }
    this.#entries.push({ takenUs, untilUs, width, url: URL.createObjectURL(picture) });
    while (this.#entries.length > KEPT) this.#leave(this.#entries.shift());
  }

  /** The closest one; of equally close ones the one whose width fits best. */
  nearest(at: UtcUs, width: number): { readonly url: string; readonly utcUs: UtcUs } | null {
    let best: Entry | null = null;
    for (const entry of this.#entries) if (best === null || isBetter(entry, best, at, width)) best = entry;
    if (best === null) return null;
    this.#entries.splice(this.#entries.indexOf(best), 1);
    this.#entries.push(best);
    return { url: best.url, utcUs: best.takenUs };
  }

  clear(): void {
    for (const entry of this.#entries) this.#leave(entry);
    this.#entries = [];
  }

  #leave(entry: Entry | undefined): void {
    if (entry !== undefined) URL.revokeObjectURL(entry.url);
  }
}

function isBetter(one: Entry, other: Entry, at: UtcUs, width: number): boolean {
  const [near, far] = [distance(one, at), distance(other, at)];
  if (near !== far) return near < far;
  return one.width >= width ? other.width < width || one.width < other.width : one.width > other.width;
}
