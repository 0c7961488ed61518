/**
 * Full screen of the wall, with all its tiles or with one alone. The page as a whole fills the screen, and views leave out what is not the
 * wall: so notes, the word on the line and the field for a time are seen over it.
 */
import type { Channel } from "../../state/types";
import { watch } from "../../state/watch.svelte";

class FullScreen {
  /** The wall fills the screen. */
  on = $state(false);
  /** A tile was enlarged for this, and goes back to its place afterwards. */
  #enlarged = false;

  constructor() {
    document.addEventListener("fullscreenchange", () => this.#changed());
  }

  /** Phones may refuse it to anything but video. */
  get possible(): boolean {
    return document.fullscreenEnabled;
  }

  /** An attachment of the wall: without it there is no full screen. */
  readonly wall = (): (() => void) => () => {
    if (this.on) void document.exitFullscreen();
  };

  /** The wall fills the screen, or the page is back. */
  async toggleWall(): Promise<void> {
    if (document.fullscreenElement !== null) await document.exitFullscreen();
    else await document.documentElement.requestFullscreen().catch(() => undefined); // refused: not by a press, or not allowed
  }

  /** One camera fills the screen; then the others are not on the page and cost nothing. */
  async toggleTile(channel: Channel): Promise<void> {
    if (!this.on && !watch.now.single) {
      this.#enlarged = true;
      watch.ask({ type: "select", channel });
      watch.ask({ type: "single", single: true });
    }
    await this.toggleWall();
    if (document.fullscreenElement === null) this.#backToPlace();
  }

  #changed(): void {
    this.on = document.fullscreenElement === document.documentElement;
    if (!this.on) this.#backToPlace();
  }

  #backToPlace(): void {
    if (this.#enlarged) watch.ask({ type: "single", single: false });
    this.#enlarged = false;
  }
}

export const fullScreen = new FullScreen();
