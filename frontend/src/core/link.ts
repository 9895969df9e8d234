/**
 * All state of the page, as a link: `#/view?key=value&…` with the defaults left out.
 *
 * One row of the table per key: a wrong value falls back to its default, and whoever reads the link is told which.
 * `null` means "not chosen": the first model, the first image, the predicted class, the method and baseline that a
 * comparison has found best for the model or else the usual ones.
 */
import type { ScaleChoice } from "./scale";

export const VIEWS = ["why", "attribution", "interior", "masking", "layers", "attention", "weights", "training", "mistakes", "dataset", "compare"] as const;
export type ViewName = (typeof VIEWS)[number];
export const STYLES = ["tint", "half", "map", "image"] as const;
export const SIGNS = ["both", "for", "against"] as const;
export const ORDERS = ["highest", "strongest", "lowest", "random"] as const;
export const SHOWN = ["photo", "evidence", "regions", "pixels"] as const;
export const SORTS = ["strength", "colour", "number"] as const;
export const HISTOGRAMS = ["ridges", "heat map", "before and after"] as const;
export const AXES = ["epoch", "step", "time"] as const;
export const WAYS = ["side by side", "one at a time", "swipe"] as const;
export const PANES = ["A", "B", "A − B"] as const;
export const VARIED = ["class", "image", "model", "method", "epoch"] as const;

export interface Overlay {
  style: (typeof STYLES)[number];
  /** Per cent, used by tint. */
  opacity: number;
}

export interface Link {
  view: ViewName;
  model: string | null;
  image: string | null;
  target: number | null;
  versus: number | null;
  method: string | null;
  baseline: string | null;
  tolerance: number | null;
  scale: ScaleChoice;
  alpha: number;
  overlay: Overlay;
  /** The pixels with the largest |values| that are shown, per cent. */
  top: number;
  show: (typeof SIGNS)[number];
  /** Attribution: the error's map in place of the map, and pixels drawn smoothly. */
  error: boolean;
  smooth: boolean;
  /** Interior: every channel of the gradient. */
  channels: boolean;
  /** The pinned pixel, row and column counted from 0 (on the page from 1). */
  pixel: readonly [number, number] | null;
  /** Masking: fraction shown, per cent. */
  fraction: number;
  order: (typeof ORDERS)[number];
  /** Masking: what replaces hidden pixels; null is the baseline. */
  fill: string | null;
  /** Masking: brushed mask, base64url of its bits. */
  mask: string;
  /** Why: what is shown on the photo. */
  shown: (typeof SHOWN)[number];
  /** Why: the part that was asked about, a box or a brushed mask (core/region.ts). */
  region: string;
  /** Why: the regions of every combination: a grid without, "superpixels", or brushed masks with dots between. */
  cut: string;
  layer: string | null;
  channel: number | null;
  /** Attention: the token that looks, by number (null: the class token, or all), and the head: "mean", "rollout" or a number. */
  token: number | null;
  head: string;
  /** Layers: the order of the tiles; one scale for the layer, or one for each tile; three tiles as one in colour. */
  sort: (typeof SORTS)[number];
  tiles: "layer" | "per-channel";
  three: boolean;
  /** Layers: the step at which one number of a convolution is being taken apart; null while none is. */
  step: number | null;
  /** Weights: how histograms are drawn, and whether counts are. */
  histogram: (typeof HISTOGRAMS)[number];
  logs: boolean;
  /** Weights: as the model has them, or those first that moved most; one axis for all layers. */
  layers: "moved" | "model";
  common: boolean;
  /** Training: null is epochs where they are known. */
  over: (typeof AXES)[number] | null;
  smoothing: number;
  epoch: number | null;
  /** Mistakes: the cell of the matrix that is picked, label and prediction. */
  cell: readonly [number, number] | null;
  /** Runs that are shown, with commas between; the first in detail. */
  run: string;
  /** What Compare varies, and its B. */
  vary: (typeof VARIED)[number];
  other: string;
  /** Compare: null is what the screen has room for. */
  way: (typeof WAYS)[number] | null;
  /** Compare: the map that is shown of one at a time, and where A ends and B begins, per cent. */
  pane: (typeof PANES)[number];
  edge: number;
  /** Data set: what is shown of it (frontend/dataset/state.ts). */
  rows: string;
  /** The lesson that is told and its step, as "layers:2"; empty for none. */
  lesson: string;
}

export const DEFAULTS: Link = {
  view: "why",
  model: null,
  image: null,
  target: null,
  versus: null,
  method: null,
  baseline: null,
  tolerance: null,
  scale: "per-image",
  alpha: 0.5,
  overlay: { style: "tint", opacity: 80 },
  top: 100,
  show: "both",
  error: false,
  smooth: false,
  channels: false,
  pixel: null,
  fraction: 20,
  order: "highest",
  fill: null,
  mask: "",
  shown: "evidence",
  region: "",
  cut: "",
  layer: null,
  channel: null,
  token: null,
  head: "mean",
  sort: "strength",
  tiles: "layer",
  three: false,
  step: null,
  histogram: "ridges",
  logs: false,
  layers: "moved",
  common: false,
  over: null,
  smoothing: 60,
  epoch: null,
  cell: null,
  run: "",
  vary: "class",
  other: "",
  way: null,
  pane: "A",
  edge: 50,
  rows: "",
  lesson: "",
};

/** What can't be read returns `undefined`. */
type Read<T> = (text: string) => T | undefined;

interface Row<K extends keyof Link = keyof Link> {
  field: K;
  read: Read<Link[K]>;
  write?: (value: Link[K], classes: readonly string[]) => string;
}

const oneOf =
  <T extends string>(words: readonly T[]): Read<T> =>
  (text) =>
    words.find((word) => word === text);
const within =
  (low: number, high: number, whole = false): Read<number> =>
  (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    return value >= low && value <= high && (!whole || Number.isInteger(value)) ? value : undefined;
  };
const matching =
  (pattern: RegExp): Read<string> =>
  (text) =>
    pattern.test(text) ? text : undefined;
const flag: Read<boolean> = (text) => text === "1" || undefined;
const classNumber: Read<number> = (text) => within(0, 1e7, true)(text.split("-")[0]);
const writeClass = (value: number | null, classes: readonly string[]): string => {
  const name = classes[value ?? -1];
  return name === undefined ? String(value) : `${value}-${name}`;
};
const row = <K extends keyof Link>(field: K, read: Read<Link[K]>, write?: Row<K>["write"]): Row => ({ field, read, write }) as unknown as Row;
const name = matching(/^[^\s]{1,200}$/);
const pair =
  (most: number): Read<readonly [number, number]> =>
  (text) => {
    const parts = text.split(",").map(within(0, most, true));
    return parts.length === 2 && parts.every((part) => part !== undefined) ? [parts[0] as number, parts[1] as number] : undefined;
  };

/** The keys of a link, in the order in which they are written. */
export const KEYS: Record<string, Row> = {
  n: row("model", name),
  p: row("image", matching(/^([0-9a-f]{8}|data-\d{1,10})$/)),
  c: row("target", classNumber, writeClass),
  v: row("versus", classNumber, writeClass),
  m: row("method", name),
  b: row("baseline", matching(/^.{1,60}$/)),
  t: row("tolerance", within(1e-4, 1)),
  s: row("scale", (text) => (text === "per-image" || text === "shared" ? text : within(Number.MIN_VALUE, Number.MAX_VALUE)(text))),
  a: row("alpha", within(0, 1)),
  o: row(
    "overlay",
    (text) => {
      const [word, part] = text.split(":");
      const style = oneOf(STYLES)(word);
      const opacity = part === undefined ? DEFAULTS.overlay.opacity : within(0, 100)(part);
      return style && opacity !== undefined ? { style, opacity } : undefined;
    },
    ({ style, opacity }) => (opacity === DEFAULTS.overlay.opacity ? style : `${style}:${opacity}`),
  ),
  th: row("top", within(0, 100)),
  sh: row("show", oneOf(SIGNS)),
  er: row("error", flag, () => "1"),
  sx: row("smooth", flag, () => "1"),
  ic: row("channels", flag, () => "1"),
  px: row("pixel", pair(1e5)),
  k: row("fraction", within(0, 100)),
  ko: row("order", oneOf(ORDERS)),
  kf: row("fill", matching(/^.{1,60}$/)),
  mk: row("mask", matching(/^[\w-]{2,180}$/)),
  w: row("shown", oneOf(SHOWN)),
  rg: row("region", matching(/^[\w,-]{2,180}$/)),
  cu: row("cut", matching(/^[\w-]{2,180}(\.[\w-]{2,180}){0,7}$/)),
  l: row("layer", name),
  ch: row("channel", within(0, 1e6, true)),
  tk: row("token", within(0, 1e5, true)),
  hd: row("head", matching(/^(mean|rollout|\d{1,4})$/)),
  so: row("sort", oneOf(SORTS)),
  ls: row("tiles", oneOf(["layer", "per-channel"] as const)),
  l3: row("three", flag, () => "1"),
  cv: row("step", within(0, 99, true)),
  wh: row("histogram", oneOf(HISTOGRAMS)),
  wl: row("logs", flag, () => "1"),
  wo: row("layers", oneOf(["moved", "model"] as const)),
  wa: row("common", flag, () => "1"),
  x: row("over", oneOf(AXES)),
  sm: row("smoothing", within(0, 95, true)),
  ep: row("epoch", within(0, 1e9)),
  mc: row("cell", pair(1e7)),
  r: row("run", name),
  cx: row("vary", oneOf(VARIED)),
  q: row("other", matching(/^.{1,120}$/)),
  cw: row("way", oneOf(WAYS)),
  cp: row("pane", oneOf(PANES)),
  ce: row("edge", within(0, 100)),
  d: row("rows", matching(/^[^\s]{1,4000}$/)),
  le: row("lesson", matching(/^[a-z]{2,12}:[1-9]$/)),
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Write a link; what equals its default is left out. */
export function writeLink(link: Link, classes: readonly string[] = []): string {
  const parts = Object.entries(KEYS)
    .filter(([, { field }]) => !same(link[field], DEFAULTS[field]))
    .map(([key, { field, write }]) => {
      const text = write ? write(link[field], classes) : String(link[field]);
      return `${key}=${encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":")}`;
    });
  return `#/${link.view}${parts.length ? `?${parts.join("&")}` : ""}`;
}

/** Read a link; wrong or unknown parts are named in `problems` and have their defaults. */
export function readLink(fragment: string): { link: Link; problems: string[] } {
  const [path, query = ""] = fragment.replace(/^#?\/?/, "").split("?", 2);
  const link: Link = { ...DEFAULTS };
  const problems: string[] = [];
  const view = oneOf(VIEWS)(path);
  if (view) link.view = view;
  else if (path) problems.push(`There is no view "${path}"; this is ${DEFAULTS.view}.`);
  for (const [key, text] of new URLSearchParams(query)) {
    const known = KEYS[key];
    const value = known?.read(text);
    if (!known) problems.push(`The link's "${key}" is not known and was left out.`);
    else if (value === undefined) problems.push(`The link's ${known.field} "${text}" can't be read; the default is shown.`);
    else (link as unknown as Record<string, unknown>)[known.field] = value;
  }
  return { link, problems };
}
