/** The strips that are known, by camera and tile. The longest unused one leaves first. */
import type { Channel } from "../../state/types";
import type { Span } from "../../time/instant";
import { childrenOf, MAX_LEVEL, parentOf, type TileKey, tileSpan } from "./levels";
import type { Strip } from "./strip";

/** Strips kept; some 10 kB each. */
const KEPT = 2_000;
/** How many levels closer is looked for what is not known. */
const CLOSER = 2;

interface Known {
  readonly strip: Strip;
  /** Something in it changed: to be asked for again, and shown until then. */
  stale: boolean;
}

/** A strip, and the part of it to be shown. */
export interface Piece {
  readonly strip: Strip;
  readonly startUs: number;
  readonly endUs: number;
}

const nameOf = (channel: Channel, { level, index }: TileKey): string => `${channel}/${level}/${index}`;

export class StripCache {
  readonly #known = new Map<string, Known>();

  get(channel: Channel, tile: TileKey): Strip | null {
    return this.#known.get(nameOf(channel, tile))?.strip ?? null;
  }

  put(channel: Channel, tile: TileKey, strip: Strip, stale = false): void {
    const name = nameOf(channel, tile);
    this.#known.delete(name);
    this.#known.set(name, { strip, stale });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KEPT) break;
      this.#known.delete(oldest);
    }
  }

  /** It is not known, or was marked since. Being asked for counts as use. */
  lacks(channel: Channel, tile: TileKey): boolean {
    const name = nameOf(channel, tile);
    const known = this.#known.get(name);
    if (known === undefined) return true;
    this.#known.delete(name);
    this.#known.set(name, known);
    return known.stale;
  }

  /** Mark what is known of a camera, or of all: in some time only, or everything. */
  mark(channel: Channel | null, span: Span | null = null): void {
    for (const [name, known] of this.#known) {
      if (channel !== null && !name.startsWith(`${channel}/`)) continue;
      const { startUs, endUs } = known.strip.span;
      if (span === null || (startUs < span.endUs && span.startUs < endUs)) known.stale = true;
    }
  }

  /** What there is to show of a tile: itself, otherwise what is known of it more coarsely or more closely; empty when nothing is. */
  pieces(channel: Channel, tile: TileKey): Piece[] {
    const { startUs, endUs } = tileSpan(tile);
    const strip = this.get(channel, tile) ?? this.#coarser(channel, tile);
    return strip === null ? this.#closer(channel, tile, CLOSER) : [{ strip, startUs, endUs }];
  }

  #coarser(channel: Channel, tile: TileKey): Strip | null {
    for (let one = tile; one.level < MAX_LEVEL;) {
      one = parentOf(one);
      const strip = this.get(channel, one);
      if (strip !== null) return strip;
    }
    return null;
  }

  #closer(channel: Channel, tile: TileKey, depth: number): Piece[] {
    if (depth === 0 || tile.level === 0) return [];
    return childrenOf(tile).flatMap((child) => {
      const strip = this.get(channel, child);
      return strip === null ? this.#closer(channel, child, depth - 1) : [{ strip, ...tileSpan(child) }];
    });
  }
}
