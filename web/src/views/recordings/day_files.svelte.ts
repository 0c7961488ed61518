/** The files and gaps of one camera's day, kept true: by news, and by looking after the file or the gap that grows. */
import { getJson } from "../../api/client";
import { listen, type News } from "../../api/news";
import { Problem } from "../../api/problem";
import { recordingsOfDay, recordingsOfRange, type Recording } from "../../api/recordings";
import { clock } from "../../state/clock.svelte";
import type { Channel } from "../../state/types";
import { plus, toMs, US_PER_MINUTE, US_PER_S, utcUs, type Span, type UtcUs } from "../../time/instant";
import type { Day } from "./calendar";
import { gapOf, spanOfDay, withFiles, type Gap, type ListedGap } from "./day";

/** How often what grows is looked at. */
const GROWTH_MS = 3_000;
/** A gap that is not over ends, in an answer, with the time for which was asked, give or take what the clocks differ. */
const NEAR_US = 2 * US_PER_S;
/** News come in bursts; one request follows a burst. */
const SETTLE_MS = 300;

interface Timeline {
  readonly channels: readonly { readonly channel: Channel; readonly gaps: readonly ListedGap[] }[];
}

export class DayFiles {
  /** Oldest first. */
  files = $state.raw<readonly Recording[]>([]);
  gaps = $state.raw<readonly Gap[]>([]);
  /** What is shown is still that of another day or camera. */
  loading = $state(true);
  problem = $state.raw<Problem | null>(null);

  readonly channel: Channel;
  readonly #day: Day;
  readonly #span: Span;
  readonly #cancel = new AbortController();
  #settling: ReturnType<typeof setTimeout> | undefined;
  #reload = false;
  /** The last gap was not over when it was asked for. */
  #gapGrows = false;

  /** Shows `before` until its own list has come. */
  constructor(channel: Channel, day: Day, zone: string, before: DayFiles | null) {
    this.channel = channel;
    this.#day = day;
    this.#span = spanOfDay(day, zone);
    this.files = before?.files ?? [];
    this.gaps = before?.gaps ?? [];
  }

  /** Load and follow; the returned function ends it. */
  open(): () => void {
    void this.load();
    const deaf = listen({ heard: (news) => this.#hear(news), opened: () => this.#soon(true) });
    const growth = setInterval(() => void this.#lookAtGrowth(), GROWTH_MS);
    return () => {
      deaf();
      clearInterval(growth);
      clearTimeout(this.#settling);
      this.#cancel.abort();
    };
  }

  async load(): Promise<void> {
    const { signal } = this.#cancel;
    await this.#guarded(async () => {
      const [files, gaps] = await Promise.all([recordingsOfDay(this.channel, this.#day, signal), this.#askGaps()]);
      this.files = files;
      this.gaps = gaps;
      this.loading = false;
      this.problem = null;
    });
  }

  /** Somebody changed a file, such as its protection. */
  replace(file: Recording): void {
    this.files = withFiles(this.files, [file]);
  }

  #hear(news: News): void {
    if (news.event === "lost" || news.event === "skipped") this.#soon(true);
    if (!("channel" in news) || news.channel !== this.channel) return;
    if (news.event === "deleted") this.files = this.files.filter((file) => file.path !== news.path);
    const isSegment = news.event === "segmentOpened" || news.event === "segmentSealed";
    if (isSegment && this.#holds(utcUs(news.startUtcUs))) this.#soon(false);
    if (news.event === "protected" && news.startUtcUs < this.#span.endUs && news.endUtcUs > this.#span.startUs) {
      this.#soon(true);
    }
    if (news.event === "gap" || news.event === "deleted") this.#soon(false);
  }

  #holds(at: UtcUs): boolean {
    return at >= this.#span.startUs && at < this.#span.endUs;
  }

  /** Ask again after a burst of news: for the whole day, or for what is new in it. */
  #soon(wholeDay: boolean): void {
    this.#reload ||= wholeDay;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      const whole = this.#reload;
      this.#reload = false;
      void (whole ? this.load() : this.#loadNewest());
    }, SETTLE_MS);
  }

  async #lookAtGrowth(): Promise<void> {
    const grows = this.#gapGrows || this.files.some((file) => file.growing);
    if (grows && !this.loading && document.visibilityState === "visible") await this.#loadNewest(this.#gapGrows);
  }

  /** The files from the one that grew, or the last one, up to now; and the gaps. */
  async #loadNewest(withGaps = true): Promise<void> {
    if (this.loading) return this.load();
    await this.#guarded(async () => {
      const known = this.files.find((file) => file.growing) ?? this.files.at(-1);
      const startUs = known?.startUs ?? this.#span.startUs;
      const range = { startUs, endUs: this.#until(plus(clock.nowUs(), US_PER_MINUTE)) };
      const [news, gaps] = await Promise.all([
        range.startUs < range.endUs ? recordingsOfRange(this.channel, range, this.#cancel.signal) : [],
        withGaps ? this.#askGaps() : this.gaps,
      ]);
      this.files = withFiles(this.files, news);
      this.gaps = gaps;
      this.problem = null;
    });
  }

  #until(at: UtcUs): UtcUs {
    return utcUs(Math.min(at, this.#span.endUs));
  }

  async #askGaps(): Promise<readonly Gap[]> {
    const start = toMs(this.#span.startUs);
    const endUs = this.#until(clock.nowUs());
    const end = toMs(endUs);
    if (start >= end) return [];
    const query = { start, end, channels: this.channel };
    const { channels } = await getJson<Timeline>("/api/timeline", query, this.#cancel.signal);
    const gaps = (channels[0]?.gaps ?? []).map(gapOf);
    this.#gapGrows = endUs < this.#span.endUs && (gaps.at(-1)?.endUs ?? 0) > endUs - NEAR_US;
    return gaps;
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#cancel.signal.aborted) return;
      this.problem = error instanceof Problem ? error : new Problem(0, "failed", String(error), "load the page again");
      this.loading = false;
    }
  }
}
