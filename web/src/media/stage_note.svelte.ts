/** One short note on playing, such as that a gap was skipped; it goes by itself. */

const SHOWN_MS = 4_000;

class StageNote {
  text = $state("");
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string): void {
    clearTimeout(this.#timer);
    this.text = text;
    this.#timer = setTimeout(() => (this.text = ""), SHOWN_MS);
  }
}

export const stageNote = new StageNote();
