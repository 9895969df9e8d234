/**
 * Integrated gradients to a tolerance (innerview.methods.tolerance, walk, accounting): the quadrature asks for places on
 * the path, the network answers, and a map is given with its error, or with the reason why there is none.
 */
import type { PageNetwork } from "./data";
import type { Network } from "./network";
import type { Passes } from "./passes";
import { type Fill, general } from "./pixels";
import { type Integral, Integration } from "./quadrature";
import type { Target } from "./targets";

/** Places in one pass. */
const BATCH = 4;
const ROUNDING = 8 * 2 ** -23;
const CANCELLED = 1e-3;
const INSTEAD = "Use occlusion or finite differences, which need no gradients.";
const BLOCKED = `a part of the model passes no gradient (round, a cast to integers, argmax, detach, stop_gradient), or the score jumps. ${INSTEAD}`;

/** What was seen at one place of the path. */
export interface Place {
  outputs: Float32Array;
  /** Sum of the absolute gradient. */
  norm: number;
  /** Gradient × difference, summed over the channels. */
  contribution: Float64Array;
  /** Whether the integral stands on it. */
  node: boolean;
  /** Channel by channel; null where it was not kept. */
  gradient: Float32Array | null;
}

export interface Integrated {
  heatmap: Float32Array;
  pixelError: Float32Array | null;
  alphas: number[];
  scores: number[];
  score: number;
  baselineScore: number;
  rule: string;
  error: number;
  delta: number;
  relativeDelta: number;
  evaluations: number;
  status: "CONVERGED" | "BUDGET_EXHAUSTED" | "NO_GRADIENT";
  convergence: [number, number | null, number][];
  notes: string[];
}

const total = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at];
  return sum;
};
const size = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += Math.abs(values[at]);
  return sum;
};

export interface Asked {
  image: Float32Array;
  baseline: Fill;
  target: Target;
  tolerance: number;
  budget: number;
  /** Given every place that the integral visits, if somebody looks on. */
  seen?: (alpha: number, place: Place) => void;
}

/** Yields the passes that it wants, and after each level what there is so far. */
export function* integrate(data: PageNetwork, network: Network, { image, baseline, target, tolerance, budget, seen }: Asked): Generator<Passes | { level: Integrated }, Integrated> {
  const { height, width, channels } = network.description.input;
  const direction = Float64Array.from(image, (one, at) => one - baseline.pixels[at]);
  const scores = new Map<number, number>();
  let dead = true;
  const ofMap = (value: Float64Array): Float64Array => {
    const found = new Float64Array(height * width);
    for (let at = 0; at < value.length; at++) found[Math.floor(at / channels)] += value[at];
    return found;
  };
  const gapOf = (value: Float64Array): number => Math.abs(total(value) - (scores.get(1)! - scores.get(0)!));
  const relative = (value: Float64Array): number => {
    const [gap, whole] = [gapOf(value), size(ofMap(value))];
    return whole > 0 ? gap / whole : gap > 0 ? Number.POSITIVE_INFINITY : 0;
  };
  const integration = new Integration({ views: [ofMap, (value) => value], tolerance, budget, residual: relative, known: (alpha) => scores.get(alpha)! }, data.rules);

  const result = (integral: Integral): Integrated => {
    const { value, step } = integral;
    const [score, baselineScore] = [scores.get(1)!, scores.get(0)!];
    const [drawn, change] = [ofMap(value), score - baselineScore];
    const [whole, gap] = [size(drawn), Math.abs(total(value) - change)];
    const moved = Array.from({ length: height * width }, (_, place) => direction.subarray(place * channels, (place + 1) * channels).some((one) => one !== 0));
    const anyMoved = moved.includes(true);
    const stalled = integral.stalled && relative(value) > tolerance;
    const accounted = !anyMoved || (whole > 0 && !stalled);
    const estimate = integral.levels.length ? integral.levels[integral.levels.length - 1].errors[0] : Number.POSITIVE_INFINITY;
    const error = !anyMoved ? 0 : whole > 0 ? Math.max(estimate, gap / whole, ROUNDING) : Number.POSITIVE_INFINITY;
    const rounding = ROUNDING * Math.max(Math.abs(score), Math.abs(baselineScore));
    const changed = Math.abs(change) > rounding;
    const by = `${change < 0 ? "" : "+"}${general(change, 3)} ${target.unit}`;
    const missed = stalled && !dead;
    const notes: [string, boolean][] = [
      ["The baseline is the image itself: the path has no length, so the map is zero whatever the model does. Take another baseline.", !anyMoved],
      [`The gradient is exactly zero at every place that was visited, but the score changes by ${by}: ${BLOCKED}`, anyMoved && dead && changed],
      [
        "The gradient is exactly zero at every place that was visited, and the score is the same at both ends (a dead unit, or a saturated probability): nothing is known of what the pixels do elsewhere. Take another target, such as the logit, or another baseline.",
        anyMoved && dead && !changed,
      ],
      [`The map misses ${general(gap, 3)} ${target.unit} of the score's change (${by}), and goes on to do so however finely the path is cut: ${BLOCKED}`, missed && gap > rounding],
      [`The score's change (${by}) is within the rounding of scores of ${general(score, 3)} in float32, so the map can't be checked by it. Convert with model.astype(np.float64).`, missed && gap <= rounding],
      [
        `The score hardly changes from the baseline to the image (by ${general(change, 2)}): the map shows how evidence for and against cancels, and its sum says nothing.`,
        whole > 0 && accounted && Math.abs(change) < CANCELLED * whole,
      ],
    ];
    const alphas = [...scores.keys()].sort((a, b) => a - b);
    return {
      heatmap: Float32Array.from(drawn),
      pixelError: accounted && Number.isFinite(estimate) ? pixelError(data, drawn, ofMap(step), estimate, width, moved, ((error - estimate) * whole) / Math.max(moved.filter(Boolean).length, 1)) : null,
      alphas,
      scores: alphas.map((alpha) => scores.get(alpha)!),
      score,
      baselineScore,
      rule: `trapezoid, ${integral.substitution}`,
      error,
      delta: total(value) - change,
      relativeDelta: whole > 0 ? gap / whole : Number.NaN,
      evaluations: integral.alphas.length,
      status: !accounted ? "NO_GRADIENT" : integral.converged || integral.stalled ? "CONVERGED" : "BUDGET_EXHAUSTED",
      convergence: integral.levels.map(({ evaluations, errors, residual }) => {
        const worst = Math.max(...errors, residual);
        return [evaluations, Number.isFinite(worst) ? worst : null, residual];
      }),
      notes: notes.filter(([, holds]) => holds).map(([text]) => text),
    };
  };

  let done = 0;
  while (!integration.result) {
    const { wanted } = integration;
    const values: Float64Array[] = [];
    yield placesOf(network, { image, baseline, target }, direction, wanted, (alpha, { outputs, gradient, value }) => {
      scores.set(alpha, target.score(outputs));
      dead &&= gradient.every((one) => one === 0);
      values.push(value);
      seen?.(alpha, { outputs, norm: size(gradient), contribution: ofMap(value), node: true, gradient });
    }, done);
    done += wanted.length;
    const before = integration.levels.length;
    integration.take(values);
    if (integration.levels.length > before && !integration.result) yield { level: result(integration.sofar()) };
  }
  return result(integration.result);
}

interface Visited {
  outputs: Float32Array;
  gradient: Float32Array;
  value: Float64Array;
}

/** Passes that give outputs, gradients, and gradients × difference at places of the path, place after place. */
function placesOf(network: Network, { image, baseline, target }: Pick<Asked, "image" | "baseline" | "target">, direction: Float64Array, alphas: readonly number[], see: (alpha: number, place: Visited) => void, before = 0): Passes {
  const of = (pass: number): readonly number[] => alphas.slice(pass * BATCH, (pass + 1) * BATCH);
  return {
    passes: Math.ceil(alphas.length / BATCH),
    target,
    images(pass) {
      const points = new Float32Array(of(pass).length * image.length);
      of(pass).forEach((alpha, number) => {
        for (let at = 0; at < image.length; at++) points[number * image.length + at] = baseline.pixels[at] + alpha * direction[at];
      });
      return points;
    },
    take(pass, { outputs, gradients }) {
      of(pass).forEach((alpha, number) => {
        const row = outputs.slice(number * network.classes, (number + 1) * network.classes);
        const gradient = gradients!.slice(number * image.length, (number + 1) * image.length);
        const value = Float64Array.from(direction, (one, at) => one * gradient[at]);
        if (!Number.isFinite(target.score(row)) || !value.every(Number.isFinite)) throw new Error(`The network's output or gradient is NaN or infinite at alpha ${general(alpha, 3)}.`);
        see(alpha, { outputs: row, gradient, value });
      });
      return { done: before + Math.min((pass + 1) * BATCH, alphas.length), total: before + alphas.length };
    },
  };
}

/** What is seen at places that the integral did not stand on, which were asked for (innerview.methods.interior_gradients). */
export function* interior(network: Network, asked: Asked, alphas: readonly number[]): Generator<Passes, Map<number, Place>> {
  const { channels } = network.description.input;
  const direction = Float64Array.from(asked.image, (one, at) => one - asked.baseline.pixels[at]);
  const found = new Map<number, Place>();
  yield placesOf(network, asked, direction, alphas, (alpha, { outputs, gradient, value }) => {
    const contribution = new Float64Array(value.length / channels);
    value.forEach((one, at) => {
      contribution[Math.floor(at / channels)] += one;
    });
    found.set(alpha, { outputs, norm: size(gradient), contribution, node: false, gradient });
  });
  return found;
}

/** Each pixel's error: the last step's square, averaged around it and with the whole map's, scaled as the estimate is. */
function pixelError(data: PageNetwork, drawn: Float64Array, step: Float64Array, estimate: number, width: number, moved: boolean[], more: number): Float32Array {
  const { NEIGHBOURS, PIXEL_SAFETY } = data.rules as unknown as Record<string, number>;
  const [whole, moves] = [size(drawn), size(step)];
  const height = drawn.length / width;
  if (!(moves > 0)) return Float32Array.from(moved, (is) => (is ? (estimate * whole) / drawn.length + more : 0));
  const square = step.map((one) => one ** 2);
  const mean = total(square) / square.length;
  const scale = (PIXEL_SAFETY * estimate * whole) / moves;
  return Float32Array.from(moved, (is, at) => {
    let around = 0;
    for (let y = -1; y < 2; y++) for (let x = -1; x < 2; x++) around += square[Math.min(Math.max(Math.floor(at / width) + y, 0), height - 1) * width + Math.min(Math.max((at % width) + x, 0), width - 1)];
    return is ? scale * Math.sqrt(around / 9 + NEIGHBOURS * mean) + more : 0;
  });
}
