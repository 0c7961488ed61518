/** Short notes to the person, such as "deleted" with an Undo. Shown by `views/NoticeList.svelte`; a note leaves by itself. */

/** error: something failed. warning: look at this. done: it worked. info: anything else. */
export type NoticeKind = "info" | "done" | "warning" | "error";

/** One button beside the text; pressing it takes the note away. */
export interface NoticeAction {
  readonly label: string;
  run(): void;
}

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly kind: NoticeKind;
  readonly action: NoticeAction | null;
  /** How long it stays, milliseconds; null: until it is closed. */
  readonly forMs: number | null;
}

/** A button that stays until what it stops has happened is not closed away: the happening would go on without it. */
export const canBeClosed = ({ action, forMs }: Notice): boolean => action === null || forMs !== null;

/** At most so many are shown; the oldest goes first. What has a button is never pushed away: an undo would be gone with it. */
export const MOST = 4;

const STAYS_MS: Readonly<Record<NoticeKind, number>> = { info: 5_000, done: 5_000, warning: 10_000, error: 12_000 };
/** With a button it stays as long as an undo is possible. */
const STAYS_WITH_ACTION_MS = 10_000;

export class Notices {
  list = $state.raw<readonly Notice[]>([]);
  #next = 1;
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- no view shows the timers
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** Show a note; the returned function takes it away. The same text is not shown twice. */
  say(text: string, kind: NoticeKind = "info", action: NoticeAction | null = null, forMs?: number | null): () => void {
    const same = action === null ? this.list.find((one) => one.text === text && one.action === null) : undefined;
    if (same !== undefined) this.close(same.id);
    const stays = forMs === undefined ? (action === null ? STAYS_MS[kind] : STAYS_WITH_ACTION_MS) : forMs;
    const notice: Notice = { id: this.#next++, text, kind, action, forMs: stays };
    const tooMany = Math.max(0, this.list.length + 1 - MOST);
    for (const old of this.list.filter((one) => one.action === null).slice(0, tooMany)) this.close(old.id);
    this.list = [...this.list, notice];
    this.#leaveAfter(notice);
    return () => this.close(notice.id);
  }

  close(id: number): void {
    this.hold(id);
    this.list = this.list.filter((one) => one.id !== id);
  }

  /** Press its button. */
  act(notice: Notice): void {
    this.close(notice.id);
    notice.action?.run();
  }

  /** Somebody is reading it: it does not leave until `release`. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  release(id: number): void {
    const notice = this.list.find((one) => one.id === id);
    if (notice !== undefined) this.#leaveAfter(notice);
  }

  #leaveAfter(notice: Notice): void {
    this.hold(notice.id);
    if (notice.forMs === null) return;
    this.#timers.set(
      notice.id,
      setTimeout(() => this.close(notice.id), notice.forMs),
    );
  }
}

export const notices = new Notices();

/** As `notices.say`. */
export const say = notices.say.bind(notices);
