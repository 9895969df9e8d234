import { describe, expect, test } from "vitest";
import { certificate } from "../src/core/certificate";
import { areaPath, linePath } from "../src/core/curves";
import { cover } from "../src/core/cursor";
import { position, roundTicks, ticks } from "../src/core/positions";
import { toCsv } from "../src/core/saving";
import { spread } from "../src/parts/chart";

const META = { error: 0.00831, tolerance: 0.01, n_evaluations: 17, relative_convergence_delta: -0.0012, status: "done" };

describe("the certificate", () => {
  test.each([
    [META, "✓", "Error ≤ 0.84 % of the map · asked 1 % · 17 evaluations · convergence delta 0.12 %", false],
    [{ ...META, status: "refining", error: 0.021 }, "○", "Refining: 2.1 % now, asked 1 %", false],
    [{ ...META, status: "refining", error: null }, "○", "Refining: error not known yet, asked 1 %", false],
    [{ ...META, status: "not-met", error: 0.018, n_evaluations: 64 }, "!", "1.8 % reached, 1 % asked: 64 evaluations spent", true],
    [{ ...META, status: "rounded", error: 0.026 }, "!", "2.6 % reached, 1 % asked: the model's precision allows no more · 17 evaluations", false],
    [{ ...META, status: "rounded", error: null }, "!", "Error not known, 1 % asked: the model's precision allows no more · 17 evaluations", false],
    [{ ...META, tolerance: null, error: null, n_evaluations: 1, relative_convergence_delta: null }, "", "Error not estimated · 1 evaluation", false],
    [{ ...META, tolerance: 0.001 }, "✓", "Error ≤ 0.84 % of the map · asked 0.1 % · 17 evaluations · convergence delta 0.12 %", false],
  ])("%#", (meta, mark, words, short) => expect(certificate(meta)).toEqual({ mark, words, short }));
});

describe("charts", () => {
  test.each(["linear", "log", "symlog"] as const)("%s positions go there and back, ends on the ends", (kind) => {
    const place = position(kind, [0.5, 200], [0, 300]);
    expect(place(0.5)).toBeCloseTo(0);
    expect(place(200)).toBeCloseTo(300);
    for (const value of [0.7, 3, 150]) expect(place.invert(place(value))).toBeCloseTo(value, 8);
  });

  test("an axis of one value puts it in the middle", () => expect(position("linear", [3, 3], [0, 10])(3)).toBe(5));

  test("ticks are exact decimals within the domain", () => {
    expect(ticks(0, 1, 10)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    expect(ticks(-0.03, 0.021, 5)).toEqual([-0.03, -0.02, -0.01, 0, 0.01, 0.02]);
    expect(ticks(3, 3, 5)).toEqual([3]);
    expect(roundTicks("log", [0.01, 1000], 6)).toEqual([0.01, 0.1, 1, 10, 100, 1000]);
    expect(roundTicks("symlog", [-100, 1000], 9)).toEqual([-100, -10, -1, 0, 1, 10, 100, 1000]);
  });

  test("labels keep their distance, in order, inside", () => {
    const found = spread([50, 51, 52, 99], 14, 4, 100);
    const sorted = [...found].sort((a, b) => a - b);
    for (let i = 1; i < sorted.length; i++) expect(sorted[i] - sorted[i - 1]).toBeGreaterThanOrEqual(13.999);
    expect(Math.max(...found)).toBeLessThanOrEqual(100);
    expect([...found].sort((a, b) => a - b)).toEqual(found);
  });

  test("gaps in a line, an area there and back", () => {
    expect(linePath([[0, 1], [1, Number.NaN], [2, 3], [3, 4.126]])).toBe("M0,1M2,3L3,4.13");
    expect(areaPath([[0, 1, 5], [2, 2, 6]])).toBe("M0,1L2,2L2,6L0,5Z");
    expect(areaPath([])).toBe("");
  });
});

test("the cursor's covering cell in coarser and finer grids", () => {
  expect(cover([31, 0], [32, 32], [8, 8])).toEqual([7, 0]);
  expect(cover([12, 7], [32, 32], [32, 32])).toEqual([12, 7]);
  expect(cover([1, 1], [8, 8], [32, 32])).toEqual([6, 6]);
});

test("CSV quotes what needs it and keeps numbers whole", () =>
  expect(toCsv(["a", "b,c"], [[1.23456789, 'x"y']])).toBe('a,"b,c"\r\n1.23456789,"x""y"\r\n'));

test("no name is run as a formula by a spreadsheet, and numbers stay as they are", () =>
  expect(toCsv(["=a"], [["=cmd()"], ["@b"], ["+c"], ["-d"], ["-0.5"], [-2], ["a=b"]])).toBe("'=a\r\n'=cmd()\r\n'@b\r\n'+c\r\n'-d\r\n-0.5\r\n-2\r\na=b\r\n"));
