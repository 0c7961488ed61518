/** What the browser keeps of the wall: the order of the cameras and the layout. A browser that keeps nothing costs nothing else. */
import type { Channel } from "../../state/types";
import type { Layout } from "../../state/watch";
import { layoutName, layoutOf } from "./wall";

const ORDER = "mini-nvr.order";
const LAYOUT = "mini-nvr.layout";

type Store = Pick<Storage, "getItem" | "setItem">;

function read(store: Store, key: string): string {
  try {
    return store.getItem(key) ?? "";
  } catch {
    return ""; // storage is refused
  }
}

function write(store: Store, key: string, text: string): void {
  try {
    store.setItem(key, text);
  } catch {
    // storage is refused or full: the order lasts as long as the page
  }
}

/** The cameras in the order that was kept last; empty when none was. */
export function keptOrder(store: Store): readonly Channel[] {
  const numbers = read(store, ORDER)
    .split(",")
    .map((text) => Number(text));
  return numbers.filter((channel) => Number.isInteger(channel) && channel > 0);
}

export const keepOrder = (store: Store, order: readonly Channel[]): void => write(store, ORDER, order.join(","));

export const keptLayout = (store: Store): Layout | null => layoutOf(read(store, LAYOUT));

export const keepLayout = (store: Store, layout: Layout): void => write(store, LAYOUT, layoutName(layout));
