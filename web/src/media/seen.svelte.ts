/**
 * Which tiles are seen, and which of them wait for their picture: those that are scrolled away, and all of a page in the background, cost
 * nothing. The one in the small window over other programs is seen wherever its page is.
 */
import { SvelteSet } from "svelte/reactivity";

import type { Channel } from "../state/types";

function isInView(element: HTMLElement): boolean {
  const { top, bottom, width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0 && bottom > 0 && top < innerHeight;
}

class Seen {
  readonly channels = new SvelteSet<Channel>();
  /** Sought, and the frame is not painted yet. */
  readonly waiting = new SvelteSet<Channel>();
  /** The page is in the background. */
  hidden = $state(document.hidden);
  /** The camera in the small window. */
  floating = $state<Channel | null>(null);
  readonly #places = new Map<Element, Channel>();

  constructor() {
    for (const event of ["visibilitychange", "enterpictureinpicture", "leavepictureinpicture"])
      document.addEventListener(event, () => {
        this.hidden = document.hidden;
        this.floating = this.#channelOf(document.pictureInPictureElement ?? null);
      });
  }

  #channelOf(picture: Element | null): Channel | null {
    for (const [place, channel] of this.#places) if (picture !== null && place.contains(picture)) return channel;
    return null;
  }

  has(channel: Channel): boolean {
    return channel === this.floating || (!this.hidden && this.channels.has(channel));
  }

  /** Until the returned function is called. scrolls: it may be scrolled away. */
  watch(channel: Channel, element: HTMLElement, scrolls: boolean): () => void {
    const observer = new IntersectionObserver((entries) => {
      const entry = entries.at(-1);
      if (entry?.isIntersecting) this.channels.add(channel);
      else this.channels.delete(channel);
    });
    observer.observe(element);
    this.#places.set(element, channel);
    // the observer tells a frame or two later; the first picture need not wait for it, nor for a layout of the page
    if (!scrolls || isInView(element)) this.channels.add(channel);
    return () => {
      observer.disconnect();
      this.#places.delete(element);
      this.channels.delete(channel);
    };
  }
}

export const seen = new Seen();
