/**
 * Time cut into tiles: on level L a tile is 512 buckets of 2^L seconds, and is the two tiles of level L-1 under it. What is fetched is whole
 * tiles, so it can be kept and shown again. Pure.
 */
import { type Span, US_PER_S, utcUs } from "../../time/instant";

export const BUCKETS = 512;
/** Buckets of 3 days; the widest zoom shows two years. */
export const MAX_LEVEL = 18;

/** The tile `index` of a level; tile 0 begins in 1970. */
export interface TileKey {
  readonly level: number;
  readonly index: number;
}

/** Seconds a bucket. */
export const resolutionS = (level: number): number => 2 ** level;

export const tileUs = (level: number): number => BUCKETS * resolutionS(level) * US_PER_S;

export const tileSpan = ({ level, index }: TileKey): Span => ({
  startUs: utcUs(index * tileUs(level)),
  endUs: utcUs((index + 1) * tileUs(level)),
});

/** The coarsest level whose buckets are not wider than a pixel. */
export const levelFor = (usPerPx: number): number =>
  Math.min(Math.max(Math.floor(Math.log2(usPerPx / US_PER_S)), 0), MAX_LEVEL);

/** The tiles of a level that touch [startUs, endUs), in order. */
export function tilesOver(level: number, startUs: number, endUs: number): TileKey[] {
  const [first, last] = [Math.floor(startUs / tileUs(level)), Math.ceil(endUs / tileUs(level))];
  return Array.from({ length: Math.max(0, last - first) }, (_, step) => ({ level, index: first + step }));
}

export const parentOf = ({ level, index }: TileKey): TileKey => ({ level: level + 1, index: Math.floor(index / 2) });

export const childrenOf = ({ level, index }: TileKey): readonly [TileKey, TileKey] => [
  { level: level - 1, index: 2 * index },
  { level: level - 1, index: 2 * index + 1 },
];

/** Of tiles, the nearest to an instant first. */
export function nearestFirst(tiles: readonly TileKey[], atUs: number): TileKey[] {
  const away = (tile: TileKey): number => Math.abs((tile.index + 0.5) * tileUs(tile.level) - atUs);
  return [...tiles].sort((one, other) => away(one) - away(other));
}
