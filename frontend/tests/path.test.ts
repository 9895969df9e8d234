import { describe, expect, test } from "vitest";
import { compand, EXPANDED } from "../src/core/companding";
import type { ImageBytes } from "../src/core/paint";
import { blend, bytesLimit, nearest, Path } from "../src/core/path";
import { readKind } from "../src/core/safetensors";
import { ownLimit } from "../src/core/scale";
import { landmarks } from "../src/views/interior/alpha";
import { pathBlob, random } from "./making";

const image: ImageBytes = { data: Uint8Array.from({ length: 192 }, (_, i) => (i * 7) % 256), shape: [8, 8, 3] };
const ALPHAS = [0, 1e-5, 0.001, 0.03, 0.1, 0.5, 1];
const path = (alphas = ALPHAS, missing: number[] = []): Path => new Path(readKind("path", pathBlob(alphas, missing).buffer), image);

describe("the path", () => {
  test("is the baseline at 0 and the image at 1, byte for byte", () => {
    const made = path();
    expect(made.imageAt(0).data).toEqual(made.payload.arrays.baseline.data);
    expect(made.imageAt(1).data).toEqual(image.data);
  });

  test("lies between them elsewhere", () => {
    const a: ImageBytes = { data: Uint8Array.of(0, 200, 10), shape: [1, 1, 3] };
    const b: ImageBytes = { data: Uint8Array.of(100, 0, 10), shape: [1, 1, 3] };
    expect(Array.from(blend(a, b, 0.25).data)).toEqual([25, 150, 10]);
  });

  test("stops are plain decimals, missing ones among them, and show the nearest computed one", () => {
    const made = path([0, 0.001, 0.1, 1], [0.01, 0.5]);
    expect(made.stops).toEqual([0, 0.001, 0.01, 0.1, 0.5, 1]);
    expect(made.alphas).toEqual([0, 0.001, 0.1, 1]);
    expect(made.alphas[made.at(0.01)]).toBe(0.001);
    expect(made.frame("cumulative", 0.5).alpha).toBe(0.1);
  });

  test("the contribution is gradient × (image − baseline), summed over the channels", () => {
    const made = path();
    const gradient = made.frame("gradients", 0.1).values;
    const found = made.frame("contribution", 0.1).values;
    const { data: from } = made.payload.arrays.baseline;
    for (const i of [0, 17, 63]) {
      const wanted = [0, 1, 2].reduce((sum, c) => sum + (gradient[3 * i + c] * (image.data[3 * i + c] - from[3 * i + c])) / 255, 0);
      expect(found[i]).toBeCloseTo(wanted, 5);
    }
  });

  test("a pixel's curve has its contributions", () => {
    const made = path();
    const curve = made.curve(2, 3);
    expect(curve.map(([alpha]) => alpha)).toEqual(ALPHAS);
    expect(curve[4][1]).toBe(made.frame("contribution", 0.1).values[2 * 8 + 3]);
  });

  test("says the answer that it is told, also one that is not among the shown classes, and a course follows one class", () => {
    const made = path();
    expect(made.says(0).map(([name]) => name)).toEqual([7, 0, 4]);
    expect(made.says(1).map(([name]) => name)).toEqual([0, 4]);
    expect(made.says(ALPHAS.length - 1)[0][0]).toBe(4);
    expect(Array.from(made.course("logits", 4)!)).toEqual(ALPHAS.map((a) => Math.fround(2 * a)));
    expect(made.course("logits", 9)).toBeNull();
  });

  test("the path's limit is the largest own one", () => {
    const made = path();
    const own = ALPHAS.slice(1).map((alpha) => made.frame("cumulative", alpha).limit);
    expect(made.limit("cumulative")).toBe(Math.max(...own));
  });
});

test("counting bytes gives the limit that sorting numbers gives", () => {
  for (const [seed, count] of [[1, 64], [2, 100], [3, 101], [4, 3072], [5, 5]]) {
    const { bytes, scale } = compand(random(seed, count).map((v) => v ** 3));
    expect(bytesLimit(bytes, scale)).toBe(ownLimit(Float64Array.from(bytes, (q) => scale * EXPANDED[q & 255])));
  }
  expect(bytesLimit(new Int8Array(9), 1)).toBe(1);
});

test("nearest takes the first of equals", () => expect(nearest([0, 1, 2], 0.5)).toBe(0));

test("landmarks keep their distance, both ends always among them", () => {
  const stops = [0, 1e-5, 1e-4, 0.001, 0.002, 0.01, 0.02, 0.05, 0.1, 0.4, 0.7, 1];
  for (const width of [150, 300, 900]) {
    const found = landmarks(stops, width);
    expect(found[0]).toBe(0);
    expect(found.at(-1)).toBe(stops.length - 1);
    for (let i = 1; i < found.length; i++) expect(((found[i] - found[i - 1]) * width) / (stops.length - 1)).toBeGreaterThanOrEqual(39.9);
  }
});
