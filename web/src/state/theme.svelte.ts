/** Dark or light: what the person chose, kept in this browser. `first.ts` applies it before the first paint. */
export const THEMES = ["auto", "dark", "light"] as const;
export type ThemeChoice = (typeof THEMES)[number];

const KEY = "mini-nvr.theme";
const BAR: Readonly<Record<"dark" | "light", string>> = { dark: "#0e0f10", light: "#f6f6f4" };

function kept(): ThemeChoice {
  try {
    const found = localStorage.getItem(KEY);
    return THEMES.find((one) => one === found) ?? "auto";
  } catch {
    return "auto"; // a browser that keeps nothing
  }
}

class Theme {
  choice = $state<ThemeChoice>(kept());
  readonly #light = matchMedia("(prefers-color-scheme: light)");
  /** What is shown. */
  shown = $state<"dark" | "light">("dark");

  constructor() {
    this.#light.addEventListener("change", () => this.#apply());
    this.#apply();
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // it holds until the page is closed
    }
    this.#apply();
  }

  #apply(): void {
    this.shown = this.choice === "auto" ? (this.#light.matches ? "light" : "dark") : this.choice;
    document.documentElement.dataset["theme"] = this.shown;
    document.querySelector("meta[name=theme-color]")?.setAttribute("content", BAR[this.shown]);
  }
}

export const theme = new Theme();
