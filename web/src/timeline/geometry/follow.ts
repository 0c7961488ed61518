/** Where the view goes by itself: it stays with now while live, and with the playhead while footage plays. Pure. */
import type { UtcUs } from "../../time/instant";
import { type View, viewWith, xOf } from "./view";

/** What the view stays with: a share of the width at which the followed instant is held, or nothing once a person panned away. */
export type Follow = { readonly at: number } | null;

/** Where now is when nobody chose another place; some of the future is shown, so that the edge can be seen. */
export const EDGE = 0.88;
/** A playhead runs on to here before the view moves. */
const LAST = 0.92;

/** After a person moved the view: it follows on when the instant is still on screen, where it is now. */
export function followAfter(view: View, at: UtcUs): Follow {
  const share = xOf(view, at) / view.widthPx;
  return share >= 0.02 && share <= 0.98 ? { at: share } : null;
}

/** The view after the followed instant went on. Live: now stays at its place. Otherwise the playhead runs, and at the end the view does. */
export function followed(view: View, follow: Follow, at: UtcUs, live: boolean): View {
  if (follow === null) return view;
  if (live) return viewWith(at, follow.at * view.widthPx, view.usPerPx, view.widthPx);
  const share = xOf(view, at) / view.widthPx;
  if (share >= 0 && share <= LAST) return view;
  return share > LAST && share < 1.5
    ? viewWith(at, LAST * view.widthPx, view.usPerPx, view.widthPx)
    : viewWith(at, view.widthPx / 2, view.usPerPx, view.widthPx);
}
