/** What a tile shows while the playhead is dragged, and why there is nothing. Pure. */
import type { Cause } from "../../state/causes";
import type { UtcUs } from "../../time/instant";
import type { Cover, TileState } from "./tileState";

export interface Scrubbed {
  /** When the still was taken; null without one. */
  readonly takenUs: UtcUs | null;
  /** Whether what is seen is of the playhead's time. */
  readonly cover: Cover;
  /** Of the gap that the playhead is in; null outside of gaps. */
  readonly cause: Cause | null;
}

/** Where there is no footage, the tile says why, as the preview over the timeline does. */
export function explained(state: TileState, cause: Cause | null): TileState {
  if (cause === null || state.word !== "NO FOOTAGE" || state.message === null) return state;
  return { ...state, message: { ...state.message, cause } };
}
