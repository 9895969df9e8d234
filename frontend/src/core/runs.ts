/** Which runs are shown, and when their checkpoints were taken. */
import type { RunFacts } from "../sources/source";
import type { Tensor } from "../generated/payloads";
import type { Chosen } from "./session";
import { number } from "./numbers";
import { nearest } from "./path";

/** The runs that the link names, or else the one that made the model on screen, or else the first. */
export function chosenRuns(runs: readonly RunFacts[], named: string, model: Chosen["model"] | undefined): RunFacts[] {
  const wanted = named.split(",").flatMap((id) => runs.filter((run) => run.id === id));
  if (wanted.length) return wanted;
  const own = runs.find((run) => run.model === model?.id) ?? runs.find(({ id, name }) => id === model?.name || name === model?.name);
  return own ? [own] : runs.slice(0, 1);
}

export interface Times {
  /** Of the checkpoints, rising, in `unit`. */
  at: number[];
  unit: "epoch" | "step" | "checkpoint";
  /** "epoch 5.00", "step 200", or the checkpoint's name. */
  words: (index: number) => string;
  /** The checkpoint nearest to a time of the link; the last one if there is none. */
  find: (time: number | null) => number;
}

export function timesOf(arrays: { epochs: Tensor<Float32Array>; steps: Tensor<Float32Array> }, names: readonly string[] = []): Times {
  const known = ({ data }: Tensor<Float32Array>): boolean => data.length > 0 && data.every(Number.isFinite);
  const unit = known(arrays.epochs) ? "epoch" : known(arrays.steps) && !names.length ? "step" : "checkpoint";
  const at = unit === "checkpoint" ? Array.from(arrays.steps.data, (_, i) => i) : Array.from((unit === "epoch" ? arrays.epochs : arrays.steps).data);
  return {
    at,
    unit,
    words: (i) => (unit === "checkpoint" ? (names[i] ?? `checkpoint ${i}`) : `${unit} ${number(at[i])}`),
    find: (time) => (time === null ? at.length - 1 : nearest(at, time)),
  };
}
