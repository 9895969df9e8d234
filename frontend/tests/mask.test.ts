import { describe, expect, test } from "vitest";
import { between, box, type Cells, cellsOf, decodeMask, encodeMask, filled, gridOf, keptFirst, pixelsOf, stamp } from "../src/core/mask";
import { pixelsAt, ranks, shrink, visible } from "../src/core/paint";
import { inOrder } from "../src/core/said";
import { random } from "./making";

const cells = (seed: number, count: number): Cells => Uint8Array.from(random(seed, count), (v) => (v > 0 ? 1 : 0));

describe("masks", () => {
  test.each([1024, 64, 100, 7])("%d cells survive the link", (count) => {
    const mask = cells(count, count);
    const text = encodeMask(mask);
    expect(text).toMatch(/^[\w-]+$/);
    expect(decodeMask(text, count)).toEqual(mask);
  });

  test("the first cell is the highest bit of the first byte", () => {
    expect(atob(encodeMask(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)))).toBe("\x80");
    expect(atob(encodeMask(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)))).toBe("\x01");
  });

  test("a mask of another size is refused", () => {
    expect(decodeMask(encodeMask(cells(1, 64)), 1024)).toBeNull();
    expect(decodeMask("!!", 16)).toBeNull();
  });

  test("cells of a larger image cover it, and come back", () => {
    const grid = gridOf(224, 200);
    expect(grid).toEqual([32, 32]);
    const mask = cells(3, 1024);
    const pixels = pixelsOf(mask, grid, [224, 200]);
    expect(pixels).toHaveLength(224 * 200);
    expect(cellsOf(pixels, [224, 200], grid)).toEqual(mask);
  });

  test("stamps stay inside, and set or clear a square", () => {
    const empty = new Uint8Array(16);
    expect(stamp(empty, 4, [0, 0], 3, true).reduce((a, b) => a + b)).toBe(4);
    expect(stamp(empty, 4, [1, 1], 2, true)).toEqual(box(4, 4, [1, 1], [2, 2]));
    expect(stamp(box(4, 4, [0, 0], [3, 3]), 4, [1, 1], 1, false)[5]).toBe(0);
    expect(empty.some(Boolean)).toBe(false);
  });

  test("a fast drag leaves no holes", () => {
    const line = between([0, 0], [3, 9]);
    for (let i = 1; i < line.length; i++) {
      expect(Math.max(Math.abs(line[i][0] - line[i - 1][0]), Math.abs(line[i][1] - line[i - 1][1]))).toBe(1);
    }
    expect(between([2, 2], [2, 2])).toEqual([[2, 2], [2, 2]]);
  });

  test("a box by any two corners is the same", () => expect(box(5, 6, [3, 1], [1, 4])).toEqual(box(5, 6, [1, 4], [3, 1])));

  test("drag, tap and keyboard make the same bytes", () => {
    const dragged = between([2, 2], [2, 4]).reduce((mask, cell) => stamp(mask, 8, cell, 1, true), new Uint8Array(64) as Cells);
    const tapped = [[2, 2], [2, 3], [2, 4]].reduce((mask, cell) => stamp(mask, 8, cell as [number, number], 1, !mask[cell[0] * 8 + cell[1]]), new Uint8Array(64) as Cells);
    expect(encodeMask(dragged)).toBe(encodeMask(tapped));
    expect(encodeMask(box(8, 8, [2, 2], [2, 4]))).toBe(encodeMask(tapped));
  });

  test("what is shown is the image, the rest the fill", () => {
    const image = { data: Uint8Array.of(1, 2, 3, 4, 5, 6), shape: [1, 2, 3] };
    const fill = { data: Uint8Array.of(9, 9, 9, 9, 9, 9), shape: [1, 2, 3] };
    expect(Array.from(filled(image, fill, Uint8Array.of(0, 1)).data)).toEqual([9, 9, 9, 4, 5, 6]);
  });
});

describe("ranks and shares", () => {
  test("ranks order by size, first come first, and keep k pixels", () => {
    const values = [0.1, -0.5, 0.5, 0, Number.NaN];
    expect(Array.from(ranks(values))).toEqual([2, 0, 1, 3, 4]);
    expect(Array.from(keptFirst(ranks(values), 2))).toEqual([0, 1, 1, 0, 0]);
  });

  test("k per cent is round(k·H·W / 100) pixels", () => {
    expect(pixelsAt(20, 1024)).toBe(205);
    expect(pixelsAt(0, 1024)).toBe(0);
    expect(pixelsAt(100, 1024)).toBe(1024);
  });

  test("thresholds and signs hide by zero; all stay at 100 %", () => {
    const values = Float32Array.of(3, -2, 1, -4);
    expect(visible(values, "both", 100)).toBe(values);
    expect(Array.from(visible(values, "both", 50))).toEqual([3, 0, 0, -4]);
    expect(Array.from(visible(values, "for", 100))).toEqual([3, 0, 1, 0]);
    expect(Array.from(visible(values, "against", 50))).toEqual([0, 0, 0, -4]);
  });

  test("too many cells become area means", () => {
    const bytes = new Uint8ClampedArray(4 * 4 * 3);
    bytes.fill(100);
    bytes[0] = 200;
    const { data, height, width } = shrink(bytes, 4, 3, 2);
    expect([height, width]).toEqual([2, 2]);
    expect(data[0]).toBe(125);
    expect(data[4]).toBe(100);
  });
});

test("predictions are in order of probability, of logit where there is none, then of number", () => {
  expect(inOrder([0, 1, 2], [5, 1, 3], [0.2, 0.5, 0.3]).map(([name]) => name)).toEqual([1, 2, 0]);
  expect(inOrder([4, 1, 2], [1, 3, 3], [Number.NaN, Number.NaN, Number.NaN]).map(([name]) => name)).toEqual([1, 2, 4]);
});
