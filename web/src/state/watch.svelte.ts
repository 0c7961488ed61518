/** The one watch state of the page, reactive. Views read `watch.now` and call `watch.ask`. */
import { answer, START, type Request, type WatchState } from "./watch";

class Watch {
  now = $state.raw<WatchState>(START);

  ask(request: Request): void {
    this.now = answer(this.now, request);
  }
}

export const watch = new Watch();
