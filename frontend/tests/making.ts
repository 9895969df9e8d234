/** Small payloads for tests: made by the same rules as the real ones. */
import { compand } from "../src/core/companding";
import { writeBlob } from "../src/core/safetensors";

/** Numbers in [−1, 1), the same for the same seed. */
export function random(seed: number, count: number): number[] {
  let state = seed * 2654435761 + 1;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) | 0;
    return ((state >>> 0) / 2 ** 32) * 2 - 1;
  });
}

const COMMON = { schema: "2", model: "net", image: "ed7a03c4", versions: "{}" };

export interface MapOptions {
  values: number[];
  height: number;
  target?: number;
  status?: string;
  estimated?: number | null;
  score?: number;
  kind?: string;
}

export function mapBlob({ values, height, target = 3, status = "done", estimated = 0.008, score = 1, kind = "logit" }: MapOptions): Uint8Array<ArrayBuffer> {
  const shape = [height, values.length / height];
  return writeBlob(
    {
      heatmap: { data: Float32Array.from(values), shape },
      pixel_error: { data: Float32Array.from(values, (v) => Math.abs(v) * 0.01), shape },
    },
    {
      ...COMMON,
      kind: "map",
      method: "integrated-gradients",
      method_words: "Integrated gradients",
      meaning: "contribution",
      target: String(target),
      versus: "",
      objective: kind,
      target_words: `logit of ${target}`,
      unit: "logit",
      baseline: "black",
      rule: "rule",
      tolerance: "0.01",
      error: estimated === null ? "" : String(estimated),
      convergence_delta: "0.001",
      relative_convergence_delta: "0.0012",
      n_evaluations: "17",
      status,
      status_words: "words",
      score: String(score),
      baseline_score: "0",
      notes: "[]",
    },
  );
}

export const subjectBlob = (): Uint8Array<ArrayBuffer> =>
  writeBlob(
    {
      image: { data: Uint8Array.from({ length: 192 }, (_, i) => i), shape: [8, 8, 3] },
      thumbnail: { data: new Uint8Array(48), shape: [4, 4, 3] },
      logits: { data: Float32Array.of(1, 3, 2), shape: [3] },
      probabilities: { data: Float32Array.of(0.1, 0.6, 0.3), shape: [3] },
      predicted: { data: Uint32Array.of(1), shape: [1] },
      confidence: { data: Float32Array.of(0.6), shape: [1] },
    },
    { ...COMMON, kind: "subject", name: "ramp", label: "1", crop: "", original: "[8,8]", caption: "", source: "sample" },
  );

/** A path over an 8 × 8 image with 3 channels, at these alphas. */
export function pathBlob(alphas: number[], missing: number[] = []): Uint8Array<ArrayBuffer> {
  const size = 8 * 8 * 3;
  const stack = (frames: number[][]): { data: Int8Array; scales: Float32Array } => {
    const packed = frames.map(compand);
    const data = new Int8Array(frames.length * frames[0].length);
    packed.forEach(({ bytes }, i) => data.set(bytes, i * bytes.length));
    return { data, scales: Float32Array.from(packed, ({ scale }) => scale) };
  };
  const gradients = stack(alphas.map((_, i) => random(100 + i, size)));
  const cumulative = stack(alphas.map((alpha, i) => random(200 + i, 64).map((v) => v * alpha)));
  const n = alphas.length;
  const at = { data: Float32Array.from(alphas), shape: [n] };
  return writeBlob(
    {
      alphas: at,
      scores: { data: Float32Array.from(alphas, (a) => 2 * a), shape: [n] },
      probabilities: { data: Float32Array.from(alphas.flatMap((a) => [a, 1 - a])), shape: [n, 2] },
      classes: { data: Uint32Array.of(4, 0), shape: [2] },
      predicted: { data: Uint32Array.from(alphas, (a) => (a > 0.5 ? 4 : a ? 0 : 7)), shape: [n] },
      confidence: { data: Float32Array.from(alphas, (a) => Math.max(a, 1 - a)), shape: [n] },
      logits: { data: Float32Array.from(alphas.flatMap((a) => [2 * a, 1])), shape: [n, 2] },
      norms: { data: Float32Array.from(alphas, () => 1), shape: [n] },
      gradients: { data: gradients.data, shape: [n, 8, 8, 3] },
      "gradients/scale": { data: gradients.scales, shape: [n] },
      gradient_alphas: at,
      cumulative: { data: cumulative.data, shape: [n, 8, 8] },
      "cumulative/scale": { data: cumulative.scales, shape: [n] },
      cumulative_alphas: at,
      baseline: { data: Uint8Array.from({ length: size }, (_, i) => 255 - i), shape: [8, 8, 3] },
    },
    { ...COMMON, kind: "path", target: "4", versus: "", unit: "logit", target_words: "logit of 4", baseline: "ramp", shorter: "", missing: JSON.stringify(missing) },
  );
}
