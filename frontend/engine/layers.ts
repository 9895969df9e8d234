/** What every layer gives for an image (innerview.viewer.payloads.layers): strongest channels, their statistics, their kernels. */
import type { Numbers } from "../src/core/safetensors";
import type { Tensor } from "../src/generated/payloads";
import { ACTIVATIONS } from "./kernel";
import type { Network, Operation } from "./network";

const BINS = 32;
const INPUTS = 8;
const WIDEST = 15;
export const FOLLOWING: readonly string[] = ["affine", ...ACTIVATIONS];
const KINDS: Record<string, string> = { "mean-pooling": "pooling", "max-pooling": "pooling", "global-mean": "mean", convolution: "convolution", dense: "dense", affine: "normalisation", softmax: "activation" };

export const kindOf = ({ kind }: Operation): string => KINDS[kind] ?? (FOLLOWING.includes(kind) ? "activation" : "other");

/** Companded bytes, a scale for each channel (`by` gives a value's channel). */
function companded(values: ArrayLike<number>, channels: number, by: (at: number) => number): [Int8Array<ArrayBuffer>, Float32Array<ArrayBuffer>] {
  const scale = new Float32Array(channels);
  for (let at = 0; at < values.length; at++) scale[by(at)] = Math.max(scale[by(at)], Math.abs(values[at]));
  const bytes = Int8Array.from({ length: values.length }, (_, at) => (scale[by(at)] ? Math.round(127 * Math.sign(values[at]) * Math.sqrt(Math.abs(values[at]) / scale[by(at)])) : 0));
  return [bytes, scale];
}

/** Shrunk so that each new place is the mean of the area that it covers. */
function areaMean(values: ArrayLike<number>, height: number, width: number, channels: number, rows: number, columns: number): Float64Array {
  if (rows === height && columns === width) return Float64Array.from(values);
  const overlap = (before: number, after: number, to: number, from: number): number => (Math.max(0, Math.min(((to + 1) * before) / after, from + 1) - Math.max((to * before) / after, from)) * after) / before;
  const found = new Float64Array(rows * columns * channels);
  for (let row = 0; row < rows; row++) {
    for (let y = Math.floor((row * height) / rows); y < Math.ceil(((row + 1) * height) / rows); y++) {
      for (let column = 0; column < columns; column++) {
        for (let x = Math.floor((column * width) / columns); x < Math.ceil(((column + 1) * width) / columns); x++) {
          const weight = overlap(height, rows, row, y) * overlap(width, columns, column, x);
          for (let channel = 0; channel < channels; channel++) found[(row * columns + column) * channels + channel] += weight * values[(y * width + x) * channels + channel];
        }
      }
    }
  }
  return found;
}

/** Correlation of each channel with red, green and blue of the image, shrunk to the layer's size; NaN where one is constant. */
function colours(values: Float32Array, places: number, channels: number, image: Float64Array | null, most: number): Float32Array<ArrayBuffer> {
  const found = new Float32Array(channels * 3).fill(Number.NaN);
  if (!image) return found;
  const centred = (source: ArrayLike<number>, depth: number, channel: number): { values: Float64Array; size: number } => {
    const one = Float64Array.from({ length: places }, (_, at) => source[at * depth + channel]);
    const mean = one.reduce((sum, value) => sum + value, 0) / places;
    const moved = one.map((value) => value - mean);
    return { values: moved, size: Math.sqrt(moved.reduce((sum, value) => sum + value * value, 0)) };
  };
  const three = [0, 1, 2].map((colour) => centred(image, 3, colour));
  // Rounding leaves a constant channel a tiny variance; a correlation with that is noise.
  const least = 1e-12 * (1 + values.reduce((size, one) => Math.max(size, Math.abs(one)), 0) * most) * places;
  for (let channel = 0; channel < channels; channel++) {
    const own = centred(values, channels, channel);
    three.forEach((other, colour) => {
      const scale = own.size * other.size;
      if (scale > least) found[channel * 3 + colour] = own.values.reduce((sum, value, at) => sum + value * other.values[at], 0) / scale;
    });
  }
  return found;
}

/** Arrays and the list of layers; `whole`: every channel of those that are wanted. */
export function layersOf(network: Network, image: Float32Array, wanted: readonly string[], whole: boolean): { arrays: Record<string, Tensor<Numbers>>; listed: Record<string, unknown>[] } {
  const { operations, input } = network.description;
  const unknown = wanted.find((name) => !operations.some((one) => one.name === name));
  if (unknown !== undefined) throw new Error(`There is no layer ${unknown}; there are ${operations.map(({ name }) => name).join(", ")}.`);
  const [most, side] = [whole ? 65_536 : 27, 64];
  // Behind a mean, or where all is in one row, values have no positions any more.
  const placed: boolean[] = [];
  for (const { kind, from } of operations) placed.push(!["global-mean", "flatten", "dense"].includes(kind) && (from[0] === 0 || placed[from[0] - 1]));
  const { activations } = network.forward(image, wanted);
  const brightest = image.reduce((size, one) => Math.max(size, Math.abs(one)), 0);
  const arrays: Record<string, Tensor<Numbers>> = {};
  const floats = (name: string, values: ArrayLike<number>, ...shape: number[]): void => {
    arrays[name] = { data: Float32Array.from(values), shape };
  };
  const listed = operations.map((operation, number) => {
    const { name } = operation;
    const [height, width, channels] = network.layers[number].shape;
    const entry: Record<string, unknown> = { name, kind: kindOf(operation), height, width, channels, shown: 0, constant: 0, note: "not among the layers that are shown unasked" };
    const values = activations.get(name);
    if (!values) return entry;
    const places = height * width;
    const strength = new Float64Array(channels);
    const [low, high] = [new Float32Array(channels).fill(Number.POSITIVE_INFINITY), new Float32Array(channels).fill(Number.NEGATIVE_INFINITY)];
    values.forEach((one, at) => {
      const channel = at % channels;
      strength[channel] += Math.abs(one);
      low[channel] = Math.min(low[channel], one);
      high[channel] = Math.max(high[channel], one);
    });
    const chosen = Array.from(strength.keys()).sort((a, b) => strength[b] - strength[a] || a - b).slice(0, most);
    const n = chosen.length;
    const picked = Float32Array.from({ length: places * n }, (_, at) => values[Math.floor(at / n) * channels + chosen[at % n]]);
    const [rows, columns] = [Math.min(side, height), Math.min(side, width)];
    const [bytes, scale] = companded(areaMean(picked, height, width, n, rows, columns), n, (at) => at % n);
    arrays[`activation/${number}`] = { data: bytes, shape: [rows, columns, n] };
    floats(`activation/${number}/scale`, scale, n);
    arrays[`channels/${number}`] = { data: Uint32Array.from(chosen), shape: [n] };
    const [mean, above] = [new Float64Array(n), new Float64Array(n)];
    picked.forEach((one, at) => {
      mean[at % n] += one / places;
      above[at % n] += Number(one > 0) / places;
    });
    const [first, last] = [Math.min(...chosen.map((at) => low[at])), Math.max(...chosen.map((at) => high[at]))];
    const end = last > first ? last : first + 1;
    const edges = Array.from({ length: BINS + 1 }, (_, at) => (at === BINS ? end : first + (at * (end - first)) / BINS));
    const histogram = new Uint32Array(n * BINS);
    picked.forEach((one, at) => {
      let bin = Math.min(BINS - 1, Math.max(0, Math.floor(((one - first) / (end - first)) * BINS)));
      // Rounding may put a value on the wrong side of an edge.
      if (one < edges[bin]) bin -= 1;
      else if (bin < BINS - 1 && one >= edges[bin + 1]) bin += 1;
      histogram[(at % n) * BINS + bin] += 1;
    });
    floats(`mean/${number}`, mean, n);
    floats(`maximum/${number}`, chosen.map((at) => high[at]), n);
    floats(`minimum/${number}`, chosen.map((at) => low[at]), n);
    floats(`above/${number}`, above, n);
    arrays[`histogram/${number}`] = { data: histogram, shape: [n, BINS] };
    floats(`edges/${number}`, edges, BINS + 1);
    const small = input.channels === 3 ? areaMean(image, input.height, input.width, 3, height, width) : null;
    if (placed[number]) {
      const all = colours(values, places, channels, small, brightest);
      floats(`colours/${number}`, chosen.flatMap((at) => [...all.subarray(3 * at, 3 * at + 3)]), n, 3);
    }
    const shrunk = Math.max(height, width) > side ? [`${height} × ${width} shrunk to ${rows} × ${columns}`] : [];
    const still = low.reduce((count, one, channel) => count + Number(places > 1 ? high[channel] === one : one === 0), 0);
    Object.assign(entry, { shown: n, constant: still, note: [...(n < channels ? [`showing ${n} of ${channels} channels, the strongest`] : []), ...shrunk].join("; ") });
    const kernels = kernelsOf(network, number);
    if (kernels) {
      const { shape, data, source } = kernels;
      const [, inputs, down, across] = shape;
      const size = down * across;
      const count = Math.min(INPUTS, inputs);
      const weights: number[] = [];
      const numbers: number[] = [];
      for (const channel of chosen) {
        const sums = Array.from({ length: inputs }, (_, one) => data.subarray((channel * inputs + one) * size, (channel * inputs + one + 1) * size).reduce((sum, value) => sum + Math.abs(value), 0));
        const best = Array.from(sums.keys()).sort((a, b) => sums[b] - sums[a] || a - b).slice(0, count);
        numbers.push(...best);
        for (const one of best) weights.push(...data.subarray((channel * inputs + one) * size, (channel * inputs + one + 1) * size));
      }
      const [packed, sizes] = companded(weights, n, (at) => Math.floor(at / (count * size)));
      arrays[`kernels/${number}`] = { data: packed, shape: [n, count, down, across] };
      floats(`kernels/${number}/scale`, sizes, n);
      arrays[`inputs/${number}`] = { data: Uint16Array.from(numbers), shape: [n, count] };
      entry.input = source;
    }
    return entry;
  });
  return { arrays, listed };
}

/** The kernels that make a layer's channels, and the number of the layer that they read (-1: the image). */
function kernelsOf(network: Network, number: number): { data: Float32Array; shape: number[]; source: number } | null {
  const { operations } = network.description;
  let at = number;
  while (at >= 0 && FOLLOWING.includes(operations[at].kind)) at = operations[at].from[0] - 1;
  const operation = operations[at];
  if (operation?.kind !== "convolution" || (operation.groups ?? 1) > 1) return null;
  const { shape, data } = network.weight(operation.weight);
  return Math.max(shape[2], shape[3]) <= WIDEST ? { shape, data, source: operation.from[0] - 1 } : null;
}
