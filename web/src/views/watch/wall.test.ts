import { describe, expect, it } from "vitest";

import {
  arranged,
  dropped,
  gridFor,
  gridOf,
  layoutName,
  layoutOf,
  nudged,
  onPage,
  pageOf,
  pages,
  places,
} from "./wall";

describe("the grid of so many tiles", () => {
  it.each([
    [1, 16 / 9, 1, 1],
    [2, 16 / 9, 2, 1],
    [4, 16 / 9, 2, 2],
    [5, 16 / 9, 3, 2],
    [9, 16 / 9, 3, 3],
    [4, 4, 4, 1],
    [4, 0.5, 1, 4],
    [16, 16 / 9, 4, 4],
    [0, 16 / 9, 1, 1],
  ])("%i tiles on a wall of %f", (tiles, aspect, columns, rows) => {
    expect(gridFor(tiles, aspect)).toEqual({ columns, rows });
  });

  it("has a place for each, and no other grid shows larger pictures", () => {
    for (let tiles = 1; tiles <= 36; tiles += 1)
      for (const aspect of [0.3, 0.6, 1, 1.5, 16 / 9, 2.4, 5]) {
        const grid = gridFor(tiles, aspect);
        expect(places(grid)).toBeGreaterThanOrEqual(tiles);
        expect(places(grid) - tiles).toBeLessThan(grid.columns);
        const width = (columns: number, rows: number) => Math.min(aspect / columns, 16 / 9 / rows);
        for (let columns = 1; columns <= tiles; columns += 1)
          expect(width(columns, Math.ceil(tiles / columns))).toBeLessThanOrEqual(width(grid.columns, grid.rows) + 1e-6);
      }
  });

  it("follows the layout", () => {
    expect(gridOf(9, 2, 1.6)).toEqual({ columns: 3, rows: 3 });
    expect(gridOf({ columns: 5, rows: 2 }, 2, 1.6)).toEqual({ columns: 5, rows: 2 });
    expect(gridOf("auto", 2, 1.6)).toEqual({ columns: 1, rows: 2 });
    expect(places(gridOf("auto", 1000, 1.6))).toBeLessThan(50);
  });
});

describe("a layout's name", () => {
  it.each(["auto", "1", "4", "9", "16", "3x2", "6x6"])("%s is read as it is written", (name) => {
    const layout = layoutOf(name);
    expect(layout).not.toBeNull();
    expect(layout === null ? "" : layoutName(layout)).toBe(name);
  });

  it.each(["", "2", "0x1", "7x1", "1x9", "3 x 2", "11x1"])("%j is none", (name) => {
    expect(layoutOf(name)).toBeNull();
  });
});

describe("pages of tiles", () => {
  const order = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const four = { columns: 2, rows: 2 };

  it("hold each camera once", () => {
    expect(pages(10, four)).toBe(3);
    expect([0, 1, 2].flatMap((page) => onPage(order, page, four))).toEqual(order);
    expect(pages(0, four)).toBe(1);
  });

  it("are found by a tile", () => {
    expect([0, 3, 4, 9].map((tile) => pageOf(tile, 10, four))).toEqual([0, 0, 1, 2]);
    expect(pageOf(99, 10, four)).toBe(2);
    expect(pageOf(-1, 10, four)).toBe(0);
    expect(pageOf(4, 0, four)).toBe(0);
  });
});

describe("the order", () => {
  it("changes by dropping a tile on another", () => {
    expect(dropped([1, 2, 3, 4], 1, 3)).toEqual([2, 3, 1, 4]);
    expect(dropped([1, 2, 3, 4], 4, 1)).toEqual([4, 1, 2, 3]);
    expect(dropped([1, 2], 2, 2)).toEqual([1, 2]);
    expect(dropped([1, 2], 1, 7)).toEqual([1, 2]);
    expect(dropped([1, 2], 7, 1)).toEqual([1, 2]);
  });

  it("changes by steps, up to the edges", () => {
    expect(nudged([1, 2, 3, 4], 1, "right", 2)).toEqual([2, 1, 3, 4]);
    expect(nudged([1, 2, 3, 4], 1, "down", 2)).toEqual([3, 2, 1, 4]);
    expect(nudged([1, 2, 3, 4], 4, "up", 2)).toEqual([1, 4, 3, 2]);
    expect(nudged([1, 2, 3, 4], 1, "left", 2)).toEqual([1, 2, 3, 4]);
    expect(nudged([1, 2, 3, 4], 4, "down", 2)).toEqual([1, 2, 3, 4]);
    expect(nudged([1, 2], 7, "right", 2)).toEqual([1, 2]);
  });

  it("that was kept is used for the cameras that there still are", () => {
    expect(arranged([1, 2, 3, 4], [3, 1])).toEqual([3, 1, 2, 4]);
    expect(arranged([1, 2], [9, 2, 2, 1])).toEqual([2, 1]);
    expect(arranged([], [1])).toEqual([]);
  });
});
