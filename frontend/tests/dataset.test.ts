import { describe, expect, test } from "vitest";
import { inside, NONE, Rows, simplified } from "../dataset/rows";
import { keysOfFloats, keysOfWholes, orderOf } from "../dataset/sorting";
import { CORNERS, filtered, PARTS, readState, START, type State, writeState } from "../dataset/state";
import type { Payload } from "../src/generated/payloads";

const EXAMPLES: [string, Partial<State>][] = [
  ["y:3", { label: 3 }],
  ["y:none", { label: -1 }],
  ["p:0", { predicted: 0 }],
  ["ok:wrong", { right: "wrong" }],
  ["r:margin,,0.5", { range: { column: "margin", low: null, high: 0.5 } }],
  ["r:loss,-1,2e-7", { range: { column: "loss", low: -1, high: 2e-7 } }],
  ["g:1", { group: 0 }],
  ["g:any", { group: "any" }],
  ["q:a%3Bb%20%C3%BC", { name: "a;b ü" }],
  ["s:-loss", { sort: { column: "loss", descending: true } }],
  ["w:table", { shown: "table" }],
  ["o:map", { over: "map" }],
  ["e:umap", { method: "umap" }],
  ["c:label", { colour: "label" }],
  ["z:0,0,1,0,0.5,-2", { lasso: [[0, 0], [1, 0], [0.5, -2]] }],
  ["b:,1.5,-2,", { box: [null, 1.5, -2, null] }],
];

describe("what is shown, as a part of the link", () => {
  test.each(EXAMPLES)("%s is read and written", (text, patch) => {
    const { state, problems } = readState(text);
    expect(problems).toEqual([]);
    expect(state).toEqual({ ...START, ...patch });
    expect(writeState(state).replace("2e-7", "2e-7")).toBe(text);
  });

  test("every part has an example, and all together are one link", () => {
    expect(new Set(EXAMPLES.map(([text]) => text.split(":")[0]))).toEqual(new Set(Object.keys(PARTS)));
    const all = Object.assign({}, START, ...EXAMPLES.map(([, patch]) => patch)) as State;
    expect(readState(writeState(all))).toEqual({ state: all, problems: [] });
    expect(writeState(START)).toBe("");
    expect([filtered(START), filtered({ ...START, shown: "table" }), filtered({ ...START, name: "a" })]).toEqual([false, false, true]);
  });

  test.each(["y:cat", "y:-3", "ok:maybe", "r:margin", "r:margin,a,b", "r:a b,1,2", "g:0", "s:-", "z:0,0,1,1", "z:0,0,1,x,2,2", "b:1,2,3", "w:list", "nothing", "zz:1", "q:%E0%A4%A"])("%s falls back and says so", (text) => {
    const { state, problems } = readState(text);
    expect(state).toEqual(START);
    expect(problems).toHaveLength(1);
  });

  test("a drawn line fits into a link, whatever was drawn", () => {
    const line = Array.from({ length: 500 }, (_, i) => [Math.cos(i / 80) * -123456.789, Math.sin(i / 80) * 1e-5] as const);
    const lasso = simplified(line, CORNERS);
    expect(lasso).toHaveLength(CORNERS);
    const text = writeState({ ...START, lasso });
    expect(text.length).toBeLessThan(1500);
    expect(readState(text).problems).toEqual([]);
  });
});

/** Numbers that repeat, from a small generator of its own. */
function draws(count: number, most: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % most;
  });
}

describe("orders", () => {
  test.each([false, true])("floats sort as numbers, what is none comes last, equal ones stay (descending %s)", (descending) => {
    const values = Float32Array.from([3, -1.5, Number.NaN, 0, Infinity, -Infinity, 1e-30, -1e-30, ...draws(500, 20).map((one) => one - 10), Number.NaN]);
    const wanted = [...values.keys()].sort((a, b) => {
      const [x, y] = [values[a], values[b]];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
      return (descending ? Math.sign(y - x) || (y > x ? 1 : y < x ? -1 : 0) : x < y ? -1 : x > y ? 1 : 0) || a - b;
    });
    expect([...orderOf(keysOfFloats(values, descending))]).toEqual(wanted);
  });

  test("whole numbers too, beyond sixteen bits", () => {
    const values = draws(1000, 200_000, 7);
    expect([...orderOf(keysOfWholes(values, false, -1))]).toEqual([...values.keys()].sort((a, b) => values[a] - values[b] || a - b));
    expect([...orderOf(keysOfWholes([2, 9, 5, 9], true, 9))]).toEqual([2, 0, 1, 3]);
  });
});

const tensor = <T>(data: T): { data: T; shape: number[] } => ({ data, shape: [(data as ArrayLike<number>).length] });

function textsOf(texts: readonly string[]): [Uint8Array, Uint32Array] {
  const encoded = texts.map((text) => new TextEncoder().encode(text));
  let end = 0;
  return [Uint8Array.from(encoded.flatMap((one) => [...one])), Uint32Array.from(encoded, (one) => (end += one.length))];
}

/** Six images of two classes: one unlabelled, one without an answer. */
function rows(): Rows {
  const [names, name_ends] = textsOf(["cat/B.png", "cat/a.png", "dog/é.png", "dog/c.png", "dog/gone.png", "È/x.png"]);
  const [problems, problem_ends] = textsOf(["dog/gone.png can't be read"]);
  return new Rows({
    kind: "dataset",
    arrays: {
      index: tensor(Uint32Array.from([0, 1, 5, 6, 7, 9])),
      label: tensor(Uint16Array.from([0, 0, 1, 1, 1, NONE])),
      predicted: tensor(Uint16Array.from([0, 1, 1, 0, NONE, 1])),
      correct: tensor(Uint8Array.from([1, 0, 1, 0, 2, 2])),
      "number/margin": tensor(Float32Array.from([2, 0.5, 1, 3, Number.NaN, 0.25])),
      region: tensor(Uint16Array.from([3, 0, NONE, 1, NONE, 2])),
      strange: tensor(Uint32Array.from([0, 0, 0, 0, 0, 1])),
      names: tensor(names),
      name_ends: tensor(name_ends),
      problem_rows: tensor(Uint32Array.from([4])),
      problems: tensor(problems),
      problem_ends: tensor(problem_ends),
      member_rows: tensor(Uint32Array.from([1, 3, 3])),
      member_groups: tensor(Uint32Array.from([1, 0, 1])),
      member_examples: tensor(Uint8Array.from([1, 0, 0])),
    },
    meta: { classes: ["cat", "dog"], columns: [["margin", "Margin", "of the outputs"]], regions: [2, 2], strange: ["È"], groups: ["one", "two"], group_answers: ["dog", "cat"] },
  } as unknown as Payload<"dataset">);
}

const POINTS = { x: Float32Array.from([0, 1, 2, 3, Number.NaN, 5]), y: Float32Array.from([0, 1, 0, 1, Number.NaN, 5]) };

describe("rows", () => {
  const kept = (patch: Partial<State>): number[] => {
    const found = rows();
    return [...found.select(found.mask({ ...START, ...patch }, POINTS), START.sort)];
  };

  test.each([
    [{}, [0, 1, 2, 3, 4, 5]],
    [{ label: 0 }, [0, 1]],
    [{ label: -1 }, [5]],
    [{ predicted: 1 }, [1, 2, 5]],
    [{ predicted: -1 }, [4]],
    [{ right: "wrong" }, [1, 3]],
    [{ right: "unknown" }, [4, 5]],
    [{ right: "problem" }, [4]],
    [{ range: { column: "margin", low: 0.5, high: 2 } }, [0, 1, 2]],
    [{ range: { column: "margin", low: null, high: 0.4 } }, [5]],
    [{ range: { column: "margin", low: null, high: null } }, [0, 1, 2, 3, 4, 5]],
    [{ group: "any" }, [1, 3]],
    [{ group: 0 }, [3]],
    [{ name: "CAT/b" }, [0]],
    [{ name: "é" }, [2]],
    [{ name: "È/X" }, [5]],
    [{ name: "png" }, [0, 1, 2, 3, 4, 5]],
    [{ box: [0.5, null, null, 1] }, [1, 2, 3]],
    [{ lasso: [[-1, -1], [2.5, -1], [2.5, 2], [-1, 2]] }, [0, 1, 2]],
    [{ label: 1, predicted: 0, right: "wrong", name: "dog" }, [3]],
  ] satisfies [Partial<State>, number[]][])("%j keeps %j", (patch, wanted) => {
    expect(kept(patch)).toEqual(wanted);
  });

  test("a map that is not there yet filters nothing", () => {
    expect(rows().mask({ ...START, box: [9, null, null, null] }, null)).toEqual(new Uint8Array(6).fill(1));
  });

  test.each([
    ["margin", false, [5, 1, 2, 0, 3, 4]],
    ["margin", true, [3, 0, 2, 1, 5, 4]],
    ["label", true, [2, 3, 4, 0, 1, 5]],
    ["correct", false, [1, 3, 0, 2, 4, 5]],
    ["region", false, [1, 3, 5, 0, 2, 4]],
    ["group", false, [3, 1, 0, 2, 4, 5]],
    ["name", false, [0, 1, 3, 4, 2, 5]],
    ["name", true, [5, 2, 4, 3, 1, 0]],
    ["index", true, [5, 4, 3, 2, 1, 0]],
  ] as const)("sorted by %s (descending %s)", (column, descending, wanted) => {
    expect([...rows().order({ column, descending })]).toEqual(wanted);
  });

  test("names, problems, regions and groups are those of the row", () => {
    const found = rows();
    expect([found.name(0), found.name(2), found.name(5)]).toEqual(["cat/B.png", "dog/é.png", "È/x.png"]);
    expect([found.problem(4), found.problem(3)]).toEqual(["dog/gone.png can't be read", null]);
    expect([found.region(0), found.region(2)]).toEqual(["2, 2", ""]);
    expect([found.groupsOf(3), found.groupsOf(0)]).toEqual([[0, 1], []]);
  });

  test("the confusion matrix counts what is kept and known", () => {
    const found = rows();
    expect([...found.confusion(found.mask(START, null))]).toEqual([1, 1, 1, 1]);
    expect([...found.confusion(found.mask({ ...START, right: "wrong" }, null))]).toEqual([0, 1, 1, 0]);
    expect([...found.counts("label", found.mask(START, null))]).toEqual([2, 3, 1]);
  });

  test("a label that is no class of the model is told by its name", () => {
    const found = rows();
    expect([0, 4, 5].map((row) => found.labelName(row))).toEqual(["cat", "dog", "È"]);
    expect(found.csv(Uint32Array.from([5]))[1]).toBe("9,È/x.png,È,dog,,0.25,\"2, 1\",,\r\n");
  });

  test("the CSV holds what is kept, in its order, with names that need quotes", () => {
    const found = rows();
    const text = found.csv(found.select(found.mask({ ...START, right: "wrong" }, null), { column: "margin", descending: true })).join("");
    expect(text).toBe("index,image,label,predicted,correct,margin,region,groups,problem\r\n6,dog/c.png,dog,cat,False,3,\"1, 2\",1 2,\r\n1,cat/a.png,cat,dog,False,0.5,\"1, 1\",2,\r\n");
  });

  test("what is inside of a line that crosses a hollow is told by its crossings", () => {
    const corners = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]] as const;
    const of = inside(corners, { x: Float32Array.from([2, 0.5, 3.5, 2]), y: Float32Array.from([3, 2, 2, 0.5]) });
    expect([0, 1, 2, 3].map(of)).toEqual([false, true, true, true]);
  });
});
