/** The rows of a survey: found by filters, put in order, counted and written down. No screen. */
import type { Cell } from "../src/core/saving";
import { toCsv } from "../src/core/saving";
import type { Payload } from "../src/generated/payloads";
import { keysOfFloats, keysOfWholes, orderOf } from "./sorting";
import { FILTERS, type State } from "./state";

/** Stands for "unknown" among numbers of classes. */
export const NONE = 65_535;
/** Masks that are kept. */
const MASKS = 8;
const WRONG = 0;
const RIGHT = 1;
const UNKNOWN = 2;

export interface Column {
  key: string;
  title: string;
  /** What it holds, in words; of numbers. */
  says: string;
  kind: "text" | "class" | "number";
}

/** Where the images lie on the map. */
export interface Points {
  x: Float32Array;
  y: Float32Array;
}

const utf8 = new TextDecoder();

export class Rows {
  readonly count: number;
  readonly classes: readonly string[];
  readonly groups: readonly string[];
  readonly columns: readonly Column[];
  readonly #payload: Payload<"dataset">;
  readonly #strange: readonly string[];
  readonly #problems = new Map<number, number>();
  readonly #groups = new Map<number, number[]>();
  readonly #orders = new Map<string, Uint32Array>();
  /** Masks that were worked out, the latest last: the parts of the view ask for several, and often for the same. */
  readonly #masks = new Map<string, Uint8Array>();
  #placed: Points | null = null;

  constructor(payload: Payload<"dataset">) {
    const { arrays, meta } = payload;
    this.#payload = payload;
    this.count = arrays.index.data.length;
    this.classes = meta.classes as string[];
    this.groups = meta.groups as string[];
    this.#strange = meta.strange as string[];
    arrays.problem_rows.data.forEach((row, at) => this.#problems.set(row, at));
    arrays.member_rows.data.forEach((row, at) => this.#groups.set(row, [...(this.#groups.get(row) ?? []), arrays.member_groups.data[at]]));
    const numbers = meta.columns as [string, string, string][];
    this.columns = [
      { key: "name", title: "Image", says: "where it is", kind: "text" },
      { key: "label", title: "Label", says: "its class in the data set", kind: "class" },
      { key: "predicted", title: "Prediction", says: "the model's answer", kind: "class" },
      { key: "correct", title: "Right", says: "whether both agree", kind: "text" },
      ...numbers.map(([key, title, says]): Column => ({ key, title, says, kind: "number" })),
      ...(arrays.region ? [{ key: "region", title: "Region", says: "the region that does most: row, column", kind: "text" } as const] : []),
      ...(this.groups.length ? [{ key: "group", title: "Group", says: "suspicious groups that it is in", kind: "text" } as const] : []),
      { key: "index", title: "No.", says: "its number in the data set, from 0", kind: "text" },
    ];
  }

  get regions(): readonly [number, number] | null {
    return this.#payload.meta.regions as [number, number] | null;
  }

  index = (row: number): number => this.#payload.arrays.index.data[row];
  label = (row: number): number => this.#payload.arrays.label.data[row];
  predicted = (row: number): number => this.#payload.arrays.predicted.data[row];
  correct = (row: number): number => this.#payload.arrays.correct.data[row];
  number = (key: string, row: number): number => this.numbers(key)?.[row] ?? Number.NaN;
  numbers = (key: string): Float32Array | undefined => this.#payload.arrays[`number/${key}`]?.data;
  groupsOf = (row: number): readonly number[] => this.#groups.get(row) ?? [];

  name(row: number): string {
    const { names, name_ends } = this.#payload.arrays;
    return utf8.decode(names.data.subarray(row ? name_ends.data[row - 1] : 0, name_ends.data[row]));
  }

  problem(row: number): string | null {
    const at = this.#problems.get(row);
    if (at === undefined) return null;
    const { problems, problem_ends } = this.#payload.arrays;
    return utf8.decode(problems.data.subarray(at ? problem_ends.data[at - 1] : 0, problem_ends.data[at]));
  }

  /** The label's name; of one that is no class of the model too. Null where the data set says none. */
  labelName(row: number): string | null {
    const label = this.label(row);
    if (label !== NONE) return this.classes[label] ?? String(label);
    return this.#strange[(this.#payload.arrays.strange?.data[row] ?? 0) - 1] ?? null;
  }

  /** "2, 3": row and column of the region that does most; empty where there is none. */
  region(row: number): string {
    const at = this.#payload.arrays.region?.data[row] ?? NONE;
    const columns = this.regions?.[1] ?? 1;
    return at === NONE ? "" : `${Math.floor(at / columns) + 1}, ${(at % columns) + 1}`;
  }

  /** All rows by a column; what has no value comes last. An unknown column is the data set's own order. */
  order({ column, descending }: State["sort"]): Uint32Array {
    const key = `${descending ? "-" : ""}${column}`;
    const known = this.#orders.get(key) ?? this.#sorted(column, descending);
    this.#orders.set(key, known);
    return known;
  }

  #sorted(column: string, descending: boolean): Uint32Array {
    const { arrays } = this.#payload;
    const numbers = this.numbers(column);
    if (numbers) return orderOf(keysOfFloats(numbers, descending));
    if (column === "label" || column === "predicted") return orderOf(keysOfWholes(arrays[column].data, descending, NONE));
    if (column === "correct") return orderOf(keysOfWholes(arrays.correct.data, descending, UNKNOWN));
    if (column === "region" && arrays.region) return orderOf(keysOfWholes(arrays.region.data, descending, NONE));
    if (column === "group") {
      const first = new Uint32Array(this.count).fill(NONE);
      for (const [row, groups] of this.#groups) first[row] = Math.min(...groups);
      return orderOf(keysOfWholes(first, descending, NONE));
    }
    if (column === "name") return this.#byName(descending);
    return orderOf(keysOfWholes(arrays.index.data, descending, -1));
  }

  /** By the bytes of the names, which sort as their letters do. */
  #byName(descending: boolean): Uint32Array {
    const { names, name_ends } = this.#payload.arrays;
    const [bytes, ends] = [names.data, name_ends.data];
    const order = Uint32Array.from({ length: this.count }, (_, row) => row);
    const sign = descending ? -1 : 1;
    return order.sort((a, b) => {
      let [i, k] = [a ? ends[a - 1] : 0, b ? ends[b - 1] : 0];
      for (; i < ends[a] && k < ends[b]; i++, k++) if (bytes[i] !== bytes[k]) return sign * (bytes[i] - bytes[k]);
      return sign * (ends[a] - i - (ends[b] - k)) || a - b;
    });
  }

  /** Which rows pass the filters, but for those that are left out: 1 for each that does. */
  mask(state: State, points: Points | null, but: readonly (keyof State)[] = []): Uint8Array {
    if (points !== this.#placed) this.#masks.clear();
    this.#placed = points;
    const key = JSON.stringify(FILTERS.map((field) => (but.includes(field) ? null : state[field])));
    const known = this.#masks.get(key) ?? this.#masked(state, points, but);
    this.#masks.delete(key);
    this.#masks.set(key, known);
    if (this.#masks.size > MASKS) this.#masks.delete(this.#masks.keys().next().value!);
    return known;
  }

  #masked(state: State, points: Points | null, but: readonly (keyof State)[]): Uint8Array {
    const keep = new Uint8Array(this.count).fill(1);
    const { label, predicted, correct } = this.#payload.arrays;
    const asked = <K extends keyof State>(field: K): State[K] | null => (but.includes(field) ? null : state[field]);
    const drop = (passes: (row: number) => boolean): void => {
      for (let row = 0; row < keep.length; row++) if (keep[row] && !passes(row)) keep[row] = 0;
    };
    const only = (values: Uint16Array, wanted: number | null): void => {
      if (wanted === null) return;
      const value = wanted === -1 ? NONE : wanted;
      drop((row) => values[row] === value);
    };
    only(label.data, asked("label"));
    only(predicted.data, asked("predicted"));
    const right = asked("right");
    if (right === "problem") drop((row) => this.#problems.has(row));
    else if (right) {
      const wanted = { wrong: WRONG, right: RIGHT, unknown: UNKNOWN }[right];
      drop((row) => correct.data[row] === wanted);
    }
    const range = asked("range");
    const numbers = range && this.numbers(range.column);
    if (range && numbers && (range.low !== null || range.high !== null)) {
      const [low, high] = [range.low ?? -Infinity, range.high ?? Infinity];
      drop((row) => numbers[row] >= low && numbers[row] <= high); // NaN is neither
    }
    const group = asked("group");
    if (group !== null) drop((row) => (group === "any" ? this.#groups.has(row) : this.groupsOf(row).includes(group)));
    const name = asked("name");
    if (name) this.#named(name, keep);
    const box = asked("box");
    if (box && points) {
      const [left, right, bottom, top] = [box[0] ?? -Infinity, box[1] ?? Infinity, box[2] ?? -Infinity, box[3] ?? Infinity];
      const { x, y } = points;
      drop((row) => x[row] >= left && x[row] <= right && y[row] >= bottom && y[row] <= top);
    }
    const lasso = asked("lasso");
    if (lasso && points) drop(inside(lasso, points));
    return keep;
  }

  /** Rows whose names hold a text, whatever the case of a to z. */
  #named(text: string, keep: Uint8Array): void {
    const lower = (byte: number): number => (byte >= 65 && byte <= 90 ? byte + 32 : byte);
    const wanted = new TextEncoder().encode(text).map(lower);
    const { names, name_ends } = this.#payload.arrays;
    const [bytes, ends] = [names.data, name_ends.data];
    for (let row = 0; row < keep.length; row++) {
      if (!keep[row]) continue;
      let found = false;
      for (let at = row ? ends[row - 1] : 0; at + wanted.length <= ends[row] && !found; at++) {
        let k = 0;
        while (k < wanted.length && lower(bytes[at + k]) === wanted[k]) k++;
        found = k === wanted.length;
      }
      if (!found) keep[row] = 0;
    }
  }

  /** The rows that are kept, in order. */
  select(keep: Uint8Array, sort: State["sort"]): Uint32Array {
    const order = this.order(sort);
    const found = new Uint32Array(this.count);
    let count = 0;
    for (let i = 0; i < order.length; i++) if (keep[order[i]]) found[count++] = order[i];
    return found.subarray(0, count);
  }

  /** Images by label (rows) and prediction (columns), of those kept where both are known. */
  confusion(keep: Uint8Array): Uint32Array {
    const { label, predicted } = this.#payload.arrays;
    const n = this.classes.length;
    const cells = new Uint32Array(n * n);
    for (let row = 0; row < keep.length; row++) if (keep[row] && label.data[row] !== NONE && predicted.data[row] !== NONE) cells[label.data[row] * n + predicted.data[row]]++;
    return cells;
  }

  /** How many of those kept each class has, by label or by prediction; the last number is of those without. */
  counts(field: "label" | "predicted", keep: Uint8Array): Uint32Array {
    const { data } = this.#payload.arrays[field];
    const found = new Uint32Array(this.classes.length + 1);
    for (let row = 0; row < keep.length; row++) if (keep[row]) found[Math.min(data[row], this.classes.length)]++;
    return found;
  }

  /** Rows as CSV, in parts of some thousand lines, so that a million make no single text. */
  csv(chosen: Uint32Array): string[] {
    const numbers = this.columns.filter(({ kind }) => kind === "number").map(({ key }) => key);
    const heads = ["index", "image", "label", "predicted", "correct", ...numbers, "region", "groups", "problem"];
    const className = (index: number): string => (index === NONE ? "" : (this.classes[index] ?? String(index)));
    const line = (row: number): Cell[] => [
      this.index(row),
      this.name(row),
      this.labelName(row) ?? "",
      className(this.predicted(row)),
      ["False", "True", ""][this.correct(row)],
      ...numbers.map((key) => ((value) => (Number.isNaN(value) ? "" : value))(this.number(key, row))),
      this.region(row),
      this.groupsOf(row).map((group) => group + 1).join(" "),
      this.problem(row) ?? "",
    ];
    const parts = [toCsv(heads, [])];
    for (let at = 0; at < chosen.length; at += 10_000) parts.push(toCsv([], Array.from(chosen.subarray(at, at + 10_000), line)).replace(/^\r\n/, ""));
    return parts;
  }
}

/** Whether a point lies inside a closed line: it crosses the line an odd number of times on its way out. */
export function inside(corners: readonly (readonly [number, number])[], { x, y }: Points): (row: number) => boolean {
  const xs = corners.map(([one]) => one);
  const ys = corners.map(([, one]) => one);
  const [left, right, bottom, top] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return (row) => {
    const [px, py] = [x[row], y[row]];
    if (!(px >= left && px <= right && py >= bottom && py <= top)) return false;
    let odd = false;
    for (let i = 0, k = xs.length - 1; i < xs.length; k = i++) {
      if (ys[i] > py !== ys[k] > py && px < ((xs[k] - xs[i]) * (py - ys[i])) / (ys[k] - ys[i]) + xs[i]) odd = !odd;
    }
    return odd;
  };
}

/** A drawn line with at most so many corners: those that it bends at most are kept. */
export function simplified(line: readonly (readonly [number, number])[], most: number): (readonly [number, number])[] {
  const kept = [...line];
  const bend = (i: number): number => {
    const [ax, ay] = kept[(i + kept.length - 1) % kept.length];
    const [bx, by] = kept[i];
    const [cx, cy] = kept[(i + 1) % kept.length];
    return Math.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)); // twice the area that goes with the corner
  };
  while (kept.length > most) {
    let least = 0;
    let found = Infinity;
    for (let i = 0; i < kept.length; i++) {
      const area = bend(i);
      if (area < found) [least, found] = [i, area];
    }
    kept.splice(least, 1);
  }
  return kept;
}
