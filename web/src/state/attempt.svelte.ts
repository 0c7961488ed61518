/** One form's way to the recorder: on its way, refused with a cause, or to be tried again in some seconds. */
import { Problem } from "../api/problem";

const SECOND_MS = 1_000;

/** For a person: a sentence with a capital letter and a full stop. */
export const sentence = (text: string): string =>
  text === "" ? "" : `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

export class Attempt {
  busy = $state(false);
  /** Seconds until the recorder takes another attempt. */
  waitS = $state(0);
  #problem = $state("");
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Why the last attempt failed, and what to do. */
  get trouble(): string {
    if (this.waitS > 0) return `Too many attempts. The next one can be made in ${this.waitS} s.`;
    return sentence(this.#problem);
  }

  get ready(): boolean {
    return !this.busy && this.waitS === 0;
  }

  /** Do it; false when it failed, and `trouble` says why. */
  async make(act: () => Promise<unknown>): Promise<boolean> {
    this.busy = true;
    this.#problem = "";
    try {
      await act();
      return true;
    } catch (error) {
      this.#refused(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  #refused(error: unknown): void {
    if (!(error instanceof Problem)) {
      this.#problem = String(error);
    } else if (error.retryAfterS !== null && error.status === 429) {
      this.#wait(error.retryAfterS);
    } else {
      this.#problem = error.text;
    }
  }

  #wait(seconds: number): void {
    clearInterval(this.#timer);
    this.waitS = Math.max(1, Math.ceil(seconds));
    const untilMs = Date.now() + this.waitS * SECOND_MS;
    this.#timer = setInterval(() => {
      this.waitS = Math.max(0, Math.ceil((untilMs - Date.now()) / SECOND_MS));
      if (this.waitS === 0) clearInterval(this.#timer);
    }, SECOND_MS);
  }
}
