/**
 * Stills of the past, for the hover preview and for tiles while the playhead is dragged: what is known is shown at once, what is
 * wanted is fetched one at a time for each camera, the newest wish first.
 *
 * A request is never broken off for a newer wish: a hand that keeps moving would then see nothing. Wishes in between are forgotten.
 */
import { createSubscriber } from "svelte/reactivity";

import { request } from "../api/client";
import { Problem } from "../api/problem";
import { clock } from "../state/clock.svelte";
import type { Channel } from "../state/types";
import { plus, toMs, US_PER_S, utcUs, type UtcUs } from "../time/instant";
import { bucketOf, StillShelf } from "./still-shelf";

/** A picture. `utcUs` is when it was taken, which is at or before the instant that was asked for. */
export interface Still {
  /** Of an image; good until the next call of `nearest`. */
  readonly url: string;
  readonly utcUs: UtcUs;
}

/** A picture as the recorder gives it. */
export interface Fetched {
  readonly picture: Blob;
  readonly utcUs: UtcUs;
}

export type FetchStill = (channel: Channel, at: UtcUs, width: number) => Promise<Fetched>;

interface Wish {
  readonly at: UtcUs;
  readonly width: number;
}

/** Widths are rounded up to one of these, so that pictures are shared. */
const WIDTHS = [160, 320, 640, 1280] as const;
/** The recorder may answer otherwise for instants later than this before now. */
const SETTLED_US = 120 * US_PER_S;
/** What is known of how long a still takes before one came, and how much a new one changes that. */
const FIRST_TAKES_MS = 50;
const LEARNS = 0.25;
/** Until a still that came is seen. */
const SHOWN_AFTER_MS = 25;
const MOST_AHEAD_MS = 300;
/** How long nothing is asked again where there was no picture. */
const REFUSED_FOR_US = 5 * US_PER_S;

export const widthFor = (width: number): number =>
  WIDTHS.find((one) => one >= width) ?? WIDTHS[WIDTHS.length - 1] ?? width;

async function fetchStill(channel: Channel, at: UtcUs, width: number): Promise<Fetched> {
  const response = await request("GET", `/api/channel/${channel}/frame.jpg`, { query: { at: toMs(at), width } });
  const taken = Date.parse(response.headers.get("X-Frame-Time") ?? "");
  return { picture: await response.blob(), utcUs: Number.isNaN(taken) ? at : utcUs(taken * 1_000) };
}

export class Stills {
  readonly #shelves = new Map<Channel, StillShelf>();
  readonly #wishes = new Map<Channel, Wish>();
  readonly #busy = new Set<Channel>();
  /** By channel and instant: when there was no picture. */
  readonly #refused = new Map<string, UtcUs>();
  readonly #subscribe: () => void;
  #changed: () => void = () => undefined;
  #takesMs = FIRST_TAKES_MS;

  constructor(
    private readonly fetch: FetchStill = fetchStill,
    private readonly nowUs: () => UtcUs = () => clock.nowUs(),
  ) {
    this.#subscribe = createSubscriber((update) => {
      this.#changed = update;
      return () => (this.#changed = () => undefined);
    });
  }

  /** The known still that was taken closest to an instant, of any width; reactive. Its `utcUs` says how close. */
  nearest(channel: Channel, at: UtcUs, width: number): Still | null {
    this.#subscribe();
    return this.#shelves.get(channel)?.nearest(at, widthFor(width)) ?? null;
  }

  /**
   * How far ahead to ask where the wish moves on: between the moment when a still that is asked for now is seen and the one when the next
   * one takes its place.
   */
  get aheadMs(): number {
    return Math.min(1.5 * this.#takesMs + SHOWN_AFTER_MS, MOST_AHEAD_MS);
  }

  /** Fetch the still of an instant unless it is known; a newer wish takes the place of an older one that still waits. */
  want(channel: Channel, at: UtcUs, width: number): void {
    this.#wishes.set(channel, { at, width: widthFor(width) });
    if (!this.#busy.has(channel)) void this.#serve(channel);
  }

  /** Footage was deleted: forget its pictures. */
  forget(channel: Channel): void {
    this.#shelves.get(channel)?.clear();
    this.#shelves.delete(channel);
    this.#changed();
  }

  async #serve(channel: Channel): Promise<void> {
    this.#busy.add(channel);
    try {
      for (let wish = this.#next(channel); wish !== null; wish = this.#next(channel)) await this.#grant(channel, wish);
    } finally {
      this.#busy.delete(channel);
    }
  }

  /** The wish to fetch now, if it is not known or refused. */
  #next(channel: Channel): Wish | null {
    const wish = this.#wishes.get(channel);
    this.#wishes.delete(channel);
    if (wish === undefined || this.#shelf(channel).has(wish.at, wish.width)) return null;
    const refused = this.#refused.get(`${channel} ${bucketOf(wish.at)}`);
    return refused !== undefined && this.nowUs() - refused < REFUSED_FOR_US ? null : wish;
  }

  async #grant(channel: Channel, wish: Wish): Promise<void> {
    const askedMs = performance.now();
    try {
      const { picture, utcUs: taken } = await this.fetch(channel, wish.at, wish.width);
      this.#takesMs += (performance.now() - askedMs - this.#takesMs) * LEARNS;
      const settled = this.nowUs() - wish.at > SETTLED_US;
      const until = settled ? wish.at : utcUs(Math.min(wish.at, plus(taken, US_PER_S)));
      this.#shelf(channel).put(taken, until, wish.width, picture);
    } catch (error) {
      // no footage there, or the recorder is away: the timeline and the tiles say so; here there is only no picture
      if (!(error instanceof Problem)) throw error;
      if (this.#refused.size > 500) this.#refused.clear();
      this.#refused.set(`${channel} ${bucketOf(wish.at)}`, this.nowUs());
    }
    this.#changed();
  }

  #shelf(channel: Channel): StillShelf {
    let shelf = this.#shelves.get(channel);
    if (shelf === undefined) {
      shelf = new StillShelf();
      this.#shelves.set(channel, shelf);
    }
    return shelf;
  }
}

export const stills = new Stills();
