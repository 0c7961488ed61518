/** Whether a still covers a tile's picture: while the playhead is dragged, and after that until the picture there is painted. */
import { cameras } from "../../state/cameras.svelte";
import type { Channel, PictureState } from "../../state/types";
import { watch } from "../../state/watch.svelte";
import type { UtcUs } from "../../time/instant";

/** A picture that is late is waited for so long. */
const PATIENCE_MS = 3_000;
/** There will be no picture; the tile says why. */
const OVER: readonly PictureState["kind"][] = ["noFootage", "lost", "failed"];

/** Made while a tile is; the effects end with it. */
export class ScrubCover {
  /** The picture below when the playhead was let go: until another one is painted, it is the wrong one. */
  #below = $state.raw<{ readonly paintedUs: UtcUs | null } | null>(null);
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
    $effect(() => {
      if (watch.now.scrubbing) this.#below = { paintedUs: cameras.painted.get(channel) ?? null };
    });
    $effect(() => {
      if (watch.now.scrubbing || this.#below === null) return;
      const timer = setTimeout(() => (this.#below = null), PATIENCE_MS);
      return () => clearTimeout(timer);
    });
  }

  get on(): boolean {
    if (watch.now.scrubbing) return true;
    if (this.#below === null || OVER.includes(cameras.pictures.get(this.#channel)?.kind ?? "idle")) return false;
    return this.#below.paintedUs === (cameras.painted.get(this.#channel) ?? null);
  }
}
