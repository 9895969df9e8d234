/**
 * The way from the baseline (alpha 0) to the image (alpha 1), ready for a slider: every stop's image, gradient,
 * contribution and sum so far, decoded when it is first shown.
 *
 * While the payload is still growing, a stop that is not there yet shows the nearest one that is, and says so.
 */
import type { Payload } from "../generated/payloads";
import { EXPANDED } from "./companding";
import type { ImageBytes } from "./paint";
import { rint } from "./ramps";
import { ownLimit, roundUp } from "./scale";
import { inOrder, type Said, saidFirst } from "./said";
import { frame, rowOf } from "./tensors";

export interface Frame {
  values: Float32Array;
  /** The frame's own limit of the scale. */
  limit: number;
  /** Where the frame really is: the nearest alpha that has one. */
  alpha: number;
}

export type Stack = "gradients" | "contribution" | "cumulative";

/** Six digits are what a float32 can be trusted with: 0.00125, not 0.0012499999720603228. */
const clean = (alpha: number): number => Number(alpha.toPrecision(6));

/** The own limit of companded bytes: their sizes are ordered as |q|, so that counting replaces sorting. */
export function bytesLimit(bytes: Int8Array, scale: number): number {
  const counts = new Uint32Array(129);
  for (let i = 0; i < bytes.length; i++) counts[Math.abs(bytes[i])]++;
  // −128 is no finite number and has no size.
  const last = bytes.length - 1 - counts[128];
  const at = Math.floor(last * 0.99);
  const sizeAt = (place: number): number => {
    let seen = 0;
    for (let q = 0; q < counts.length; q++) {
      seen += counts[q];
      if (seen > place) return scale * EXPANDED[q];
    }
    return 0;
  };
  const pair = [sizeAt(at), sizeAt(Math.min(at + 1, last))];
  const found = pair[0] + (pair[1] - pair[0]) * (last * 0.99 - at);
  const largest = last < 0 ? 0 : sizeAt(last);
  return largest === 0 ? 1 : roundUp(found || largest);
}

/** The entry nearest to `wanted` in an ascending list. */
export function nearest(ascending: ArrayLike<number>, wanted: number): number {
  let best = 0;
  for (let i = 1; i < ascending.length; i++) if (Math.abs(ascending[i] - wanted) < Math.abs(ascending[best] - wanted)) best = i;
  return best;
}

/** Baseline + alpha · (image − baseline), in bytes; exact at 0 and 1. */
export function blend(baseline: ImageBytes, image: ImageBytes, alpha: number): ImageBytes {
  // A plain loop: `Uint8Array.from` takes ten times as long, and this is drawn at every step.
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < data.length; i++) data[i] = rint(baseline.data[i] + alpha * (image.data[i] - baseline.data[i]));
  return { data, shape: image.shape };
}

export class Path {
  /** Every alpha of the slider, computed or still missing. */
  readonly stops: readonly number[];
  /** Alphas that are computed. */
  readonly alphas: readonly number[];
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly payload: Payload<"path">;
  readonly image: ImageBytes;
  readonly #difference: Float32Array;
  readonly #frames = new Map<string, Frame>();
  readonly #limits = new Map<Stack, number>();

  constructor(payload: Payload<"path">, image: ImageBytes) {
    this.payload = payload;
    this.image = image;
    const { arrays, meta } = payload;
    this.alphas = Array.from(arrays.alphas.data, clean);
    const missing = ((meta.missing ?? []) as number[]).map(clean);
    this.stops = [...new Set([...this.alphas, ...missing])].sort((a, b) => a - b);
    [, this.height, this.width, this.channels] = arrays.gradients.shape;
    this.#difference = Float32Array.from(image.data, (v, i) => (v - arrays.baseline.data[i]) / 255);
  }

  /** The computed alpha nearest to a stop, as an index into `alphas`. */
  at(alpha: number): number {
    return nearest(this.alphas, alpha);
  }

  imageAt(alpha: number): ImageBytes {
    return blend(this.payload.arrays.baseline, this.image, alpha);
  }

  #alphasOf(stack: Stack): Float32Array {
    const { arrays } = this.payload;
    if (stack === "cumulative") return arrays.cumulative_alphas.data;
    return stack === "contribution" && arrays.contribution_alphas ? arrays.contribution_alphas.data : arrays.gradient_alphas.data;
  }

  frame(stack: Stack, alpha: number): Frame {
    const alphas = this.#alphasOf(stack);
    return this.#frameAt(stack, nearest(alphas, alpha), alphas);
  }

  #frameAt(stack: Stack, index: number, alphas: Float32Array): Frame {
    const key = `${stack} ${index}`;
    const known = this.#frames.get(key);
    if (known) return known;
    const { arrays } = this.payload;
    const packed = stack === "contribution" ? arrays.contribution : arrays[stack];
    let found: Frame;
    if (packed) {
      const size = packed.data.length / packed.shape[0];
      const scale = arrays[`${stack}/scale`]!.data[index];
      const bytes = packed.data.subarray(index * size, (index + 1) * size);
      found = { values: frame(arrays, stack, index), limit: bytesLimit(bytes, scale), alpha: clean(alphas[index]) };
    } else {
      const values = this.sum(this.#frameAt("gradients", index, alphas).values, this.#difference);
      found = { values, limit: ownLimit(values), alpha: clean(alphas[index]) };
    }
    this.#frames.set(key, found);
    return found;
  }

  /** Sum over the channels, each weighted. */
  sum(values: Float32Array, weights?: Float32Array): Float32Array {
    const out = new Float32Array(this.height * this.width);
    for (let i = 0, k = 0; i < out.length; i++) {
      let total = 0;
      for (let c = 0; c < this.channels; c++, k++) total += weights ? values[k] * weights[k] : values[k];
      out[i] = total;
    }
    return out;
  }

  /** The largest own limit along the path. */
  limit(stack: Stack): number {
    const known = this.#limits.get(stack);
    if (known !== undefined) return known;
    const alphas = this.#alphasOf(stack);
    let largest = 0;
    for (let i = 0; i < alphas.length; i++) {
      const { values, limit } = this.#frameAt(stack, i, alphas);
      // A frame of zeros has no limit of its own.
      if (limit > largest && values.some((v) => v !== 0)) largest = limit;
    }
    this.#limits.set(stack, largest || 1);
    return largest || 1;
  }

  /** One pixel's contribution at every alpha that has one: pairs of alpha and value. */
  curve(row: number, column: number): [number, number][] {
    const alphas = this.#alphasOf("contribution");
    return Array.from(alphas, (alpha, i) => [clean(alpha), this.#frameAt("contribution", i, alphas).values[row * this.width + column]]);
  }

  /** The prediction at a computed alpha: what is said, then the shown classes, the most likely first. */
  says(index: number): Said {
    const { classes, logits, probabilities, predicted, confidence } = this.payload.arrays;
    return saidFirst(predicted.data[index], confidence.data[index], inOrder(classes.data, rowOf(logits, index), rowOf(probabilities, index)));
  }

  /** One class's values at every computed alpha; null if it is not among the shown classes. */
  course(of: "logits" | "probabilities", target: number): Float32Array | null {
    const { classes } = this.payload.arrays;
    const i = classes.data.indexOf(target);
    if (i < 0) return null;
    const { data } = this.payload.arrays[of];
    return Float32Array.from(this.alphas, (_, k) => data[k * classes.data.length + i]);
  }
}
