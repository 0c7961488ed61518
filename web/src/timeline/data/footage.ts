/**
 * What is recorded, and what is not and why, for the cameras and the time on screen: fetched in tiles, kept, and renewed when the recorder
 * says that something changed. What is known is there at once; `subscribe` tells when there is more.
 */
import { createSubscriber } from "svelte/reactivity";

import type { News } from "../../api/news";
import { Problem } from "../../api/problem";
import type { Channel } from "../../state/types";
import { plus, toMs, US_PER_S, utcUs, type Span, type UtcUs } from "../../time/instant";
import { StripCache, type Piece } from "./cache";
import { levelFor, nearestFirst, parentOf, resolutionS, type TileKey, tileSpan, tilesOver } from "./levels";
import { covers, type Gap, gapIn, type Strip, stripOf, type TimelineJson } from "./strip";

/** What is on screen. */
export interface Shown {
  readonly startUs: number;
  readonly endUs: number;
  readonly usPerPx: number;
  readonly channels: readonly Channel[];
}

export interface Question {
  readonly channels: readonly Channel[];
  readonly span: Span;
  readonly resolutionS: number;
}

export type Ask = (question: Question, signal: AbortSignal) => Promise<TimelineJson>;

interface Errand {
  readonly tile: TileKey;
  readonly channels: readonly Channel[];
  readonly abort: AbortController;
  /** Something changed since it was sent: its answer may be from before, and is asked for again. */
  outdated: boolean;
}

/** A tile, and whether it is on screen; the others are for the next movement, and need not grow. */
interface Wanted {
  readonly tile: TileKey;
  readonly seen: boolean;
}

const AT_ONCE = 3;
/** A growing end is asked for as often as this, and less often where it moves by less than half a pixel. */
const GROWING_US = 4 * US_PER_S;
const GROWING_AT_MOST_US = 60 * US_PER_S;
/** After a failure. */
const AGAIN_US = 5 * US_PER_S;

const nameOf = ({ level, index }: TileKey): string => `${level}/${index}`;

export class Footage {
  readonly #cache = new StripCache();
  readonly #errands = new Map<string, Errand>();
  #shown: Shown | null = null;
  #failedUs: UtcUs | null = null;
  /** The reason why nothing comes; null while things go well. */
  #problem: Problem | null = null;
  #changed: () => void = () => undefined;
  #revision = 0;
  /** Reading effects run again when more is known. */
  readonly subscribe: () => void;

  constructor(
    private readonly ask: Ask,
    private readonly nowUs: () => UtcUs,
  ) {
    this.subscribe = createSubscriber((update) => {
      this.#changed = update;
      return () => (this.#changed = () => undefined);
    });
  }

  /** Counts what came; the same number means the same answers. */
  get revision(): number {
    return this.#revision;
  }

  get problem(): Problem | null {
    this.subscribe();
    return this.#problem;
  }

  /** This is on screen now: fetch what is missing of it; what is under way for what no longer is on screen is broken off. */
  show(shown: Shown): void {
    this.#shown = shown;
    const wanted = this.#wanted(shown);
    const names = new Set(wanted.map(({ tile }) => nameOf(tile)));
    for (const [name, errand] of this.#errands) {
      if (names.has(name)) continue;
      errand.abort.abort();
      this.#errands.delete(name);
    }
    this.#send(wanted);
  }

  /** To be called each second or so: asks for growing ends, and again after a failure. */
  tick(): void {
    if (this.#shown !== null) this.show(this.#shown);
  }

  /** The strips of a camera that show a piece of time, in order; parts of which nothing is known are missing. */
  pieces(channel: Channel, startUs: number, endUs: number, usPerPx: number): Piece[] {
    return tilesOver(levelFor(usPerPx), startUs, endUs).flatMap((tile) => this.#cache.pieces(channel, tile));
  }

  /** The gap at an instant, as exactly as it is known. */
  gapAt(channel: Channel, at: UtcUs, usPerPx: number): Gap | null {
    const strip = this.#stripAt(channel, at, usPerPx);
    return strip === null ? null : gapIn(strip, at);
  }

  /** Whether there is footage at an instant; null when that is not known. */
  recordedAt(channel: Channel, at: UtcUs, usPerPx: number): boolean | null {
    const strip = this.#stripAt(channel, at, usPerPx);
    return strip === null ? null : covers(strip.spans, at);
  }

  heard(news: News): void {
    switch (news.event) {
      case "deleted":
        return this.#mark(news.channel);
      case "segmentOpened":
      case "segmentSealed": {
        const endUs = Math.max(news.startUtcUs + news.durationUs, this.nowUs());
        return this.#mark(news.channel, { startUs: utcUs(news.startUtcUs), endUs: utcUs(endUs) });
      }
      case "protected":
        return this.#mark(news.channel, { startUs: utcUs(news.startUtcUs), endUs: utcUs(news.endUtcUs) });
      case "gap": {
        const endUs = news.endUtcUs ?? this.nowUs();
        return this.#mark(news.channel, { startUs: utcUs(news.startUtcUs), endUs: utcUs(endUs + 1) });
      }
      case "lost":
      case "skipped":
        return this.#mark(null);
      default:
        return undefined;
    }
  }

  /** News may have been missed: ask for everything again. */
  opened(): void {
    this.#failedUs = null;
    this.#mark(null);
  }

  #mark(channel: Channel | null, span: Span | null = null): void {
    this.#cache.mark(channel, span);
    for (const errand of this.#errands.values()) {
      if (channel === null || errand.channels.includes(channel)) errand.outdated = true;
    }
    this.tick();
  }

  #stripAt(channel: Channel, at: UtcUs, usPerPx: number): Strip | null {
    const piece = this.pieces(channel, at, at + 1, usPerPx).find(({ startUs, endUs }) => startUs <= at && at < endUs);
    return piece?.strip ?? null;
  }

  /** The tiles on screen from its middle on; then their neighbours, and those of the next coarser level, for the next movement. */
  #wanted({ startUs, endUs, usPerPx }: Shown): Wanted[] {
    const level = levelFor(usPerPx);
    const middle = (startUs + endUs) / 2;
    const seen = tilesOver(level, startUs, endUs);
    const [first, last] = [seen[0], seen.at(-1)];
    if (first === undefined || last === undefined) return [];
    const beside = [{ level, index: first.index - 1 }, { level, index: last.index + 1 }]; // prettier-ignore
    const above = [...new Map(seen.map(parentOf).map((tile) => [nameOf(tile), tile])).values()];
    return [
      ...nearestFirst(seen, middle).map((tile) => ({ tile, seen: true })),
      ...[...nearestFirst(beside, middle), ...above].map((tile) => ({ tile, seen: false })),
    ].filter(({ tile }) => tileSpan(tile).startUs < this.nowUs());
  }

  #send(wanted: readonly Wanted[]): void {
    if (this.#failedUs !== null && this.nowUs() - this.#failedUs < AGAIN_US) return;
    for (const { tile, seen } of wanted) {
      if (this.#errands.size >= AT_ONCE) return;
      if (this.#errands.has(nameOf(tile))) continue;
      const channels = this.#due(this.#shown?.channels ?? [], tile, seen);
      if (channels.length > 0) void this.#run({ tile, channels, abort: new AbortController(), outdated: false });
    }
  }

  /** The cameras that a tile is to be asked for; who is soon due goes with who is due, so that there is one request for all. */
  #due(channels: readonly Channel[], tile: TileKey, seen: boolean): readonly Channel[] {
    const often = Math.min(Math.max(GROWING_US, (resolutionS(tile.level) * US_PER_S) / 2), GROWING_AT_MOST_US);
    const waits = new Map(channels.map((channel) => [channel, this.#waitUs(channel, tile, seen, often)]));
    if (![...waits.values()].some((wait) => wait <= 0)) return [];
    return channels.filter((channel) => (waits.get(channel) ?? 0) <= often / 2);
  }

  /** How long a strip is good as it is; 0: it is to be asked for now. */
  #waitUs(channel: Channel, tile: TileKey, seen: boolean, often: number): number {
    if (this.#cache.lacks(channel, tile)) return 0;
    const strip = this.#cache.get(channel, tile);
    const complete = strip === null || strip.askedUs >= strip.span.endUs;
    return complete || !seen ? Infinity : Math.max(0, strip.askedUs + often - this.nowUs());
  }

  async #run(errand: Errand): Promise<void> {
    const name = nameOf(errand.tile);
    this.#errands.set(name, errand);
    const askedUs = this.nowUs();
    try {
      const answer = await this.ask(this.#question(errand), errand.abort.signal);
      if (errand.abort.signal.aborted) return;
      this.#take(errand, answer, askedUs);
    } catch (error) {
      if (errand.abort.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      this.#failedUs = this.nowUs();
      this.#problem = error;
    } finally {
      if (this.#errands.get(name) === errand) this.#errands.delete(name);
    }
    this.#revision += 1;
    this.#changed();
    this.tick();
  }

  #question({ tile, channels }: Errand): Question {
    return { channels, span: tileSpan(tile), resolutionS: resolutionS(tile.level) };
  }

  #take({ tile, channels, outdated }: Errand, answer: TimelineJson, askedUs: UtcUs): void {
    this.#problem = null;
    this.#failedUs = null;
    const given = new Map(answer.channels.map((one) => [one.channel, one]));
    for (const channel of channels) {
      const json = given.get(channel);
      if (json !== undefined) this.#cache.put(channel, tile, stripOf(json, tileSpan(tile), askedUs), outdated);
    }
  }
}

/** The query of a question. The range ends just after now at most: what is to come is not asked for. */
export function queryOf(
  { channels, span, resolutionS: seconds }: Question,
  nowUs: UtcUs,
): Readonly<Record<string, string | number>> {
  const end = Math.min(span.endUs, plus(nowUs, US_PER_S));
  return {
    start: Math.max(0, toMs(span.startUs)),
    end: Math.max(toMs(utcUs(end)), toMs(span.startUs) + 1),
    channels: channels.join(","),
    resolution: seconds,
  };
}
