/** What each key does while watching: one table for the keys and for the list that `?` shows. Pure. */
import { US_PER_S } from "../../time/instant";

export type Action =
  | { readonly does: "skip"; readonly byUs: number }
  | { readonly does: "step"; readonly frames: 1 | -1 }
  | { readonly does: "camera"; readonly number: number }
  | {
      readonly does: "toggle" | "faster" | "slower" | "live" | "dayStart" | "fullScreen" | "snapshot" | "goTo" | "keys";
    };

/** As a KeyboardEvent has it. */
export interface Stroke {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

interface Binding {
  /** `KeyboardEvent.key`, small letters. */
  readonly keys: readonly string[];
  /** Left out: with or without Shift, as some signs need it. */
  readonly shift?: boolean;
  readonly action: Action;
}

export interface KeyHelp {
  /** On the caps. */
  readonly shown: readonly string[];
  readonly says: string;
  readonly bindings: readonly Binding[];
}

const skip = (seconds: number): Action => ({ does: "skip", byUs: seconds * US_PER_S });
const plain = (key: string, action: Action): Binding => ({ keys: [key], shift: false, action });
const shifted = (key: string, action: Action): Binding => ({ keys: [key], shift: true, action });

const CAMERAS: readonly Binding[] = Array.from({ length: 9 }, (_, index) =>
  plain(String(index + 1), { does: "camera", number: index + 1 }),
);

export const KEYS: readonly KeyHelp[] = [
  {
    shown: ["K", "Space"],
    says: "pause, play",
    bindings: [plain("k", { does: "toggle" }), plain(" ", { does: "toggle" })],
  },
  { shown: ["J"], says: "10 s back", bindings: [plain("j", skip(-10))] },
  { shown: ["L", "End"], says: "live", bindings: [plain("l", { does: "live" }), plain("End", { does: "live" })] },
  { shown: ["←", "→"], says: "5 s back, on", bindings: [plain("ArrowLeft", skip(-5)), plain("ArrowRight", skip(5))] },
  {
    shown: ["Shift ←", "Shift →"],
    says: "60 s back, on",
    bindings: [shifted("ArrowLeft", skip(-60)), shifted("ArrowRight", skip(60))],
  },
  {
    shown: [",", "."],
    says: "one frame back, on",
    bindings: [
      { keys: [","], action: { does: "step", frames: -1 } },
      { keys: ["."], action: { does: "step", frames: 1 } },
    ],
  },
  {
    shown: ["+", "-"],
    says: "faster, slower",
    bindings: [
      { keys: ["+", "="], action: { does: "faster" } },
      { keys: ["-", "_"], action: { does: "slower" } },
    ],
  },
  {
    shown: ["Home"],
    says: "start of the day, then of the day before",
    bindings: [plain("Home", { does: "dayStart" })],
  },
  { shown: ["G"], says: "go to a typed time", bindings: [plain("g", { does: "goTo" })] },
  { shown: ["1 … 9"], says: "select a camera; again: show it alone", bindings: CAMERAS },
  // these are the tiles' own
  { shown: ["Enter", "Esc"], says: "show the camera alone; all again", bindings: [] },
  { shown: ["Alt ←", "Alt →"], says: "move the tile that has the focus", bindings: [] },
  { shown: ["F"], says: "full screen", bindings: [plain("f", { does: "fullScreen" })] },
  { shown: ["S"], says: "snapshot of the selected camera", bindings: [plain("s", { does: "snapshot" })] },
  { shown: ["?"], says: "this list", bindings: [{ keys: ["?"], action: { does: "keys" } }] },
];

/** What a key does; null: nothing here. Combinations with Ctrl, Alt and Meta are the browser's. */
export function actionOf(stroke: Stroke): Action | null {
  if (stroke.ctrlKey || stroke.altKey || stroke.metaKey) return null;
  const key = stroke.key.length === 1 ? stroke.key.toLowerCase() : stroke.key;
  const bound = KEYS.flatMap((help) => help.bindings).find(
    (binding) => binding.keys.includes(key) && (binding.shift ?? stroke.shiftKey) === stroke.shiftKey,
  );
  return bound?.action ?? null;
}

/** Actions that make sense again and again while a key is held. */
export const repeats = (action: Action): boolean => action.does === "skip" || action.does === "step";
