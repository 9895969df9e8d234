/** Two maps beside each other: what may be subtracted, what lies within the errors, how alike they are. */
import { certificate } from "../../core/certificate";
import { mapFacts } from "../../core/maps";
import type { ImageBytes } from "../../core/paint";
import type { RampName } from "../../core/ramps";
import { ownLimit, sharedLimit, type Scale, type ScaleChoice } from "../../core/scale";
import { frame } from "../../core/tensors";
import type { Payload } from "../../generated/payloads";

export interface Side {
  /** "cat", "allcnn", "Occlusion", … */
  words: string;
  values: Float32Array;
  error: Float32Array | null;
  height: number;
  width: number;
  ramp: RampName;
  unit: string;
  /** Contribution, sensitivity or spread: only equals are subtracted. */
  meaning: string;
  image: ImageBytes | null;
  certificate: string;
}

export function mapSide(words: string, payload: Payload<"map">, image: ImageBytes | null): Side {
  const { values, error, height, width, ramp } = mapFacts(payload);
  const { unit, meaning } = payload.meta;
  const { mark, words: exact } = certificate(payload.meta);
  return { words, values, error, height, width, ramp, unit, meaning, image, certificate: `${mark} ${exact}`.trim() };
}

export function timelineSide(words: string, { arrays, meta }: Payload<"timeline">, at: number): Side {
  const [, height, width] = arrays.heatmaps.shape;
  const shared = { error: null, ramp: "evidence" as const, unit: meta.unit, meaning: "contribution", image: arrays.image };
  return { words, values: frame(arrays, "heatmaps", at), height, width, ...shared, certificate: "Error not estimated" };
}

/** Why the two can't be subtracted, in words; empty when they can. */
export function whyNot(a: Side, b: Side, vary: string): string {
  if (vary === "image") return "Two images: their pixels don't correspond, so there is no difference map.";
  if (a.height !== b.height || a.width !== b.width) return "The two maps have different sizes, so there is no difference map.";
  if (a.unit !== b.unit || a.meaning !== b.meaning) return "The two maps measure different things, so each has its own scale and there is no difference map.";
  return "";
}

/** One scale for both, or one for each where they measure different things. */
export function scales(a: Side, b: Side, choice: ScaleChoice): [Scale, Scale] {
  if (a.unit !== b.unit || a.meaning !== b.meaning) return [a, b].map(({ values }): Scale => ({ limit: ownLimit(values), mode: "per-image" })) as [Scale, Scale];
  const scale: Scale = typeof choice === "number" ? { limit: choice, mode: "pinned" } : { limit: sharedLimit([a.values, b.values]), mode: "shared" };
  return [scale, scale];
}

export interface Difference {
  values: Float32Array;
  /** Sum of both errors; null where one of them is not known. */
  error: Float32Array | null;
  /** Cells that differ by less than that; null where it is not known. */
  within: Uint8Array | null;
  cells: number;
  /** Pearson's correlation of the two maps. */
  correlation: number;
}

export function difference(a: Side, b: Side): Difference {
  const values = a.values.map((v, i) => v - b.values[i]);
  const error = a.error && b.error ? a.error.map((e, i) => e + b.error![i]) : null;
  const within = error && Uint8Array.from(values, (v, i) => (Math.abs(v) < error[i] || !Number.isFinite(v) ? 1 : 0));
  return { values, error, within, cells: within ? within.reduce((n, on) => n + on, 0) : 0, correlation: correlation(a.values, b.values) };
}

export function correlation(a: Float32Array, b: Float32Array): number {
  const mean = (values: Float32Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((v, i) => {
    ab += (v - ma) * (b[i] - mb);
    aa += (v - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}

/** A on the left of the swipe, B on the right of it. */
export function mixed<T extends Float32Array | Uint8Array>(a: T, b: T, width: number, cut: number, channels = 1): T {
  const out = a.slice() as T;
  for (let i = 0; i < out.length; i++) if (Math.floor(i / channels) % width >= cut) out[i] = b[i];
  return out;
}
