/** What a layer's payload says, channel by channel, and in which order its tiles stand. */
import type { Payload } from "../../generated/payloads";
import { cover } from "../../core/cursor";
import type { SORTS } from "../../core/link";
import { shapeText } from "../../core/numbers";
import { ownLimit } from "../../core/scale";
import { channel, numbers } from "../../core/tensors";

export interface LayerEntry {
  name: string;
  kind: string;
  height: number;
  width: number;
  channels: number;
  /** How many of the channels are in the payload. */
  shown: number;
  note: string;
  /** Channels that are the same everywhere on this image; absent where nobody counted. */
  constant?: number;
  /** The layer whose channels the kernels read; −1: the image's colours. */
  input?: number;
}

export interface Tile {
  /** Its position in the payload, and its number among all channels of the layer. */
  at: number;
  number: number;
  values: Float32Array;
  mean: number;
  maximum: number;
  minimum: number;
  above: number;
  /** The same value at every position. */
  constant: boolean;
}

export interface LayerFacts {
  index: number;
  entry: LayerEntry;
  /** Of the arrays, which may be shrunk. */
  height: number;
  width: number;
  /** By strength, as the payload has them. */
  tiles: Tile[];
  /** All values, and one scale for them. */
  all: Float32Array;
  limit: number;
}

export const sizeOf = ({ height, width, channels }: LayerEntry): string => shapeText(height * width > 1 ? [height, width, channels] : [channels]);

export const listOf = (payload: Payload<"layers">): LayerEntry[] => payload.meta.layers as LayerEntry[];

export const holds = (payload: Payload<"layers"> | null, index: number): boolean => payload?.arrays[`activation/${index}`] !== undefined;

export function layerFacts(payload: Payload<"layers">, index: number): LayerFacts {
  const { arrays } = payload;
  const [height, width] = arrays[`activation/${index}`]!.shape;
  const list = (name: string): Float32Array => numbers(arrays, `${name}/${index}`);
  const [channels, mean, maximum, minimum, above] = ["channels", "mean", "maximum", "minimum", "above"].map(list);
  const tiles = Array.from(channels, (number, at): Tile => {
    const values = channel(arrays, `activation/${index}`, at);
    const constant = maximum[at] === minimum[at] && (values.length > 1 || maximum[at] === 0);
    return { at, number, values, mean: mean[at], maximum: maximum[at], minimum: minimum[at], above: above[at], constant };
  });
  const all = new Float32Array(tiles.length * height * width);
  tiles.forEach(({ values }, i) => all.set(values, i * values.length));
  return { index, entry: listOf(payload)[index], height, width, tiles, all, limit: ownLimit(all) };
}

/** The angle of a channel's colour on the wheel, in turns from red; NaN where it follows no colour. */
export function hue(red: number, green: number, blue: number): number {
  const [x, y] = [red - (green + blue) / 2, (Math.sqrt(3) / 2) * (green - blue)];
  const turn = Math.atan2(y, x) / (2 * Math.PI);
  return Number.isFinite(red + green + blue) ? (turn + 1) % 1 : Number.NaN;
}

export type Sort = (typeof SORTS)[number];

/** The tiles in another order; by colour those that follow none come last. */
export function sorted(payload: Payload<"layers">, { index, tiles }: LayerFacts, sort: Sort): Tile[] {
  if (sort === "strength") return tiles;
  const colours = payload.arrays[`colours/${index}`]?.data as Float32Array | undefined;
  const keyOf = ({ at, number }: Tile): number => {
    if (sort === "number" || !colours) return number;
    const angle = hue(colours[3 * at], colours[3 * at + 1], colours[3 * at + 2]);
    return Number.isNaN(angle) ? 2 : angle;
  };
  return tiles.toSorted((a, b) => keyOf(a) - keyOf(b) || a.number - b.number);
}

/** Three channels side by side as one height × width × 3 array, for an image in three colours. */
export function three(tiles: readonly Tile[]): Float32Array {
  const size = tiles[0].values.length;
  const out = new Float32Array(size * 3);
  tiles.forEach(({ values }, c) => {
    for (let i = 0; i < size; i++) out[3 * i + c] = values[i];
  });
  return out;
}

/** A coarse map on a finer grid: every pixel shows the cell that covers it. */
export function enlarge(values: Float32Array, from: readonly [number, number], to: readonly [number, number]): Float32Array {
  return Float32Array.from({ length: to[0] * to[1] }, (_, i) => {
    const [row, column] = cover([Math.floor(i / to[1]), i % to[1]], to, from);
    return values[row * from[1] + column];
  });
}
