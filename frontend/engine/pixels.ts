/** Images as the network sees them: baselines and fills (innerview.fills), regions (partitions), and what is left of an image. */
import { BASELINES } from "./answered";
import type { ImageShape } from "./data";

/** "0.471" as Python's format has it: so many significant digits, no zeros that say nothing. */
export function general(value: number, digits: number): string {
  if (value === 0) return "0";
  const [mantissa, power] = value.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  const short = (text: string): string => (text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text);
  if (exponent < -4 || exponent >= digits) return `${short(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  return short(value.toFixed(Math.max(0, digits - 1 - exponent)));
}

/** Halves to the even neighbour, as Python rounds. */
export const rounded = (value: number): number => {
  const found = Math.round(value);
  return found - value === 0.5 && found % 2 !== 0 ? found - 1 : found;
};

export interface Fill {
  name: string;
  words: string;
  pixels: Float32Array;
}

/** One axis of a Gaussian blur as a matrix, the image mirrored at its borders. */
function gaussian(size: number, sigma: number): Float32Array {
  const radius = Math.ceil(4 * sigma);
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, at) => Math.exp(-0.5 * ((at - radius) / sigma) ** 2));
  const total = kernel.reduce((sum, one) => sum + one, 0);
  const found = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    kernel.forEach((one, at) => {
      const place = (((row + at - radius) % (2 * size)) + 2 * size) % (2 * size);
      found[row * size + (place < size ? place : 2 * size - 1 - place)] += one / total;
    });
  }
  return Float32Array.from(found);
}

function blurred(image: Float32Array, { height, width, channels }: ImageShape, sigma: number): Float32Array {
  const [rows, columns] = [gaussian(height, sigma), gaussian(width, sigma)];
  const half = new Float64Array(image.length);
  for (let row = 0; row < height; row++) {
    for (let from = 0; from < height; from++) {
      const weight = rows[row * height + from];
      if (weight) for (let at = 0; at < width * channels; at++) half[row * width * channels + at] += weight * image[from * width * channels + at];
    }
  }
  const found = new Float32Array(image.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let from = 0; from < width; from++) sum += columns[column * width + from] * half[(row * width + from) * channels + channel];
        found[(row * width + column) * channels + channel] = sum;
      }
    }
  }
  return found;
}

const LEVELS: Record<string, number> = { black: 0, white: 1, gray: 0.5 };

/** What an image starts from (`as` "baseline"), or what stands where parts of it are taken away. */
export function fillOf(name: string, image: Float32Array, shape: ImageShape, as: "baseline" | "fill"): Fill {
  if (name in LEVELS) {
    const level = LEVELS[name];
    const words = as === "fill" ? `${name} (${level})` : name === "gray" ? "gray (0.5)" : name;
    return { name, words, pixels: new Float32Array(image.length).fill(level) };
  }
  const { channels } = shape;
  if (name === "mean") {
    const sums = new Float64Array(channels);
    image.forEach((one, at) => {
      sums[at % channels] += one;
    });
    const colour = sums.map((one) => (one * channels) / image.length);
    return { name, words: `the image's mean colour (${Array.from(colour, (one) => general(one, 3)).join(", ")})`, pixels: Float32Array.from(image, (_, at) => colour[at % channels]) };
  }
  if (name === "blurred") {
    const sigma = Math.max(shape.height, shape.width) / 8;
    return { name, words: `the image blurred (Gaussian, sigma ${general(sigma, 6)} pixels)`, pixels: blurred(image, shape, sigma) };
  }
  throw new Error(`"${name}" is not made in the page; there are ${BASELINES.join(", ")}. For everything else: \`innerview serve\`.`);
}

/** Copies of an image, each with the pixels that are not kept filled. */
export function painted(image: Float32Array, fill: Float32Array, masks: readonly ArrayLike<unknown>[], channels: number): Float32Array<ArrayBuffer> {
  const found = new Float32Array(masks.length * image.length);
  masks.forEach((kept, number) => {
    const start = number * image.length;
    for (let at = 0; at < image.length; at++) found[start + at] = kept[Math.floor(at / channels)] ? image[at] : fill[at];
  });
  return found;
}

/** A grid's number of each pixel, as equal cells as pixels allow. */
export function gridLabels(height: number, width: number, rows: number, columns: number): Uint16Array<ArrayBuffer> {
  return Uint16Array.from({ length: height * width }, (_, at) => Math.floor((Math.floor(at / width) * rows) / height) * columns + Math.floor(((at % width) * columns) / width));
}

/** Cells of one area: rows that may differ by one cell, each as high as it has cells. */
export function bricks(height: number, width: number, count: number): Uint16Array<ArrayBuffer> {
  const rows = Math.min(Math.max(rounded(Math.sqrt((count * height) / width)), 1), count, height);
  const ends = Array.from({ length: rows + 1 }, (_, row) => rounded((count * row) / rows));
  const edges = ends.map((end) => rounded((height * end) / count));
  const found = new Uint16Array(height * width);
  for (let row = 0; row < rows; row++) {
    const cells = ends[row + 1] - ends[row];
    for (let at = edges[row] * width; at < edges[row + 1] * width; at++) found[at] = ends[row] + Math.floor(((at % width) * cells) / width);
  }
  return found;
}

const POSITIONS = [
  ["top left", "top", "top right"],
  ["left", "middle", "right"],
  ["bottom left", "bottom", "bottom right"],
];

/** What regions are called, by the third of the image in which their middles lie. */
export function regionNames(labels: ArrayLike<number>, height: number, width: number): string[] {
  const sums: [number, number, number][] = [];
  for (let at = 0; at < labels.length; at++) {
    const sum = (sums[labels[at]] ??= [0, 0, 0]);
    sum[0] += Math.floor(at / width) + 0.5;
    sum[1] += (at % width) + 0.5;
    sum[2] += 1;
  }
  const names = sums.map(([y, x, n]) => POSITIONS[Math.min(Math.floor((3 * (y / n)) / height), 2)][Math.min(Math.floor((3 * (x / n)) / width), 2)]);
  return names.map((name, at) => (names.filter((other) => other === name).length === 1 ? name : `${name} (${at})`));
}

/** Sums of a map over regions. */
export function sumsOver(values: ArrayLike<number>, labels: ArrayLike<number>, count: number): number[] {
  const found = Array<number>(count).fill(0);
  for (let at = 0; at < labels.length; at++) found[labels[at]] += values[at];
  return found;
}

/** How much each old place of an axis counts in each new one: areas where it shrinks, linear between centres where it grows. */
export function resizeWeights(before: number, after: number): Float32Array {
  const found = new Float32Array(before * after);
  const scale = before / after;
  for (let to = 0; to < after; to++) {
    if (after < before) {
      for (let from = Math.floor(to * scale); from < Math.min(Math.ceil((to + 1) * scale), before); from++) found[to * before + from] = Math.max(0, Math.min(from + 1, (to + 1) * scale) - Math.max(from, to * scale)) / scale;
    } else {
      const at = Math.min(Math.max((to + 0.5) * scale - 0.5, 0), before - 1);
      const first = Math.floor(at);
      const next = Math.min(first + 1, before - 1);
      found[to * before + first] += 1 - (at - first);
      found[to * before + next] += at - first;
    }
  }
  return found;
}

/** An image in another size, each axis by its own rule (innerview.data.resizing). */
export function resized(image: ArrayLike<number>, height: number, width: number, channels: number, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const half = new Float64Array(rows * width * channels);
  const down = resizeWeights(height, rows);
  for (let row = 0; row < rows; row++) {
    for (let from = 0; from < height; from++) {
      const weight = down[row * height + from];
      if (weight) for (let at = 0; at < width * channels; at++) half[row * width * channels + at] += weight * image[from * width * channels + at];
    }
  }
  const found = new Float32Array(rows * columns * channels);
  const across = resizeWeights(width, columns);
  for (let column = 0; column < columns; column++) {
    for (let from = 0; from < width; from++) {
      const weight = across[column * width + from];
      if (!weight) continue;
      for (let row = 0; row < rows; row++) for (let channel = 0; channel < channels; channel++) found[(row * columns + column) * channels + channel] += weight * half[(row * width + from) * channels + channel];
    }
  }
  return found;
}
