/** Tells when an element comes into view: what is never looked at costs nothing. */
import type { Attachment } from "svelte/attachments";

/** What is only scrolled past is not loaded. */
const MOMENT_MS = 150;
const AHEAD = "800px";

/** One observer for all elements of a kind. */
class Viewport {
  readonly #tellers = new WeakMap<Element, (visible: boolean) => void>();
  readonly #options: IntersectionObserverInit;
  #observer: IntersectionObserver | null = null;

  constructor(options: IntersectionObserverInit = {}) {
    this.#options = options;
  }

  /** The returned function ends it. */
  watch(element: Element, tell: (visible: boolean) => void): () => void {
    this.#observer ??= new IntersectionObserver((entries) => {
      for (const entry of entries) this.#tellers.get(entry.target)?.(entry.isIntersecting);
    }, this.#options);
    this.#tellers.set(element, tell);
    this.#observer.observe(element);
    return () => {
      this.#tellers.delete(element);
      this.#observer?.unobserve(element);
    };
  }
}

const seen = new Viewport();
// `scrollMargin` is for elements in scrolling boxes; browsers without it tell when the element is in view
const near = new Viewport({ rootMargin: AHEAD, scrollMargin: AHEAD } as IntersectionObserverInit);

/** Call `tell` once, when the element has stayed in view for a moment. */
export const whenSeen =
  (tell: () => void): Attachment<HTMLElement> =>
  (element) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = seen.watch(element, (visible) => {
      clearTimeout(timer);
      if (!visible) return;
      timer = setTimeout(() => {
        stop();
        tell();
      }, MOMENT_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  };

/** Call `tell` once, as soon as the element is about to come into view. */
export const whenNear =
  (tell: () => void): Attachment<HTMLElement> =>
  (element) => {
    const stop = near.watch(element, (visible) => {
      if (!visible) return;
      stop();
      tell();
    });
    return stop;
  };
