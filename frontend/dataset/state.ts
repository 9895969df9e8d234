/**
 * What is shown of a data set, as one text of the link: `key:value;key:value`, with the defaults left out.
 *
 * It is a part of the link of its own, so that only this chunk knows what it means. A wrong value falls back to its
 * default, and whoever reads it is told which.
 */

export const RIGHTS = ["wrong", "right", "unknown", "problem"] as const;
export const COLOURS = ["correct", "label", "prediction"] as const;

export interface State {
  /** Number of a class; −1 for unknown; null for all. */
  label: number | null;
  predicted: number | null;
  right: (typeof RIGHTS)[number] | null;
  /** A column of numbers and what it may be; a missing end is open. */
  range: { column: string; low: number | null; high: number | null } | null;
  /** A suspicious group, from 0; "any"; null for all images. */
  group: number | "any" | null;
  /** Part of the image's name. */
  name: string;
  sort: { column: string; descending: boolean };
  shown: "gallery" | "table";
  over: "confusion" | "map";
  /** How images are placed on the map. */
  method: "pca" | "umap";
  colour: (typeof COLOURS)[number];
  /** A drawn line around images, corner after corner, in the map's own numbers. */
  lasso: readonly (readonly [number, number])[] | null;
  /** A box of the map: from and to along each axis; null is open. */
  box: readonly (number | null)[] | null;
}

export const START: State = {
  label: null,
  predicted: null,
  right: null,
  range: null,
  group: null,
  name: "",
  sort: { column: "index", descending: false },
  shown: "gallery",
  over: "confusion",
  method: "pca",
  colour: "correct",
  lasso: null,
  box: null,
};

export const FILTERS = ["label", "predicted", "right", "range", "group", "name", "lasso", "box"] as const satisfies readonly (keyof State)[];

/** Corners of a line at most, so that a link stays short. */
export const CORNERS = 48;

type Read<T> = (text: string) => T | undefined;

const oneOf =
  <T extends string>(...words: readonly T[]): Read<T> =>
  (text) =>
    words.find((word) => word === text);
const whole = (text: string): number | undefined => (/^\d{1,7}$/.test(text) ? Number(text) : undefined);
const classOf: Read<number> = (text) => (text === "none" ? -1 : whole(text));
const writeClass = (value: number | null): string => (value === -1 ? "none" : String(value));
const decimal = (text: string): number | undefined => {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
};
const open = (text: string): number | null | undefined => (text === "" ? null : decimal(text));
const short = (value: number | null): string => (value === null ? "" : String(Number(value.toPrecision(5))));
const COLUMN = /^[a-z_]{1,20}$/;

interface Part<K extends keyof State> {
  field: K;
  read: Read<State[K]>;
  write: (value: NonNullable<State[K]>) => string;
}

const part = <K extends keyof State>(field: K, read: Read<State[K]>, write: (value: NonNullable<State[K]>) => string = String): Part<keyof State> => ({ field, read, write }) as unknown as Part<keyof State>;

export const PARTS: Record<string, Part<keyof State>> = {
  y: part("label", classOf, writeClass),
  p: part("predicted", classOf, writeClass),
  ok: part("right", oneOf(...RIGHTS)),
  r: part(
    "range",
    (text) => {
      const [column, low, high, more] = text.split(",");
      const ends = [low ?? "x", high ?? "x"].map(open);
      return COLUMN.test(column) && more === undefined && ends.every((end) => end !== undefined) ? { column, low: ends[0]!, high: ends[1]! } : undefined;
    },
    ({ column, low, high }) => [column, short(low), short(high)].join(","),
  ),
  g: part("group", (text) => (text === "any" ? "any" : ((found) => (found ? found - 1 : undefined))(whole(text))), (value) => (value === "any" ? value : String(value + 1))),
  q: part("name", (text) => {
    try {
      return decodeURIComponent(text).slice(0, 200) || undefined;
    } catch {
      return undefined;
    }
  }, encodeURIComponent),
  s: part(
    "sort",
    (text) => {
      const column = text.replace(/^-/, "");
      return COLUMN.test(column) ? { column, descending: text !== column } : undefined;
    },
    ({ column, descending }) => `${descending ? "-" : ""}${column}`,
  ),
  w: part("shown", oneOf("gallery", "table")),
  o: part("over", oneOf("confusion", "map")),
  e: part("method", oneOf("pca", "umap")),
  c: part("colour", oneOf(...COLOURS)),
  z: part(
    "lasso",
    (text) => {
      const values = text.split(",").map(decimal);
      const pairs = values.length >= 6 && values.length <= 2 * CORNERS && values.length % 2 === 0 && values.every((value) => value !== undefined);
      return pairs ? Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i]!, values[2 * i + 1]!] as const) : undefined;
    },
    (corners) => corners.flatMap(([x, y]) => [short(x), short(y)]).join(","),
  ),
  b: part(
    "box",
    (text) => {
      const ends = text.split(",").map(open);
      return ends.length === 4 && ends.every((end) => end !== undefined) ? (ends as (number | null)[]) : undefined;
    },
    (ends) => ends.map(short).join(","),
  ),
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export const writeState = (state: State): string =>
  Object.entries(PARTS)
    .filter(([, { field }]) => !same(state[field], START[field]))
    .map(([key, { field, write }]) => `${key}:${write(state[field] as never)}`)
    .join(";");

export function readState(text: string): { state: State; problems: string[] } {
  const state: State = { ...START };
  const problems: string[] = [];
  for (const each of text.split(";").filter(Boolean)) {
    const at = each.indexOf(":");
    const known = PARTS[each.slice(0, at)];
    const value = known?.read(each.slice(at + 1));
    if (value === undefined) problems.push(`The link's "${each.slice(0, 60)}" can't be read and was left out.`);
    else (state as unknown as Record<string, unknown>)[known.field] = value;
  }
  return { state, problems };
}

export const filtered = (state: State): boolean => FILTERS.some((field) => !same(state[field], START[field]));
