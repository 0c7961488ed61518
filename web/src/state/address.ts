/**
 * What is being watched, as a query of the address bar, and back. Pure.
 *
 * `at` is the instant, RFC 3339 in the recorder's zone with milliseconds; live has none. It is rounded up: a frame lasts longer than a
 * millisecond, so the instant lies in the frame that was shown, and asking for it shows the same one. What has its usual value is left
 * out, and what cannot be read is taken for left out.
 */
import { fromMs, US_PER_MS, US_PER_S, utcUs, type UtcUs } from "../time/instant";
import { offsetS } from "../time/zone";
import type { Channel } from "./types";
import { SPEEDS, type Layout, type WatchState } from "./watch";

const RFC3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)(Z|[+-]\d{2}:\d{2})$/;
const CHANNEL = /^[1-9]\d{0,2}$/;
const GRID = /^([1-6])x([1-6])$/;
const SQUARES = [1, 4, 9, 16] as const;
/** A pixel of the timeline is between a microsecond and a day. */
const ZOOM_S = { least: 1e-6, most: 86_400 };
const ZOOM_DIGITS = 4;
/** A middle that is so near to the playhead is the playhead. */
const NEAR_PX = 2;
const LATEST_MS = Date.UTC(2200, 0);

/** "2026-11-22T14:32:07.120+01:00": rounded up to the millisecond. */
export function writeInstant(at: UtcUs, zone: string): string {
  const ms = Math.ceil(at / US_PER_MS);
  const offset = Math.round(offsetS(utcUs(ms * US_PER_MS), zone) / 60);
  const wall = new Date(ms + offset * 60_000).toISOString().slice(0, -1);
  const digits = (value: number): string => String(value).padStart(2, "0");
  const size = Math.abs(offset);
  return `${wall}${offset < 0 ? "-" : "+"}${digits(Math.floor(size / 60))}:${digits(size % 60)}`;
}

/** null: not an instant of RFC 3339 with an offset. A space counts as the `+` that it was before somebody decoded it. */
export function readInstant(text: string | null): UtcUs | null {
  const spelled = (text ?? "").replace(" ", "+");
  const ms = RFC3339.test(spelled) ? Date.parse(spelled) : Number.NaN;
  return ms >= 0 && ms < LATEST_MS ? fromMs(ms) : null;
}

const isNatural = (order: readonly Channel[]): boolean =>
  order.every((channel, index) => index === 0 || channel > (order[index - 1] ?? 0));

const writeLayout = (layout: Layout): string =>
  typeof layout === "object" ? `${layout.columns}x${layout.rows}` : String(layout);

function readLayout(text: string | null): Layout | undefined {
  const grid = GRID.exec(text ?? "");
  if (grid !== null) return { columns: Number(grid[1]), rows: Number(grid[2]) };
  return SQUARES.find((square) => String(square) === text);
}

function readChannels(text: string | null): readonly Channel[] | undefined {
  const words = (text ?? "").split(",");
  const channels = words.map(Number);
  return words.every((word) => CHANNEL.test(word)) && new Set(channels).size === words.length ? channels : undefined;
}

function writeWindow(query: URLSearchParams, state: WatchState, zone: string): void {
  if (state.window === null) return;
  const { centreUs, usPerPx } = state.window;
  query.set("zoom", String(Number((usPerPx / US_PER_S).toPrecision(ZOOM_DIGITS))));
  if (state.live || Math.abs(centreUs - state.instantUs) > NEAR_PX * usPerPx)
    query.set("centre", writeInstant(centreUs, zone));
}

function readWindow(query: URLSearchParams, at: UtcUs | null): WatchState["window"] {
  const zoom = Number(query.get("zoom") ?? Number.NaN);
  const centreUs = readInstant(query.get("centre")) ?? at;
  if (!(zoom >= ZOOM_S.least && zoom <= ZOOM_S.most) || centreUs === null) return null;
  return { centreUs, usPerPx: zoom * US_PER_S };
}

/** The query of a state. */
export function addressOf(state: WatchState, zone: string): URLSearchParams {
  const query = new URLSearchParams();
  if (!isNatural(state.order)) query.set("cameras", state.order.join(","));
  if (state.layout !== "auto") query.set("layout", writeLayout(state.layout));
  if (state.page > 0) query.set("page", String(state.page));
  if (state.selected !== null && (state.single || state.selected !== state.order[0]))
    query.set("camera", String(state.selected));
  if (state.single) query.set("view", "single");
  if (!state.live) query.set("at", writeInstant(state.instantUs, zone));
  if (state.speed !== 1) query.set("speed", String(state.speed));
  writeWindow(query, state, zone);
  return query;
}

/** What of a state an address says; what it leaves out has its usual value. */
export function stateOf(query: URLSearchParams): Partial<WatchState> {
  const at = readInstant(query.get("at"));
  const order = readChannels(query.get("cameras"));
  const selected = readChannels(query.get("camera"))?.[0];
  const page = Number(query.get("page") ?? 0);
  return {
    ...(order === undefined ? {} : { order }),
    ...(selected === undefined ? {} : { selected }),
    layout: readLayout(query.get("layout")) ?? "auto",
    page: Number.isInteger(page) && page > 0 && page < 1_000 ? page : 0,
    single: query.get("view") === "single" && selected !== undefined,
    live: at === null,
    ...(at === null ? {} : { instantUs: at }),
    speed: (at !== null && SPEEDS.find((speed) => String(speed) === query.get("speed"))) || 1,
    window: readWindow(query, at),
  };
}
