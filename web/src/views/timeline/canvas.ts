/** The canvas of the timeline: as many pixels as the screen has, painted at most once a frame of the screen. */
import type { Attachment } from "svelte/attachments";

import type { Layout } from "../../timeline/geometry/layout";
import type { View } from "../../timeline/geometry/view";
import { Painter } from "../../timeline/painter/paint";
import { type Palette, paletteOf } from "../../timeline/painter/palette";
import type { Scene } from "../../timeline/painter/scene";
import { makeSheet } from "../../timeline/painter/sheet";

export interface Picture {
  /** Called before each picture with the time of the frame; returns whether the next one follows at once. */
  frame(nowMs: number): boolean;
  scene(measure: (text: string) => number, dpr: number): Scene;
}

/** Paints when asked to; asked often it paints once. */
export class TimelineCanvas {
  readonly #painter = new Painter(makeSheet());
  readonly #widths = new Map<string, number>();
  #canvas: HTMLCanvasElement | null = null;
  #palette: Palette | null = null;
  #paletteFor = "";
  #requested = 0;

  constructor(private readonly picture: Picture) {}

  readonly place: Attachment<HTMLCanvasElement> = (canvas) => {
    this.#canvas = canvas;
    this.ask();
    return () => {
      cancelAnimationFrame(this.#requested);
      this.#requested = 0;
      this.#canvas = null;
    };
  };

  /** Something changed. */
  ask(): void {
    if (this.#requested === 0 && this.#canvas !== null) {
      this.#requested = requestAnimationFrame((nowMs) => this.#paint(nowMs));
    }
  }

  #paint(nowMs: number): void {
    this.#requested = 0;
    const brush = this.#canvas?.getContext("2d", { alpha: false });
    if (this.#canvas === null || brush === null || brush === undefined) return;
    const dpr = Math.max(1, window.devicePixelRatio);
    const palette = this.#paletteOf(this.#canvas, dpr);
    const again = this.picture.frame(nowMs);
    brush.font = palette.font;
    const scene = this.picture.scene((text) => this.#widthOf(brush, text), dpr);
    fit(this.#canvas, scene.view, scene.layout, dpr);
    this.#painter.paint(brush, scene, palette);
    if (again) this.ask();
  }

  #paletteOf(canvas: HTMLCanvasElement, dpr: number): Palette {
    const name = `${document.documentElement.dataset["theme"] ?? ""} ${dpr}`;
    if (this.#palette === null || name !== this.#paletteFor) {
      this.#palette = paletteOf(canvas, dpr);
      this.#paletteFor = name;
    }
    return this.#palette;
  }

  #widthOf(brush: CanvasRenderingContext2D, text: string): number {
    let width = this.#widths.get(text);
    if (width === undefined) {
      width = brush.measureText(text).width;
      if (this.#widths.size > 2_000) this.#widths.clear();
      this.#widths.set(text, width);
    }
    return width;
  }
}

function fit(canvas: HTMLCanvasElement, view: View, layout: Layout, dpr: number): void {
  const [width, height] = [Math.round(view.widthPx * dpr), Math.round(layout.height * dpr)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
