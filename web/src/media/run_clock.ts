/** The clock of playing: set by the picture that leads, it goes on by itself while that one is in a gap. Pure, but for what it is told. */
import { plus, type UtcUs } from "../time/instant";

export class RunClock {
  #atUs: UtcUs;
  #setMs: number;

  constructor(atUs: UtcUs, nowMs: number) {
    this.#atUs = atUs;
    this.#setMs = nowMs;
  }

  set(atUs: UtcUs, nowMs: number): void {
    this.#atUs = atUs;
    this.#setMs = nowMs;
  }

  /** After it ran on by itself since it was set. */
  at(nowMs: number, speed: number): UtcUs {
    return plus(this.#atUs, (nowMs - this.#setMs) * 1_000 * speed);
  }
}
