/** A run's curves: which belong into one chart, over which axis, and how they are smoothed. */
import type { AXES } from "../../core/link";
import { count, number } from "../../core/numbers";
import type { Payload } from "../../generated/payloads";

export type AxisName = (typeof AXES)[number];

export interface Curve {
  /** What it measures, without who was asked: "loss". */
  measure: string;
  /** On images held back. */
  tested: boolean;
  steps: Float32Array;
  values: Float32Array;
}

const TESTED = /^(test|val|validation|eval)_/;
const SAME: Record<string, string> = { acc: "accuracy", lr: "learning_rate", grad_norm: "gradient_norm", pictures: "images" };
/** In this order; what is not listed comes after. */
const FIRST = ["accuracy", "loss", "learning_rate", "gradient_norm"];

export function curvesOf({ arrays }: Payload<"run">): Curve[] {
  return Object.keys(arrays).flatMap((key): Curve[] => {
    const name = /^curve\/(.+)\/y$/.exec(key)?.[1];
    if (!name) return [];
    const bare = name.replace(TESTED, "").replace(/^train_/, "");
    const steps = arrays[`curve/${name}/x`]!.data;
    return steps.length > 1 ? [{ measure: SAME[bare] ?? bare, tested: TESTED.test(name), steps, values: arrays[`curve/${name}/y`]!.data }] : [];
  });
}

/** Measures of several runs, the usual ones first. */
export function measures(curves: readonly Curve[]): string[] {
  const found = [...new Set(curves.map(({ measure }) => measure))];
  const rank = (name: string): number => (FIRST.indexOf(name) + FIRST.length + 1) % (FIRST.length + 1);
  return found.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

export const usual = (measure: string): boolean => FIRST.includes(measure);

/** From a step to epochs or minutes, by what any curve of the run knows; NaN where nothing does. */
export function clock({ arrays }: Payload<"run">, axis: AxisName): (step: number) => number {
  if (axis === "step") return (step) => step;
  const [key, factor] = axis === "epoch" ? ["epoch", 1] : ["seconds", 1 / 60];
  const knots: [number, number][] = [];
  for (const name of Object.keys(arrays)) {
    const curve = /^curve\/(.+)\/y$/.exec(name)?.[1];
    if (!curve) continue;
    const steps = arrays[`curve/${curve}/x`]!.data;
    const times = arrays[`curve/${curve}/${key}` as `curve/${string}/epoch`]?.data;
    times?.forEach((time, i) => Number.isFinite(time) && knots.push([steps[i], time * factor]));
  }
  knots.sort(([a], [b]) => a - b);
  return (step) => {
    const after = knots.findIndex(([at]) => at >= step);
    if (!knots.length) return Number.NaN;
    const [b, a] = [knots[after < 0 ? knots.length - 1 : after], knots[after < 1 ? 0 : after - 1]];
    if (after < 0 || b[0] === a[0]) return b[1];
    return a[1] + ((b[1] - a[1]) * (step - a[0])) / (b[0] - a[0]);
  };
}

/** Exponential mean over the points before, without the pull of its beginning; what is not finite is left out. */
export function smooth(values: Float32Array, weight: number): Float32Array {
  let [mean, sum] = [0, 0];
  return values.map((value) => {
    if (!Number.isFinite(value)) return Number.NaN;
    mean = weight * mean + (1 - weight) * value;
    sum = weight * sum + (1 - weight);
    return mean / sum;
  });
}

/** The value at or before a step; NaN before the first. */
export const valueAt = ({ steps, values }: Curve, step: number): number => values[steps.findLastIndex((at) => at <= step)] ?? Number.NaN;

/** What the curves alone would be misread for, in words: what each test was made on, and why a loss lies below another. */
export function notesOf({ arrays, meta }: Payload<"run">, n: number): string[] {
  const last = (name: string): number => arrays[`curve/${name}/y`]?.data.at(-1) ?? Number.NaN;
  const [accuracy, images, all, final] = [last("test_accuracy"), last("test_images"), last("final_images"), last("final_accuracy")];
  const notes: string[] = [];
  if (all > images && Number.isFinite(accuracy)) {
    notes.push(`The curve's tests are of ${count(images)} test images (the last: ${exact(accuracy)}); at the end all ${count(all)} were tested: ${exact(final)}.`);
  }
  const known = said(meta.manifest, "label_smoothing");
  const smoothing = typeof known === "number" && known > 0 && known < 1 ? known : 0;
  const least = smoothing && n > 1 ? -(1 - smoothing + smoothing / n) * Math.log(1 - smoothing + smoothing / n) - (n - 1) * (smoothing / n) * Math.log(smoothing / n) : 0;
  if (last("test_loss") < Math.max(least, ...[last("loss"), last("train_loss")].filter(Number.isFinite))) notes.push(whyBelow(meta.manifest, smoothing, least));
  return notes;
}

const exact = (part: number): string => `${(100 * part).toFixed(2)} %`;

/** What an augmentation does to images, by its name in a manifest. */
const CHANGES: Record<string, string> = { flip: "mirrored", shift: "shifted", rotation: "turned", scale: "scaled", dropout: "with dropout" };

/** Why a test loss lies below the training loss: what the manifest knows of this run, and nothing else. */
function whyBelow(manifest: unknown, smoothing: number, least: number): string {
  const augmented = said(manifest, "augmentation");
  const changes = Object.entries({ ...(typeof augmented === "object" ? augmented : {}), dropout: said(manifest, "dropout") }).flatMap(([name, value]) => (value && value !== "none" && CHANGES[name] ? [CHANGES[name]] : []));
  const stages = said(manifest, "stages");
  if (Array.isArray(stages) && stages.some(({ size }) => size > 0)) changes.push("made smaller at first");
  const reasons = [changes.length && `is of changed images (${changes.join(", ")})`, smoothing && `is measured with label smoothing ${smoothing}, which alone keeps it above ${number(least)}`].filter(Boolean);
  return reasons.length
    ? `The test loss lies below the training loss because they measure two things: the training loss ${reasons.join(" and ")}; the test loss has ${reasons.length > 1 ? "neither" : "nothing of it"}.`
    : "The test loss lies below the training loss, and this run did not record why. Usual reasons: dropout, augmentation or label smoothing, which tests don't have, or a training loss averaged over an epoch in which the model went on learning.";
}

/** What the manifest says by this name, wherever it stands. */
function said(manifest: unknown, name: string): unknown {
  if (typeof manifest !== "object" || manifest === null) return undefined;
  for (const [key, value] of Object.entries(manifest)) {
    const found = key === name ? value : said(value, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
