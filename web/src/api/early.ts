/**
 * What `first.ts` began before the page's own script was read: questions on their way, and the live streams that were on screen the last
 * time. Each is taken once; who finds none begins by itself.
 */

export interface EarlyAnswer {
  readonly askedMs: number;
  /** What the recorder answered, read; fails where there is no good answer. */
  readonly json: Promise<unknown>;
}

export interface LiveStream {
  readonly socket: WebSocket;
  /** What came before somebody listened, oldest first. */
  readonly heard: readonly ArrayBuffer[];
}

/** By address, without the host. */
export interface Early {
  readonly answers: Map<string, EarlyAnswer>;
  readonly streams: Map<string, LiveStream>;
}

declare global {
  var miniNvrEarly: Early | undefined;
}

/** In the browser's storage: the addresses of the live streams that were on screen, separated by spaces. `first.ts` reads it. */
export const STREAMS_KEY = "mini-nvr.live";

function take<T>(found: Map<string, T> | undefined, path: string): T | undefined {
  const early = found?.get(path);
  found?.delete(path);
  return early;
}

/** When a question was asked, milliseconds since 1970: now, or by `first.ts`. */
export const askedMs = (path: string): number => globalThis.miniNvrEarly?.answers.get(path)?.askedMs ?? Date.now();

/**
 * The answer to what `first.ts` asked; undefined when it did not, or when it is to be asked again, as by a stranger who signed in since.
 * One that is there already is told before the browser lays out the page, which then is laid out once.
 */
export async function earlyAnswer(path: string): Promise<unknown> {
  return take(globalThis.miniNvrEarly?.answers, path)?.json.catch(() => undefined);
}

/** The addresses of the live streams that nobody took yet. */
export const earlyStreams = (): readonly string[] => [...(globalThis.miniNvrEarly?.streams.keys() ?? [])];

const open = new Map<LiveStream, string>();
let settling: ReturnType<typeof setTimeout> | undefined;
const SETTLED_MS = 1_000;

/** What is on screen is what to begin with the next time; a page in the background or without live pictures says nothing. */
function remember(): void {
  if (open.size === 0 || document.hidden) return;
  try {
    localStorage.setItem(STREAMS_KEY, [...new Set(open.values())].join(" "));
  } catch {
    // a browser that keeps nothing opens its streams later
  }
}

/** Other tiles, other streams: those that are left are closed a moment after the new ones were opened. */
function rememberSoon(): void {
  clearTimeout(settling);
  settling = setTimeout(remember, SETTLED_MS);
}

function begin(path: string): LiveStream {
  const early = take(globalThis.miniNvrEarly?.streams, path);
  if (early !== undefined && early.socket.readyState <= WebSocket.OPEN) return early;
  const socket = new WebSocket(new URL(path, location.href.replace(/^http/, "ws")).href);
  socket.binaryType = "arraybuffer";
  return { socket, heard: [] };
}

/** Open a live stream, or take the one that is open already; it is on screen until `closeStream`. */
export function openStream(path: string): LiveStream {
  const stream = begin(path);
  open.set(stream, path);
  remember();
  return stream;
}

export function closeStream(stream: LiveStream): void {
  open.delete(stream);
  rememberSoon();
  const { socket } = stream;
  socket.onmessage = socket.onclose = null;
  socket.close();
}
