/**
 * The two screens of a tile and which source is on which: one is seen, on the other the next source gets ready. They change places when
 * that one has painted a frame, so there is never nothing between two pictures.
 */
import type { RecordedSource } from "./recorded_source";
import type { Screen } from "./screen";
import type { Source } from "./source";

export class ScreenPair {
  readonly #free: Screen[];
  readonly #screenOf = new Map<Source, Screen>();
  #shown: Source | null = null;
  /** It is shown as soon as it has painted. */
  coming: Source | null = null;
  /** What follows the footage that is shown; waits, paused, at its first frame. */
  prepared: RecordedSource | null = null;

  constructor(readonly screens: readonly [Screen, Screen]) {
    this.#free = [...screens];
  }

  get shown(): Source | null {
    return this.#shown;
  }

  get shownScreen(): Screen | undefined {
    return this.#shown === null ? undefined : this.#screenOf.get(this.#shown);
  }

  /** What a person asked for last: it is coming, or shown already. */
  get newest(): Source | null {
    return this.coming ?? this.#shown;
  }

  /** A source for the screen that is not taken; null when both are. */
  put<Made extends Source>(make: (screen: Screen) => Made): Made | null {
    const screen = this.#free.pop();
    if (screen === undefined) return null;
    const source = make(screen);
    this.#screenOf.set(source, screen);
    return source;
  }

  /** From now on it is seen, also in the small window over other programs when the picture before was there. */
  reveal(source: Source): void {
    const [old, oldScreen, screen] = [this.#shown, this.shownScreen, this.#screenOf.get(source)];
    this.#shown = source;
    if (source === this.coming) this.coming = null;
    if (source === this.prepared) this.prepared = null;
    for (const one of this.screens) one.setShown(one === screen);
    if (oldScreen?.floating) screen?.float();
    this.#drop(old);
  }

  dropComing(): void {
    this.#drop(this.coming);
    this.coming = null;
  }

  dropPrepared(): void {
    this.#drop(this.prepared);
    this.prepared = null;
  }

  dropAll(): void {
    this.dropPrepared();
    this.dropComing();
    this.#drop(this.#shown);
    this.#shown = null;
  }

  #drop(source: Source | null): void {
    const screen = source === null ? undefined : this.#screenOf.get(source);
    if (source === null || screen === undefined) return;
    source.close();
    this.#screenOf.delete(source);
    this.#free.push(screen);
  }

  destroy(): void {
    this.dropAll();
    for (const screen of this.screens) screen.destroy();
  }
}
