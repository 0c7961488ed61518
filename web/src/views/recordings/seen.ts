/** Tells when an element has been on screen for a moment: what is only scrolled past costs nothing. */
import type { Attachment } from "svelte/attachments";

const MOMENT_MS = 150;

const tellers = new WeakMap<Element, (visible: boolean) => void>();
let observer: IntersectionObserver | null = null;

function watching(): IntersectionObserver {
  observer ??= new IntersectionObserver((entries) => {
    for (const entry of entries) tellers.get(entry.target)?.(entry.isIntersecting);
  });
  return observer;
}

/** Call `tell` once, when the element has stayed visible. */
export const whenSeen =
  (tell: () => void): Attachment<HTMLElement> =>
  (element) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = () => {
      clearTimeout(timer);
      tellers.delete(element);
      watching().unobserve(element);
    };
    tellers.set(element, (visible) => {
      clearTimeout(timer);
      if (!visible) return;
      timer = setTimeout(() => {
        stop();
        tell();
      }, MOMENT_MS);
    });
    watching().observe(element);
    return stop;
  };
