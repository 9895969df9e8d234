/**
 * From numbers to pixels: every function fills RGBA bytes of one cell per array element, and nothing is smoothed.
 *
 *     tint      (1 − o·|t|)·g + o·|t|·R(sign t): strength is opacity, the grey image stays readable
 *     half      g/2 + R(t)/2
 *     map       R(t)
 *     image   the image itself
 *
 * with t = clamp(v/S, −1, 1), g the image's brightness squeezed to 0.2 … 0.8, R the ramp of the theme: the formulas
 * of the Python side (`innerview.images.overlay`).
 */
import type { Tensor } from "../generated/payloads";
import type { Link, Overlay } from "./link";
import { entry, MIDDLE, type Ramp, type RampName, rint } from "./ramps";

export type Rgba = Uint8ClampedArray<ArrayBuffer>;
/** height × width × 1 or 3 bytes. */
export type ImageBytes = Tensor<Uint8Array>;

/** Places of the values by size, the largest first; equal sizes in reading order. Rank 0 is the strongest. */
export function ranks(values: ArrayLike<number>): Uint32Array {
  const sizes = Float64Array.from(values, (v) => (Number.isFinite(v) ? Math.abs(v) : -1));
  const order = Uint32Array.from(sizes, (_, i) => i).sort((a, b) => sizes[b] - sizes[a] || a - b);
  const found = new Uint32Array(sizes.length);
  order.forEach((at, rank) => {
    found[at] = rank;
  });
  return found;
}

/** Pixels at a share in per cent: round(k·H·W/100), halves to even, as on the Python side. */
export const pixelsAt = (percent: number, size: number): number => rint((percent * size) / 100);

/** The values that are drawn: only one sign, or only the strongest share; what is hidden is 0, what is not a number stays. */
export function visible(values: Float32Array, show: Link["show"], percent: number): Float32Array {
  if (show === "both" && percent >= 100) return values;
  const shown = percent >= 100 ? values.length : pixelsAt(percent, values.length);
  const rank = percent >= 100 ? null : ranks(values);
  return values.map((v, i) => {
    if (rank && rank[i] >= shown) return 0;
    return (show === "for" && v < 0) || (show === "against" && v > 0) ? 0 : v;
  });
}

export function paintImage(out: Rgba, { data, shape }: ImageBytes): void {
  const channels = shape[2] ?? 1;
  for (let i = 0; i < out.length / 4; i++) {
    for (let c = 0; c < 3; c++) out[4 * i + c] = data[channels === 1 ? i : channels * i + c];
    out[4 * i + 3] = 255;
  }
}

/** Signed values of three channels at once: 128 + 127·clamp(v/S), so that zero is mid-grey in both themes. */
export function paintRgb(out: Rgba, values: Float32Array, limit: number, channels = 3): void {
  for (let i = 0; i < out.length / 4; i++) {
    for (let c = 0; c < 3; c++) {
      const t = values[channels === 1 ? i : channels * i + c] / limit;
      out[4 * i + c] = 128 + 127 * (Number.isNaN(t) ? 0 : Math.max(-1, Math.min(1, t)));
    }
    out[4 * i + 3] = 255;
  }
}

export function paintMap(out: Rgba, values: ArrayLike<number>, limit: number, name: RampName, colours: Ramp): void {
  for (let i = 0; i < out.length / 4; i++) {
    const at = 3 * entry(values[i], limit, name);
    out[4 * i] = colours[at];
    out[4 * i + 1] = colours[at + 1];
    out[4 * i + 2] = colours[at + 2];
    out[4 * i + 3] = 255;
  }
}

/** Brightness of a colour, squeezed to 0.2 … 0.8 of 255. */
export const squeezed = (red: number, green: number, blue: number): number => 51 + 0.6 * (0.299 * red + 0.587 * green + 0.114 * blue);

/** The same of pixel `i`. */
const grey = ({ data, shape }: ImageBytes, i: number): number =>
  (shape[2] ?? 1) === 1 ? squeezed(data[i], data[i], data[i]) : squeezed(data[3 * i], data[3 * i + 1], data[3 * i + 2]);

/** A signed map laid over its image. */
export function paintOverlay(
  out: Rgba,
  values: ArrayLike<number>,
  limit: number,
  image: ImageBytes,
  { style, opacity }: Overlay,
  colours: Ramp,
  name: RampName = "evidence",
): void {
  if (style === "image") return paintImage(out, image);
  if (style === "map") return paintMap(out, values, limit, name, colours);
  for (let i = 0; i < out.length / 4; i++) {
    const ratio = values[i] / limit;
    const t = Number.isNaN(ratio) ? 0 : Math.max(-1, Math.min(1, ratio));
    const g = grey(image, i);
    const at = 3 * (style === "half" ? entry(t, 1, name) : MIDDLE + Math.sign(t) * MIDDLE);
    const o = style === "half" ? 0.5 : (opacity / 100) * Math.abs(t);
    for (let c = 0; c < 3; c++) out[4 * i + c] = (1 - o) * g + o * colours[at + c];
    out[4 * i + 3] = 255;
  }
  return undefined;
}

/** What a ramp looks like in a blend, over a grey of middle brightness: the colours of a legend. */
export function blended(colours: Ramp, name: RampName, overlay: Overlay | null): Rgba {
  const entries = colours.length / 3;
  const out: Rgba = new Uint8ClampedArray(4 * entries);
  const middle: ImageBytes = { data: new Uint8Array(entries).fill(128), shape: [1, entries, 1] };
  const values = Array.from({ length: entries }, (_, i) => (name === "amount" ? i / (entries - 1) : (i - MIDDLE) / MIDDLE));
  paintOverlay(out, values, 1, middle, overlay && overlay.style !== "image" ? overlay : { style: "map", opacity: 100 }, colours, name);
  return out;
}

/** Area mean over blocks of `factor` cells, for arrays that have more cells than the screen has room for. */
export function shrink(from: Rgba, height: number, width: number, factor: number): { data: Rgba; height: number; width: number } {
  const [rows, columns] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const data = new Uint8ClampedArray(rows * columns * 4);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [bottom, right] = [Math.min(height, (row + 1) * factor), Math.min(width, (column + 1) * factor)];
      const sum = [0, 0, 0, 0];
      for (let y = row * factor; y < bottom; y++) {
        for (let x = column * factor; x < right; x++) for (let c = 0; c < 4; c++) sum[c] += from[4 * (y * width + x) + c];
      }
      const cells = (bottom - row * factor) * (right - column * factor);
      for (let c = 0; c < 4; c++) data[4 * (row * columns + column) + c] = sum[c] / cells;
    }
  }
  return { data, height: rows, width: columns };
}
