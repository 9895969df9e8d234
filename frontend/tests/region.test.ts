/** Regions as texts: a box stays a box, anything else is a mask, and cells follow the server's rounding. */
import { describe, expect, it } from "vitest";
import { decodeMask, encodeMask } from "../src/core/mask";
import { boxOf, cellsOfRegion, edge, middlesOf, outline, regionOf } from "../src/core/region";

const grid = [4, 5] as const;

describe("regions", () => {
  it("a rectangle of cells is a box, and back", () => {
    const cells = Uint8Array.from({ length: 20 }, (_, i) => (Math.floor(i / 5) >= 1 && Math.floor(i / 5) < 3 && i % 5 >= 2 ? 1 : 0));
    expect(regionOf(cells, grid, grid)).toBe("2,1,3,2");
    expect(cellsOfRegion("2,1,3,2", grid, grid)).toEqual(cells);
  });
  it("anything else is a mask, and nothing is an empty one", () => {
    const cells = new Uint8Array(20);
    expect(regionOf(cells, grid, grid)).toBe(encodeMask(cells));
    cells[0] = cells[7] = 1;
    expect(decodeMask(regionOf(cells, grid, grid), 20)).toEqual(cells);
    expect(cellsOfRegion(regionOf(cells, grid, grid), grid, grid)).toEqual(cells);
  });
  it("of a large image the edges are those of the server's cells", () => {
    for (const [cells, pixels] of [[32, 224], [32, 50], [7, 10]]) {
      const first = Array.from({ length: cells }, (_, cell) => Array.from({ length: pixels }, (__, p) => p).find((p) => Math.floor((p * cells) / pixels) === cell));
      expect(first).toEqual(Array.from({ length: cells }, (_, cell) => edge(cell, cells, pixels)));
    }
    const cells = cellsOfRegion("14,7,21,14", [32, 32], [224, 224]);
    expect(regionOf(cells, [32, 32], [224, 224])).toBe("14,7,21,14");
  });
  it("four whole numbers are a box even out of range; all else is none", () => {
    expect(boxOf("-1,2,3,400")).toEqual([-1, 2, 3, 400]);
    for (const text of ["", "1,2,3", "1,2,3,4,5", "AAAA", "1.5,2,3,4"]) expect(boxOf(text)).toBeNull();
  });
  it("an outline runs where marked and unmarked meet", () => {
    expect(outline("2,1,3,2", grid, grid)).toBe("M2 1h3v2h-3z");
    const one = new Uint8Array(20);
    one[6] = 1;
    one[13] = 1;
    expect(outline(encodeMask(one), grid, grid).match(/M/g)).toHaveLength(8);
  });
  it("a number stands well inside its region, even where the region's middle is not", () => {
    const [height, width] = [12, 20];
    const inner = (y: number, x: number): boolean => y >= 3 && y < 9 && x >= 5 && x < 13;
    const labels = Uint16Array.from({ length: height * width }, (_, at) => (inner(Math.floor(at / width), at % width) ? 0 : 1));
    const [hole, ring, none] = middlesOf(labels, height, width, 3);
    expect(hole).toEqual([5.5 / height, 8.5 / width]);
    const [y, x] = [Math.floor(ring![0] * height), Math.floor(ring![1] * width)];
    expect(x).toBeGreaterThanOrEqual(15); // the broad side of the ring
    expect(labels[y * width + x]).toBe(1);
    expect(none).toBeNull();
  });
});
