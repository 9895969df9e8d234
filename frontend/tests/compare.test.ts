/** Two maps: their difference, what lies within both errors, and when there is none. */
import { describe, expect, test } from "vitest";
import { correlation, difference, mixed, scales, type Side, whyNot } from "../src/views/compare/facts";

const side = (values: number[], error: number[] | null, but: Partial<Side> = {}): Side => ({
  words: "",
  values: Float32Array.from(values),
  error: error && Float32Array.from(error),
  height: 2,
  width: 2,
  ramp: "evidence",
  unit: "logit",
  meaning: "contribution",
  image: null,
  certificate: "",
  ...but,
});

describe("two maps", () => {
  const a = side([1, 2, 3, 4], [0.1, 0.1, 0.1, 0.1]);
  const b = side([1.1, 1, 3, -4], [0.2, 0.1, 0.1, 0.1]);

  test("are subtracted, and their errors added", () => {
    const { values, error, within, cells } = difference(a, b);
    expect(Array.from(values, (v) => Math.round(10 * v) / 10)).toEqual([-0.1, 1, 0, 8]);
    expect(error![0]).toBeCloseTo(0.3, 6);
    expect(Array.from(within!)).toEqual([1, 0, 1, 0]);
    expect(cells).toBe(2);
  });

  test("without an error nothing is called too small", () => expect(difference(a, side([1, 2, 3, 4], null)).within).toBeNull());

  test("share one scale, which a pinned one replaces", () => {
    expect(scales(a, b, "per-image").map(({ limit, mode }) => [limit, mode])).toEqual([[4, "shared"], [4, "shared"]]);
    expect(scales(a, b, 0.5)[1]).toEqual({ limit: 0.5, mode: "pinned" });
  });

  test("of two images, sizes, units or meanings are not subtracted, and have two scales where they measure different things", () => {
    expect(whyNot(a, b, "class")).toBe("");
    expect(whyNot(a, b, "image")).toContain("don't correspond");
    expect(whyNot(a, { ...b, width: 1, height: 4 }, "model")).toContain("sizes");
    const other = side([100, 0, 0, 0], null, { meaning: "sensitivity", ramp: "value" });
    expect(whyNot(a, other, "method")).toContain("different things");
    expect(scales(a, other, 0.5).map(({ limit, mode }) => [limit, mode])).toEqual([[4, "per-image"], [100, "per-image"]]);
  });

  test("agree or disagree", () => {
    expect(correlation(a.values, a.values.map((v) => 3 * v + 1))).toBeCloseTo(1, 6);
    expect(correlation(a.values, a.values.map((v) => -v))).toBeCloseTo(-1, 6);
  });

  test("behind a swipe: A to its left, B to its right", () => {
    expect(Array.from(mixed(a.values, b.values, 2, 1))).toEqual([1, 1, 3, -4]);
    expect(Array.from(mixed(Uint8Array.of(1, 1, 1, 2, 2, 2), Uint8Array.of(9, 9, 9, 8, 8, 8), 2, 1, 3))).toEqual([1, 1, 1, 8, 8, 8]);
  });
});
