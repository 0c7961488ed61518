/**
 * The live pictures that were on screen the last time begin to play before there is a page to show them in: to lay that out takes as long
 * as the way to a first frame. Each is taken over, playing, by the part that its camera has; what nobody takes ends.
 */
import { earlyStreams } from "../api/early";
import type { Channel, PictureState } from "../state/types";
import type { UtcUs } from "../time/instant";
import { makePlayer } from "./driver";
import { requestOf, type LiveRequest } from "./live_source";
import type { Player, PlayerEvents } from "./player";

/** More would keep the page from being laid out. */
const MOST = 4;
/** What nobody took by then is not on screen. */
const UNUSED_MS = 10_000;

export class Rehearsal {
  /** Holds the picture; a part puts it where its own goes. It was in no document before, so playing goes on. */
  readonly container = document.createElement("div");
  readonly player: Player;
  #events: PlayerEvents | null = null;
  #paintedUs: UtcUs | null = null;
  #state: PictureState | null = null;

  constructor({ channel, stream }: LiveRequest) {
    this.container.style.display = "contents";
    this.player = makePlayer(this.container, {
      painted: (utcUs) => {
        this.#paintedUs = utcUs;
        this.#events?.painted(utcUs);
      },
      state: (state) => {
        this.#state = state;
        this.#events?.state(state);
        // nobody may be signed in any more: only who is on screen tries again
        if (state.kind === "lost" && this.#events === null) this.player.stop();
      },
      gap: (span) => this.#events?.gap?.(span),
      end: () => this.#events?.end?.(),
    });
    this.player.showLive(channel, stream);
  }

  /** From now on `events` are told; what was told before, at once. */
  tell(events: PlayerEvents): void {
    this.#events = events;
    if (this.#paintedUs !== null) events.painted(this.#paintedUs);
    if (this.#state !== null) events.state(this.#state);
  }
}

const rehearsed = new Map<Channel, Rehearsal>();

/** Begin with the streams that are open already. */
export function rehearse(): void {
  if (document.hidden) return;
  for (const path of earlyStreams().slice(0, MOST)) {
    const request = requestOf(path);
    if (request !== null && !rehearsed.has(request.channel)) rehearsed.set(request.channel, new Rehearsal(request));
  }
  setTimeout(endRehearsal, UNUSED_MS);
}

/** What nobody took ends. */
export function endRehearsal(): void {
  for (const { player } of rehearsed.values()) player.destroy();
  rehearsed.clear();
}

/** The picture of a camera that plays already, once. */
export function takeRehearsed(channel: Channel): Rehearsal | undefined {
  const found = rehearsed.get(channel);
  rehearsed.delete(channel);
  return found;
}
