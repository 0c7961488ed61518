/**
 * Deletions that wait for their undo.
 *
 * Deleted footage cannot come back, so the page waits before it asks the recorder, and hides what is going meanwhile. Whoever closes or
 * leaves the page within that time keeps the footage: nothing was asked yet. So does who is signed out: the next one has not asked for it.
 */
import { untrack } from "svelte";
import { SvelteMap, SvelteSet } from "svelte/reactivity";

import { Problem } from "../api/problem";
import type { Span } from "../time/instant";
import { say, type NoticeAction, type NoticeKind } from "./notices.svelte";
import { session } from "./session.svelte";
import type { Channel } from "./types";

export const UNDO_MS = 10_000;

/** What is going to be deleted. */
export interface Deletion {
  /** What goes, as a noun: `the recording of Gate, 14:32:07`. */
  readonly what: string;
  /** The files that go. */
  readonly paths: readonly string[];
  /** When their footage was taken, by camera. */
  readonly spans: ReadonlyMap<Channel, readonly Span[]>;
  /** Ask the recorder. Gives the files that are gone; raises `Problem`. */
  carryOut(): Promise<Deleted>;
}

export interface Deleted {
  readonly paths: readonly string[];
  /** What to tell the person beyond that, such as what was kept and why. */
  readonly note?: string;
}

type Say = (text: string, kind: NoticeKind, action?: NoticeAction | null, forMs?: number | null) => () => void;

interface Waiting {
  readonly deletion: Deletion;
  readonly timer: ReturnType<typeof setTimeout>;
  /** Takes the notice away. */
  readonly close: () => void;
}

export class Pending {
  readonly #waiting = new SvelteMap<number, Waiting>();
  /** Asked, and not answered yet. */
  readonly #asked = new SvelteSet<Deletion>();
  /** Files that are gone; no other file ever gets such a name. */
  readonly #gone = new SvelteSet<string>();
  readonly #say: Say;
  #next = 1;

  constructor(tell: Say = say) {
    this.#say = tell;
  }

  /** Delete after ten seconds, unless it is undone. */
  add(deletion: Deletion): void {
    const id = this.#next++;
    const close = this.#say(
      `Deleting ${deletion.what} in ${UNDO_MS / 1000} s. Closing this page cancels that.`,
      "warning",
      { label: "Undo", run: () => this.#undo(id) },
      null,
    );
    const timer = setTimeout(() => void this.#carryOut(id), UNDO_MS);
    this.#waiting.set(id, { deletion, timer, close });
  }

  /** Whether a file is going or gone, so that no list shows it. */
  hides(path: string): boolean {
    return this.#gone.has(path) || this.going.some((deletion) => deletion.paths.includes(path));
  }

  /** Footage of a camera that is going, in no order. */
  spansOf(channel: Channel): readonly Span[] {
    return this.going.flatMap((deletion) => deletion.spans.get(channel) ?? []);
  }

  /** Nothing is deleted that still waits, as the session ends. */
  keepAll(): void {
    for (const [id, { deletion }] of [...this.#waiting]) {
      this.#undo(id);
      this.#say(`Kept ${deletion.what}: the session ended first`, "info");
    }
  }

  /** Deletions that are waiting or under way. */
  get going(): readonly Deletion[] {
    return [...[...this.#waiting.values()].map((one) => one.deletion), ...this.#asked];
  }

  #undo(id: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    waiting.close();
    this.#waiting.delete(id);
  }

  async #carryOut(id: number): Promise<void> {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    const { deletion } = waiting;
    this.#asked.add(deletion);
    this.#undo(id); // it can no longer be
    try {
      const { paths, note } = await deletion.carryOut();
      for (const path of paths) this.#gone.add(path);
      this.#say(`Deleted ${deletion.what}${note === undefined ? "" : `; ${note}`}`, "done");
    } catch (error) {
      const cause = error instanceof Problem ? error.text : String(error);
      this.#say(`Could not delete ${deletion.what}: ${cause}`, "error");
    } finally {
      this.#asked.delete(deletion);
    }
  }
}

export const pending = new Pending();

$effect.root(() => {
  $effect(() => {
    if (session.phase === "signedOut") untrack(() => pending.keepAll());
  });
});
