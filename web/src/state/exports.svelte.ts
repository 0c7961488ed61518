/**
 * Exports on their way to the person's disk. They go on whatever page is open.
 *
 * Up to a size the page fetches the file itself: it shows how far it is, goes on after a break of the network, and can be cancelled. A
 * larger one would burden the browser, and is handed to the browser's own downloads, which show how far they are and resume by `Range`.
 * (A file picker that writes straight to the disk exists only where the page came by HTTPS, which it seldom does on a home network.)
 */
import { download, handOver, type Progress } from "../api/download";
import { Problem } from "../api/problem";
import { exportAddress, type ExportFile } from "../api/recordings";
import type { Span } from "../time/instant";
import { say } from "./notices.svelte";
import type { Channel } from "./types";

/** The largest export that the page fetches itself. */
export const MOST_BYTES_IN_PAGE = 256 << 20;
/** How long a finished file is kept for the browser to save it. */
const KEPT_MS = 60_000;

/** An export that is being fetched. */
export class Export {
  readonly name: string;
  readonly bytes: number;
  readonly startedMs = performance.now();
  progress = $state.raw<Progress>({ bytes: 0, totalBytes: 0, waiting: false });
  readonly #cancel = new AbortController();

  constructor(name: string, bytes: number) {
    this.name = name;
    this.bytes = bytes;
    this.progress = { bytes: 0, totalBytes: bytes, waiting: false };
  }

  cancel(): void {
    this.#cancel.abort();
  }

  async fetch(address: string): Promise<void> {
    const tell = (progress: Progress) => (this.progress = progress);
    const file = await download(address, this.bytes, tell, this.#cancel.signal);
    const url = URL.createObjectURL(file);
    handOver(url, this.name);
    setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
  }

  get cancelled(): boolean {
    return this.#cancel.signal.aborted;
  }
}

export class Exports {
  /** Those under way, oldest first. */
  list = $state.raw<readonly Export[]>([]);

  /** Take a range home; `file` is what the recorder said of it. */
  async start(channel: Channel, span: Span, file: ExportFile): Promise<void> {
    const name = file.name ?? `camera-${channel}.mp4`;
    const address = exportAddress(channel, span);
    if (file.bytes > MOST_BYTES_IN_PAGE) {
      handOver(address, name);
      say(`${name} is large: your browser saves it, and its list of downloads shows how far it is`, "info");
      return;
    }
    const one = new Export(name, file.bytes);
    this.list = [...this.list, one];
    try {
      await one.fetch(address);
      say(`Saved ${name}`, "done");
    } catch (error) {
      if (!one.cancelled)
        say(`Could not save ${name}: ${error instanceof Problem ? error.text : String(error)}`, "error");
    } finally {
      this.list = this.list.filter((other) => other !== one);
    }
  }
}

export const exports = new Exports();
