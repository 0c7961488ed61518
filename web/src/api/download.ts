/**
 * A download that the page itself carries out, so that it can show how far it is and go on after the network was cut.
 *
 * What has come is handed to the browser as blobs of some megabytes. In Chromium that keeps the page's own process small (450 MB took it
 * from 76 to 133 MB), but the browser holds the bytes until they are saved: so this is not for files of any size.
 */
import { Problem } from "./problem";

export interface Progress {
  readonly bytes: number;
  readonly totalBytes: number;
  /** The connection broke; it is being tried again. */
  readonly waiting: boolean;
}

const PIECE_BYTES = 8 << 20;
const LONGEST_WAIT_MS = 8_000;
const ATTEMPTS_WITHOUT_BYTES = 8;

/** Bytes that came so far, and from which version of the file. */
class Received {
  bytes = 0;
  etag: string | null = null;
  #pieces: Blob[] = [];
  #loose: Uint8Array<ArrayBuffer>[] = [];
  #looseBytes = 0;

  add(chunk: Uint8Array<ArrayBuffer>): void {
    this.#loose.push(chunk);
    this.#looseBytes += chunk.length;
    this.bytes += chunk.length;
    if (this.#looseBytes >= PIECE_BYTES) this.#pack();
  }

  startOver(): void {
    this.bytes = 0;
    this.#pieces = [];
    this.#loose = [];
    this.#looseBytes = 0;
  }

  whole(type: string): Blob {
    this.#pack();
    return new Blob(this.#pieces, { type });
  }

  #pack(): void {
    this.#pieces.push(new Blob(this.#loose));
    this.#loose = [];
    this.#looseBytes = 0;
  }
}

/** The whole of a file. Raises `Problem` when the recorder refuses or stays away, AbortError when it is cancelled. */
export async function download(
  address: string,
  totalBytes: number,
  tell: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const received = new Received();
  for (let failures = 0; ; failures += 1) {
    const before = received.bytes;
    try {
      await receive(address, received, signal, () => tell({ bytes: received.bytes, totalBytes, waiting: false }));
      return received.whole("video/mp4");
    } catch (error) {
      if (signal.aborted || error instanceof Problem) throw error;
    }
    if (received.bytes > before) failures = 0;
    if (failures >= ATTEMPTS_WITHOUT_BYTES) {
      throw new Problem(0, "unreachable", "the download broke off", "look at the network and export again");
    }
    tell({ bytes: received.bytes, totalBytes, waiting: true });
    await pause(Math.min(500 * 2 ** failures, LONGEST_WAIT_MS), signal);
  }
}

/** Go on where the file stands; from its beginning when it is another file now. */
async function receive(address: string, received: Received, signal: AbortSignal, tell: () => void): Promise<void> {
  const headers = new Headers();
  if (received.bytes > 0 && received.etag !== null) {
    headers.set("Range", `bytes=${received.bytes}-`);
    headers.set("If-Range", received.etag);
  }
  const response = await fetch(address, { headers, signal, credentials: "same-origin", cache: "no-store" });
  if (!response.ok || response.body === null) throw await refusal(response);
  if (response.status !== 206) received.startOver();
  received.etag = response.headers.get("ETag");
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    received.add(read.value);
    tell();
  }
}

async function refusal(response: Response): Promise<Error> {
  if (response.status >= 500) return new Error(`the recorder answered ${response.status}`); // it may come back
  const fields = (await response.json().catch(() => ({}))) as { detail?: string; remedy?: string };
  return new Problem(
    response.status,
    "refused",
    fields.detail ?? `the recorder answered ${response.status}`,
    fields.remedy ?? "",
  );
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", cancel);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", cancel, { once: true });
  });
}

/** Hand an address (or a blob's) to the browser's own downloads. */
export function handOver(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
