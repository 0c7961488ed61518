/** The days on which a camera has footage, kept true by news. */
import { listen, type News } from "../../api/news";
import { Problem } from "../../api/problem";
import { daysWithFootage } from "../../api/recordings";
import type { Channel } from "../../state/types";
import { utcUs } from "../../time/instant";
import { isoDay } from "../../time/format";
import type { Day } from "./calendar";

const SETTLE_MS = 1_000;

export class Days {
  /** Newest first; null: not known yet. */
  list = $state.raw<readonly Day[] | null>(null);
  problem = $state.raw<Problem | null>(null);

  readonly #channel: Channel;
  readonly #zone: string;
  readonly #cancel = new AbortController();
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(channel: Channel, zone: string) {
    this.#channel = channel;
    this.#zone = zone;
  }

  /** Load and follow; the returned function ends it. */
  open(): () => void {
    void this.#load();
    const deaf = listen({ heard: (news) => this.#hear(news), opened: () => this.#soon() });
    return () => {
      deaf();
      clearTimeout(this.#settling);
      this.#cancel.abort();
    };
  }

  #hear(news: News): void {
    if (news.event === "lost" || news.event === "skipped") this.#soon();
    if (!("channel" in news) || news.channel !== this.#channel) return;
    if (news.event === "deleted") this.#soon();
    if (news.event === "segmentOpened" && !this.list?.includes(isoDay(utcUs(news.startUtcUs), this.#zone)))
      this.#soon();
  }

  #soon(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#load(), SETTLE_MS);
  }

  async #load(): Promise<void> {
    try {
      this.list = await daysWithFootage(this.#channel, this.#cancel.signal);
      this.problem = null;
    } catch (error) {
      if (error instanceof Problem) this.problem = error;
      else if (!this.#cancel.signal.aborted) throw error;
    }
  }
}
