import { expect, test } from "vitest";
import { EXPANDED } from "../src/core/companding";
import { lookingOf } from "../src/views/attention/rows";

/** Two heads of three tokens; the first is nowhere in the image, the others are a grid of one row. */
const bytes = Int8Array.from([127, 0, 0, 0, 127, 0, 0, 0, 127, 0, 127, 0, 127, 0, 0, 0, 127, 0]);
const payload = {
  arrays: { weights: { data: bytes, shape: [2, 3, 3] }, "weights/scale": { data: Float32Array.of(1, 1), shape: [2] } },
  meta: { start: 1, rows: 1, columns: 2, layers: ["a"], layer: "a", missing: null },
} as never;

test("a row is what one token takes from those of the grid; the rest is beside", () => {
  expect(EXPANDED[127]).toBeCloseTo(1);
  const looking = lookingOf(payload);
  expect(looking.other).toBe(0);
  expect([...looking.row("0", 1)]).toEqual([1, 0]);
  expect(looking.beside("0", 0)).toBe(1);
  expect([...looking.row("1", 0)]).toEqual([1, 0]);
  expect([...looking.row("mean", 2)]).toEqual([0.5, 0.5]);
  expect(looking.beside("mean", 1)).toBe(0.5);
  expect([...looking.row("0", null)].map((value) => Math.round(3 * value))).toEqual([1, 1]);
});
