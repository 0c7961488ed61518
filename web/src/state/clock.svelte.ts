/** Now, by the recorder's clock: the browser's may be wrong by minutes. */
import { fromMs, utcUs, type UtcUs } from "../time/instant";

class RecorderClock {
  /** Recorder minus browser, microseconds; null until the recorder has told its time. */
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
}

export const clock = new RecorderClock();
