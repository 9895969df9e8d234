/**
 * "Why A and not B": the attribution is linear in the score, so the margin's map is a difference and its errors add.
 *
 * Of contrasts (a logit minus the mean of the other K − 1), A − B is K/(K − 1) times the margin.
 */
import type { Payload, Tensor } from "../generated/payloads";
import { numbers } from "./tensors";

export function margin(a: Payload<"map">, b: Payload<"map">, classes: number): Payload<"map"> {
  const factor = a.meta.objective === "contrast" ? (classes - 1) / classes : 1;
  const [left, right] = [numbers(a.arrays, "heatmap"), numbers(b.arrays, "heatmap")];
  const shape = a.arrays.heatmap.shape;
  const joined = (join: (i: number) => number): Tensor<Float32Array> => ({ data: Float32Array.from(left, (_, i) => join(i)), shape });
  const arrays: Payload<"map">["arrays"] = { heatmap: joined((i) => factor * (left[i] - right[i])), baseline: a.arrays.baseline };
  const total = (values: Float32Array): number => values.reduce((sum, value) => sum + Math.abs(value), 0);
  const absolute = (meta: Payload<"map">["meta"], values: Float32Array): number => factor * (meta.error ?? Number.NaN) * total(values);
  if (a.arrays.pixel_error && b.arrays.pixel_error) {
    const errors = [numbers(a.arrays, "pixel_error"), numbers(b.arrays, "pixel_error")];
    arrays.pixel_error = joined((i) => factor * (errors[0][i] + errors[1][i]));
  }
  const size = total(arrays.heatmap.data as Float32Array);
  const estimated = (absolute(a.meta, left) + absolute(b.meta, right)) / size;
  const gap = factor * ((a.meta.convergence_delta ?? Number.NaN) - (b.meta.convergence_delta ?? Number.NaN));
  const minus = (x: number | null, y: number | null): number | null => (x === null || y === null ? null : factor * (x - y));
  const met = a.meta.tolerance !== null && estimated <= a.meta.tolerance && Math.abs(gap) / size <= a.meta.tolerance;
  const blind = [a, b].find(({ meta }) => meta.status === "no-gradient");
  const rounded = [a, b].find(({ meta }) => meta.status === "rounded");
  return {
    kind: "map",
    arrays,
    meta: {
      ...a.meta,
      versus: b.meta.target,
      objective: "margin",
      target_words: `${a.meta.target_words} − ${b.meta.target_words}`,
      error: Number.isFinite(estimated) ? estimated : null,
      convergence_delta: Number.isFinite(gap) ? gap : null,
      relative_convergence_delta: Number.isFinite(gap) && size > 0 ? Math.abs(gap) / size : null,
      n_evaluations: a.meta.n_evaluations + b.meta.n_evaluations,
      score: factor * (a.meta.score - b.meta.score),
      baseline_score: minus(a.meta.baseline_score, b.meta.baseline_score),
      status: blind ? "no-gradient" : met ? "done" : rounded ? "rounded" : "not-met",
      status_words: (blind ?? (met ? a : rounded ?? a)).meta.status_words,
      notes: [...(((blind ?? rounded)?.meta.notes as string[] | undefined) ?? []), "Made from the two classes' maps: the attribution is linear in the score, and the errors add."],
    },
  };
}
