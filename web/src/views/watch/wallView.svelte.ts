/** How the wall is looked at; nothing that others need. */
class WallView {
  /** Codec, size and bit rate stand on each tile. */
  figures = $state(false);
}

export const wallView = new WallView();
