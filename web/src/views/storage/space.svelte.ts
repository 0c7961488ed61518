/** What `GET /api/storage` says, asked again every few seconds and when an alarm comes or goes. */
import { getJson } from "../../api/client";
import { listen } from "../../api/news";
import { Problem } from "../../api/problem";
import type { Space } from "./forecast";

const EVERY_MS = 5_000;

export interface ChannelSpace {
  readonly channel: number;
  readonly bytes: number;
  /** RFC 3339. */
  readonly oldest: string | null;
  readonly newest: string | null;
  readonly bytesPerDay: number;
  readonly protectedBytes?: number;
}

export interface StorageAlarm {
  readonly kind: string;
  readonly message: string;
  /** RFC 3339. */
  readonly since: string | null;
}

export interface Storage extends Space {
  readonly perChannel: readonly ChannelSpace[];
  readonly protectedBytes?: number;
  readonly alarms?: readonly StorageAlarm[];
}

export class StorageFacts {
  now = $state.raw<Storage | null>(null);
  problem = $state.raw<Problem | null>(null);
  readonly #cancel = new AbortController();

  /** Ask and follow; the returned function ends it. */
  open(): () => void {
    void this.#ask();
    const deaf = listen({
      heard: (news) => void (news.event === "storageAlarm" && this.#ask()),
      opened: () => void this.#ask(),
    });
    const timer = setInterval(() => void (document.visibilityState === "visible" && this.#ask()), EVERY_MS);
    return () => {
      deaf();
      clearInterval(timer);
      this.#cancel.abort();
    };
  }

  async #ask(): Promise<void> {
    try {
      this.now = await getJson<Storage>("/api/storage", {}, this.#cancel.signal);
      this.problem = null;
    } catch (error) {
      if (error instanceof Problem) this.problem = error;
      else if (!this.#cancel.signal.aborted) throw error;
    }
  }
}
