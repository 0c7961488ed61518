/** Now, by the recorder's clock: the browser's may be wrong by minutes. */
import { fromMs, US_PER_MS, utcUs, type UtcUs } from "../time/instant";

/** Longer than news are on their way, shorter than what anybody sees. */
const WAY_US = 250 * US_PER_MS;

class RecorderClock {
  /** Recorder minus browser, microseconds. */
  #skewUs = 0;
  /** Now to the second, for views that show it. */
  secondUs = $state<UtcUs>(this.nowUs());

  constructor() {
    setInterval(() => {
      this.secondUs = this.nowUs();
    }, 1_000);
  }

  nowUs(): UtcUs {
    return utcUs(fromMs(Date.now()) + this.#skewUs);
  }

  /** The recorder's clock said `recorderUs` between two instants of ours, milliseconds since 1970. */
  learn(recorderUs: UtcUs, askedMs: number, answeredMs: number): void {
    this.#skewUs = recorderUs - fromMs((askedMs + answeredMs) / 2);
    this.secondUs = this.nowUs();
  }

  /**
   * The recorder said its time, and it was heard at `heardMs`: some milliseconds later, or seconds on a line that was stuck. So what makes
   * the recorder earlier by little is taken for the way, and anything else for the truth.
   */
  hear(recorderUs: UtcUs, heardMs: number): void {
    const skewUs = recorderUs - fromMs(heardMs);
    if (skewUs > this.#skewUs || skewUs < this.#skewUs - WAY_US) this.learn(recorderUs, heardMs, heardMs);
  }
}

export const clock = new RecorderClock();
