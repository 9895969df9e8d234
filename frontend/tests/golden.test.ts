/** The page paints, rounds and writes what the Python side does (`tools/golden.py` wrote down what that is). */
import { describe, expect, test } from "vitest";
import { error, limitText, number, place, probability, percent } from "../src/core/numbers";
import { paintOverlay, type ImageBytes } from "../src/core/paint";
import { entry, ramp, type RampName, type Theme } from "../src/core/ramps";
import { beyond, ownLimit, roundUp } from "../src/core/scale";
import golden from "./golden.json";

describe("ramps", () => {
  test.each(Object.entries(golden.ramps))("%s has the same 255 entries", (key, colours) => {
    const [name, theme] = key.split(" ") as [RampName, Theme];
    expect(Array.from(ramp(name, theme))).toEqual(colours);
  });

  test("entries of values agree", () => {
    for (const [value, [signed, amount]] of golden.entries as [number, [number, number]][]) {
      expect(entry(value, 0.7, "value")).toBe(signed);
      expect(entry(value, 0.7, "amount")).toBe(amount);
    }
  });

  test.each(["light", "dark"] as const)("zero is the ground's colour and the negated value mirrors (%s)", (theme) => {
    const ground = theme === "light" ? [247, 247, 247] : [27, 29, 33];
    expect(Array.from(ramp("evidence", theme).subarray(127 * 3, 128 * 3))).toEqual(ground);
    for (const value of [0.01, 0.2, 0.77, 3]) expect(entry(value, 1, "evidence") - 127).toBe(127 - entry(-value, 1, "evidence"));
  });
});

describe("scales", () => {
  test.each(golden.round_up)("%d is rounded up to %d", (value, up) => expect(roundUp(value)).toBe(up));

  test.each(golden.maps)("own limit $limit", ({ values, limit, beyond: over }) => {
    const map = Float32Array.from(values, (text) => (text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text)));
    expect(ownLimit(map)).toBe(limit);
    expect(beyond(map, limit)).toBeCloseTo(over, 12);
  });
});

test.each(["tint", "half", "map", "image"] as const)("overlay %s agrees within one step of rounding", (style) => {
  const image: ImageBytes = { data: Uint8Array.from(golden.overlay.image), shape: [4, 4, 3] };
  const out = new Uint8ClampedArray(64);
  paintOverlay(out, Float32Array.from(golden.overlay.values), 1.25, image, { style, opacity: 80 }, ramp("evidence", "light"));
  const wanted = golden.overlay[style];
  for (let i = 0; i < 16; i++) for (let c = 0; c < 3; c++) expect(Math.abs(out[4 * i + c] - wanted[3 * i + c])).toBeLessThanOrEqual(1);
});

describe("texts", () => {
  test.each(golden.numbers as [number, string, string][])("number %d", (value, plain, signed) => {
    expect(number(value)).toBe(plain);
    expect(number(value, true)).toBe(signed);
  });
  test.each(golden.limits as [number, string][])("limit %d", (value, text) => expect(limitText(value)).toBe(text));
  test.each(golden.errors as [number, string][])("error %d", (value, text) => {
    // Python writes a whole 1.0 as 1.00 after rounding up from 0.999.
    expect(Number.parseFloat(error(value))).toBe(Number.parseFloat(text));
  });
  test.each(golden.probabilities as [number, string, string][])("probability %d", (value, text, part) => {
    expect(probability(value)).toBe(text);
    expect(percent(value)).toBe(part);
  });
  test.each(golden.places as [number, string][])("place %d", (value, text) => expect(place(value)).toBe(text));
});
