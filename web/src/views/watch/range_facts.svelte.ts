/** What the recorder knows of a range of one camera: its files, and what an export would be. Asked again as the range or the files change. */
import { listen, type News } from "../../api/news";
import { Problem } from "../../api/problem";
import { exportFile, recordingsOfRange, type ExportFile, type Recording } from "../../api/recordings";
import type { Channel } from "../../state/types";
import type { Span } from "../../time/instant";

/** A handle that is being dragged changes the range with every move. */
const SETTLE_MS = 250;
const NEWS_SETTLE_MS = 1_000;
const CHANGES: ReadonlySet<News["event"]> = new Set(["deleted", "protected", "segmentOpened", "segmentSealed"]);

export class RangeFacts {
  /** Oldest first; null: not known yet. */
  files = $state.raw<readonly Recording[] | null>(null);
  /** null: not known yet, or it cannot be exported. */
  file = $state.raw<ExportFile | null>(null);
  /** Why the files are not known. */
  problem = $state.raw<Problem | null>(null);
  /** Why it cannot be exported. */
  exportProblem = $state.raw<Problem | null>(null);

  readonly channel: Channel;
  readonly span: Span;
  readonly #cancel = new AbortController();
  #settling: ReturnType<typeof setTimeout> | undefined;

  /** Shows the files of `before` until its own are known. */
  constructor(channel: Channel, span: Span, before?: RangeFacts) {
    this.channel = channel;
    this.span = span;
    this.files = before?.files ?? null;
  }

  /** Ask and follow; the returned function ends it. */
  open(): () => void {
    this.askSoon(SETTLE_MS);
    const deaf = listen({ heard: (news) => this.#hear(news), opened: () => this.askSoon(NEWS_SETTLE_MS) });
    return () => {
      deaf();
      clearTimeout(this.#settling);
      this.#cancel.abort();
    };
  }

  askSoon(afterMs = 0): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      void this.#askFiles();
      void this.#askExport();
    }, afterMs);
  }

  #hear(news: News): void {
    if (news.event === "lost") this.askSoon(NEWS_SETTLE_MS);
    if (!("channel" in news) || news.channel !== this.channel) return;
    if (CHANGES.has(news.event)) this.askSoon(NEWS_SETTLE_MS);
  }

  async #askFiles(): Promise<void> {
    try {
      this.files = await recordingsOfRange(this.channel, this.span, this.#cancel.signal);
      this.problem = null;
    } catch (error) {
      if (error instanceof Problem) this.problem = error;
      else if (!this.#cancel.signal.aborted) throw error;
    }
  }

  async #askExport(): Promise<void> {
    try {
      this.file = await exportFile(this.channel, this.span, this.#cancel.signal);
      this.exportProblem = null;
    } catch (error) {
      this.file = null;
      if (error instanceof Problem) this.exportProblem = error;
      else if (!this.#cancel.signal.aborted) throw error;
    }
  }
}
