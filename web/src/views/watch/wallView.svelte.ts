/** How the wall is looked at, and what of it is on screen. */
import type { Channel } from "../../state/types";

class WallView {
  /** Codec, size and bit rate stand on each tile. */
  figures = $state(false);
  /** The cameras whose tiles there are, in their order. */
  shown = $state.raw<readonly Channel[]>([]);
}

export const wallView = new WallView();
