/**
 * The first script of the page, before anything is painted: the theme, so that nothing flashes, and what the first picture waits for, so
 * that it is on its way while the page's own script is still read. A plain script that stands alone.
 */
import type { Early } from "./api/early";

/** Streams that nobody took by then are not on screen. */
const UNUSED_MS = 10_000;

function kept(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

const choice = kept("mini-nvr.theme");
const light = choice === "light" || (choice !== "dark" && matchMedia("(prefers-color-scheme: light)").matches);
document.documentElement.dataset["theme"] = light ? "light" : "dark";

const early: Early = { answers: new Map(), streams: new Map() };
globalThis.miniNvrEarly = early;

function answerTo(path: string): Promise<unknown> {
  const asked = fetch(path, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  const json = asked.then((response) => (response.ok ? response.json() : Promise.reject(new Error(path))));
  json.catch(() => undefined); // who takes it asks again
  return json;
}

/** The cookie beside the session's, which scripts cannot see: without it the recorder would refuse all but the first question. */
const maybeSignedIn = document.cookie.includes("csrf_token=");

for (const path of maybeSignedIn ? ["/api/me", "/api/config"] : ["/api/me"]) {
  early.answers.set(path, { askedMs: Date.now(), json: answerTo(path) });
}

function listen(path: string): void {
  const socket = new WebSocket(location.origin.replace("http", "ws") + path);
  const heard: ArrayBuffer[] = [];
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => heard.push(data);
  early.streams.set(path, { socket, heard });
}

const isLive = maybeSignedIn && location.pathname === "/" && !new URLSearchParams(location.search).has("at");
if (isLive) kept("mini-nvr.live").split(" ").filter(Boolean).forEach(listen);
setTimeout(() => {
  for (const { socket } of early.streams.values()) socket.close();
  early.streams.clear();
}, UNUSED_MS);
