/** One line under each map that says how exact it is, what that cost, and what was asked. */
import type { MapMeta } from "../generated/payloads";
import { count, error } from "./numbers";

export interface Certificate {
  mark: "○" | "✓" | "!" | "";
  words: string;
  /** The budget ended first: more can be asked for. */
  short: boolean;
}

/** States of a final map that is not as exact as was asked; a live source's answer then ends "not-met". */
export const MISSED: readonly string[] = ["not-met", "rounded", "no-gradient"];

/** Per cent without needless digits: what was asked. */
export const asked = (tolerance: number): string => `${Number((100 * tolerance).toPrecision(3))} %`;

export function certificate(meta: Pick<MapMeta, "error" | "tolerance" | "n_evaluations" | "relative_convergence_delta" | "status">): Certificate {
  const { error: found, tolerance, n_evaluations: evaluations, relative_convergence_delta: gap, status } = meta;
  const cost = `${count(evaluations)} ${evaluations === 1 ? "evaluation" : "evaluations"}`;
  const missed = gap === null || !Number.isFinite(gap) ? "" : ` · convergence delta ${error(Math.abs(gap))}`;
  if (status === "no-gradient") return { mark: "!", words: `Error not known: the gradients miss a part of the score · ${cost}${missed}`, short: false };
  if (tolerance === null) return { mark: "", words: `Error not estimated · ${cost}${missed}`, short: false };
  const known = found !== null && Number.isFinite(found);
  if (status === "refining") {
    return { mark: "○", words: `Refining: ${known ? `${error(found)} now` : "error not known yet"}, asked ${asked(tolerance)}`, short: false };
  }
  const reached = known ? `${error(found)} reached` : "Error not known";
  if (status === "rounded") {
    return { mark: "!", words: `${reached}, ${asked(tolerance)} asked: the model's precision allows no more · ${cost}`, short: false };
  }
  if (!known && status !== "not-met") return { mark: "", words: `Error not estimated · ${cost}${missed}`, short: false };
  if (status === "not-met") {
    return { mark: "!", words: `${reached}, ${asked(tolerance)} asked: ${cost} spent`, short: true };
  }
  return { mark: "✓", words: `Error ≤ ${error(found ?? Number.NaN)} of the map · asked ${asked(tolerance)} · ${cost}${missed}`, short: false };
}
