/** When to load the script that the first picture does not wait for (`rest.ts`): once that is painted, or when none is to be. */
import { cameras } from "../state/cameras.svelte";
import { route } from "../state/route.svelte";
import { session } from "../state/session.svelte";
import { watch } from "../state/watch.svelte";

type Parts = typeof import("./rest");

/** A picture that takes longer is not waited for. */
const PATIENCE_MS = 1_500;
const RETRY_MS = 2_000;

export class Rest {
  /** null: not there yet. */
  parts = $state.raw<Parts | null>(null);
  #patient = $state(true);
  #asked = false;
  readonly #fetch: () => Promise<Parts>;

  constructor(fetch: () => Promise<Parts> = () => import("./rest")) {
    this.#fetch = fetch;
  }

  /** Load it when its time has come. For an effect of the page. */
  readonly follow = (): (() => void) => {
    const timer = setTimeout(() => (this.#patient = false), PATIENCE_MS);
    $effect(() => {
      if (this.#pictureFirst || this.#asked) return;
      this.#asked = true;
      this.#load();
    });
    return () => clearTimeout(timer);
  };

  get #pictureFirst(): boolean {
    if (session.phase === "asking") return true;
    const expected = session.phase === "signedIn" && route.page === "watch" && watch.now.live;
    return expected && this.#patient && cameras.painted.size === 0;
  }

  #load(): void {
    this.#fetch().then(
      (parts) => (this.parts = parts),
      () => setTimeout(() => this.#load(), RETRY_MS), // the line says what is wrong
    );
  }
}

export const rest = new Rest();
