/** What each tile on stage shows: its live stream, its recorded footage, or nothing. Pure. */
import type { Camera, Channel, StreamName } from "../state/types";
import type { WatchState } from "../state/watch";

/** More videos than these decode at the cost of all of them. */
export const MOST_RECORDED = 4;

export type Plan =
  | { readonly kind: "nothing" }
  | { readonly kind: "live"; readonly stream: StreamName }
  | { readonly kind: "recorded"; readonly leads: boolean };

const NOTHING: Plan = { kind: "nothing" };

/** Who sets the clock: the selected camera, or the first that is seen; null when none is. */
export function leaderOf(state: WatchState, seen: readonly Channel[]): Channel | null {
  if (state.selected !== null && seen.includes(state.selected)) return state.selected;
  return seen[0] ?? null;
}

/** Those that play footage, the leader first. */
export function playing(state: WatchState, seen: readonly Channel[]): readonly Channel[] {
  const leader = leaderOf(state, seen);
  if (leader === null) return [];
  if (!state.sync) return [leader];
  return [leader, ...seen.filter((channel) => channel !== leader)].slice(0, MOST_RECORDED);
}

/**
 * seen: the channels whose tiles are on screen, in the order of the tiles. floats: the page is in the background, and what is seen of it
 * is in the small window over other programs, no larger than it was.
 */
export function planOf(camera: Camera | undefined, state: WatchState, seen: readonly Channel[], floats = false): Plan {
  if (camera === undefined || !seen.includes(camera.channel)) return NOTHING;
  if (state.live) {
    if (!camera.enabled) return NOTHING;
    // what is heard comes with the main stream: many sub streams have no sound
    const small = camera.hasSub && !state.single && (seen.length > 1 || floats) && state.sound !== camera.channel;
    return { kind: "live", stream: small ? "sub" : "main" };
  }
  const players = playing(state, seen);
  if (!players.includes(camera.channel)) return NOTHING;
  return { kind: "recorded", leads: players[0] === camera.channel };
}
