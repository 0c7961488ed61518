/** Which tiles are on screen, and which of them wait for their picture: those that are scrolled away, and all of a page in the background, cost nothing. */
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
  hidden = $state(document.hidden);

  constructor() {
    // the small window over other programs is seen all the same, until it is closed
    for (const event of ["visibilitychange", "leavepictureinpicture"])
      document.addEventListener(event, () => {
        this.hidden = document.hidden && !document.pictureInPictureElement;
      });
  }

  /** Until the returned function is called. */
  watch(channel: Channel, element: HTMLElement): () => void {
    const observer = new IntersectionObserver((entries) => {
      const entry = entries.at(-1);
      if (entry?.isIntersecting) this.channels.add(channel);
      else this.channels.delete(channel);
    });
    observer.observe(element);
    // the observer tells a frame or two later; the first picture need not wait for it
    if (isInView(element)) this.channels.add(channel);
    return () => {
      observer.disconnect();
      this.channels.delete(channel);
    };
  }
}

export const seen = new Seen();
