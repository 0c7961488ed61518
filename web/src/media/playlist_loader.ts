/** Loads playlists for hls.js through the client, so that every failure is a `Problem` and an ended session is noticed. */
import { request } from "../api/client";
import { Problem } from "../api/problem";
import { fromMs } from "../time/instant";
import type { FootageEars } from "./screen";

interface Context {
  readonly url: string;
}

/** As much of hls.js's loader contract as it uses here. */
interface Callbacks {
  onSuccess(
    response: { url: string; data: string; code: number },
    stats: unknown,
    context: Context,
    details: null,
  ): void;
  onError(error: { code: number; text: string }, context: Context, details: null, stats: unknown): void;
}

const noStats = () => ({
  aborted: false,
  loaded: 0,
  retry: 0,
  total: 0,
  chunkCount: 0,
  bwEstimate: 0,
  loading: { start: performance.now(), first: 0, end: 0 },
  parsing: { start: 0, end: 0 },
  buffering: { start: 0, first: 0, end: 0 },
});

function tell(problem: Problem, ears: FootageEars): void {
  if (problem.kind !== "no-footage") return ears.failed(problem.text);
  const { cause, start, end } = problem.fields;
  const instant = (value: unknown) => (typeof value === "number" ? fromMs(value) : null);
  ears.missing({ cause: typeof cause === "string" ? cause : "", startUs: instant(start), endUs: instant(end) });
}

export class PlaylistLoader {
  readonly stats = noStats();
  readonly #abort = new AbortController();
  context: Context | null = null;
  protected readonly ears: FootageEars | null = null;

  /** The class to give to hls.js; what goes wrong with a playlist is told to `ears`. */
  static telling(ears: FootageEars): typeof PlaylistLoader {
    return class extends PlaylistLoader {
      protected override readonly ears = ears;
    };
  }

  load(context: Context, _config: unknown, callbacks: Callbacks): void {
    this.context = context;
    this.#load(context, callbacks).catch((error: unknown) => {
      if (this.#abort.signal.aborted) return;
      if (error instanceof Problem && this.ears !== null) tell(error, this.ears);
      const code = error instanceof Problem ? error.status : 0;
      callbacks.onError({ code, text: String(error) }, context, null, this.stats);
    });
  }

  async #load(context: Context, callbacks: Callbacks): Promise<void> {
    const response = await request("GET", context.url, { signal: this.#abort.signal });
    const data = await response.text();
    const end = performance.now();
    Object.assign(this.stats, { loaded: data.length, total: data.length });
    Object.assign(this.stats.loading, { first: end, end });
    if (!this.#abort.signal.aborted)
      callbacks.onSuccess({ url: response.url || context.url, data, code: response.status }, this.stats, context, null);
  }

  abort(): void {
    this.#abort.abort();
  }

  destroy(): void {
    this.#abort.abort();
  }
}
