/** `/api/events` of the recorder: what happens, pushed. Opened once for the page; stores subscribe. */

/** As documented at `GET /api/events`; instants are microseconds since 1970. */
export type News =
  | { readonly event: "recorder"; readonly running: boolean }
  | {
      readonly event: "channel";
      readonly channel: number;
      readonly status: string;
      readonly sinceUtcUs: number | null;
      readonly error: string | null;
    }
  | {
      readonly event: "gap";
      readonly channel: number;
      readonly startUtcUs: number;
      readonly endUtcUs: number | null;
      readonly cause: string;
    }
  | {
      readonly event: "segmentOpened" | "segmentSealed";
      readonly channel: number;
      readonly path: string;
      readonly startUtcUs: number;
      readonly durationUs: number;
      readonly bytes: number;
    }
  | { readonly event: "deleted"; readonly channel: number; readonly path: string }
  | {
      readonly event: "storageAlarm";
      readonly channel?: number;
      readonly cause: string;
      readonly detail: string;
      readonly over: boolean;
    }
  | { readonly event: "lost" | "skipped" };

/** Something that is told all news, and when the line is (re)opened: what it shows may be old then. */
export interface Listener {
  heard?(news: News): void;
  opened?(): void;
  closed?(): void;
}

const listeners = new Set<Listener>();
let source: EventSource | null = null;

/** Listen until the returned function is called. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Open the line; the browser opens it again by itself when it breaks. */
export function open(): void {
  close();
  source = new EventSource("/api/events");
  source.onopen = () => listeners.forEach((one) => one.opened?.());
  source.onerror = () => listeners.forEach((one) => one.closed?.());
  source.onmessage = (message: MessageEvent<string>) => {
    const news = JSON.parse(message.data) as News;
    listeners.forEach((one) => one.heard?.(news));
  };
}

export function close(): void {
  source?.close();
  source = null;
}
