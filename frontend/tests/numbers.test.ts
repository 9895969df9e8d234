import { describe, expect, test } from "vitest";
import { absoluteError, error, limitText, number, place, probability, percent, spoken } from "../src/core/numbers";

describe("numbers are written as on the Python side", () => {
  test.each([
    [0.02131, false, "0.0213"],
    [-1234, false, "−1,230"],
    [1.234e-5, false, "1.23e−5"],
    [0.5, true, "+0.500"],
    [-0.5, true, "−0.500"],
    [0, true, "0"],
    [999.9, false, "1,000"],
    [1234567, false, "1.23e6"],
    [Number.NaN, false, "–"],
    [-Infinity, false, "−∞"],
  ])("number(%d, %s) is %s", (value, signed, text) => expect(number(value, signed)).toBe(text));

  test.each([
    [0.02, "0.02"],
    [1.25, "1.25"],
    [400, "400"],
    [2e-5, "2e−5"],
  ])("limitText(%d) is %s", (value, text) => expect(limitText(value)).toBe(text));

  test("places and their speech", () => {
    expect(place(1e-5)).toBe("1e−5");
    expect(place(0.025)).toBe("0.025");
    expect(place(Math.fround(0.00125))).toBe("0.00125");
    expect(spoken(1e-5)).toBe("0.00001");
    expect(spoken(Math.fround(2e-5))).toBe("0.00002");
  });

  test("probabilities never claim certainty", () => {
    expect(probability(0.6131)).toBe("61.3 %");
    expect(probability(0.0001)).toBe("< 0.1 %");
    expect(probability(0.9999)).toBe("> 99.9 %");
    expect(probability(Number.NaN)).toBe("–");
    expect(percent(0)).toBe("0 %");
    expect(percent(0.2)).toBe("20 %");
    expect(percent(0.9996)).toBe("> 99.9 %");
    expect(percent(2.5)).toBe("250 %"); // no part of a whole, but so many times it
    expect(percent(Number.POSITIVE_INFINITY)).toBe("–");
  });
});

describe("errors are rounded up", () => {
  test("one beyond all measure is short", () => expect(error(3.21e300)).toBe("3.21e302 %"));

  test.each([
    [0.00831, "0.84 %"],
    [0.0084, "0.84 %"],
    [0.018, "1.8 %"],
    [0.0999, "10 %"],
    [0.00999, "1.0 %"],
    [1.234, "124 %"],
    [0.5, "50 %"],
    [0.000012345, "0.0013 %"],
    [0, "0 %"],
  ])("error(%d) is %s", (value, text) => expect(error(value)).toBe(text));

  test("no shown error is below the true one", () => {
    for (let i = 1; i < 4000; i++) {
      const value = (i * 7.77e-5) ** 1.7;
      const shown = Number(error(value).replace(" %", "")) / 100;
      expect(shown * (1 + 1e-12)).toBeGreaterThanOrEqual(value);
      expect(shown).toBeLessThanOrEqual(value * 1.11 + 1e-12);
      expect(Number(absoluteError(value)) * (1 + 1e-12)).toBeGreaterThanOrEqual(value);
    }
  });
});
