/** Full screen of the wall or of one tile. */

class FullScreen {
  /** What fills the screen; null: nothing. */
  element = $state.raw<Element | null>(null);
  /** The wall, while it is there. */
  #wall: HTMLElement | null = null;

  constructor() {
    document.addEventListener("fullscreenchange", () => {
      this.element = document.fullscreenElement;
    });
  }

  /** Phones may refuse it to anything but video. */
  get possible(): boolean {
    return document.fullscreenEnabled;
  }

  /** An attachment: this element is the wall. */
  readonly wall = (element: HTMLElement): (() => void) => {
    this.#wall = element;
    return () => {
      this.#wall = null;
    };
  };

  async toggleWall(): Promise<void> {
    if (this.#wall !== null) await this.toggle(this.#wall);
  }

  /** This element fills the screen, or nothing does. */
  async toggle(element: Element): Promise<void> {
    if (document.fullscreenElement === element) await document.exitFullscreen();
    else await element.requestFullscreen().catch(() => undefined); // refused: not by a press, or not allowed
  }
}

export const fullScreen = new FullScreen();
