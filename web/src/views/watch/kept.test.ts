import { expect, it } from "vitest";

import { keepLayout, keepOrder, keptLayout, keptOrder } from "./kept";

function memory(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
  } as Storage;
}

it("is read as it was kept", () => {
  const store = memory();
  expect([keptOrder(store), keptLayout(store)]).toEqual([[], null]);
  keepOrder(store, [3, 1, 12]);
  keepLayout(store, { columns: 3, rows: 2 });
  expect([keptOrder(store), keptLayout(store)]).toEqual([[3, 1, 12], { columns: 3, rows: 2 }]);
});

it("takes nothing that is no camera and no layout", () => {
  const store = memory();
  store.setItem("mini-nvr.order", "2,x,-1,1.5,,4");
  store.setItem("mini-nvr.layout", "<b>");
  expect([keptOrder(store), keptLayout(store)]).toEqual([[2, 4], null]);
});

it("does without a browser that refuses", () => {
  const refuse = () => {
    throw new DOMException("refused", "SecurityError");
  };
  const store = { getItem: refuse, setItem: refuse };
  expect(keptOrder(store)).toEqual([]);
  keepOrder(store, [1]);
});
