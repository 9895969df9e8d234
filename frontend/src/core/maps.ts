/** What views need of a map's payload: its numbers once, its ramp, its ends in words, its sums. */
import { useMemo, useRef } from "preact/hooks";
import type { Payload } from "../generated/payloads";
import { className } from "./numbers";
import { ranks } from "./paint";
import type { RampName } from "./ramps";
import { beyond, ownLimit, type Scale, type ScaleChoice } from "./scale";
import { numbers } from "./tensors";

export interface MapFacts {
  values: Float32Array;
  /** In the map's unit; null for methods without. */
  error: Float32Array | null;
  height: number;
  width: number;
  /** By |v|; 0 is the strongest. */
  ranks: Uint32Array;
  /** Sum of the values above zero, below zero (negative), and of all sizes. */
  raised: number;
  lowered: number;
  total: number;
  /** Where |v| is largest. */
  strongest: readonly [number, number];
  ramp: RampName;
}

const RAMPS: Record<string, RampName> = { contribution: "evidence", sensitivity: "value", spread: "amount" };

export function mapFacts(payload: Payload<"map">): MapFacts {
  const values = numbers(payload.arrays, "heatmap");
  const [height, width] = payload.arrays.heatmap.shape;
  const order = ranks(values);
  const first = order.indexOf(0);
  const finite = values.filter(Number.isFinite);
  return {
    values,
    error: payload.arrays.pixel_error ? numbers(payload.arrays, "pixel_error") : null,
    height,
    width,
    ranks: order,
    raised: finite.reduce((sum, v) => sum + Math.max(v, 0), 0),
    lowered: finite.reduce((sum, v) => sum + Math.min(v, 0), 0),
    total: finite.reduce((sum, v) => sum + Math.abs(v), 0),
    strongest: [Math.floor(first / width), first % width],
    ramp: RAMPS[payload.meta.meaning] ?? "evidence",
  };
}

export const useMapFacts = (payload: Payload<"map"> | null): MapFacts | null =>
  useMemo(() => (payload ? mapFacts(payload) : null), [payload]);

/** What the legend's two ends mean. */
export function endsOf(meta: Payload<"map">["meta"], classes: readonly string[]): readonly [string, string] {
  if (meta.meaning !== "contribution") return meta.meaning === "spread" ? ["none", "much"] : ["more lowers it", "more raises it"];
  const name = meta.target === null ? "it" : className(meta.target, classes);
  return meta.versus === null ? [`against ${name}`, `for ${name}`] : [`for ${className(meta.versus, classes)}`, `for ${name}`];
}

/** From this fraction of pixels beyond it, a held scale gives way. */
const TOO_MANY = 0.1;

/**
 * The scale of a map that is being refined: S holds from the first level to the end (or until 10 % of the pixels
 * exceed it), so that colours mean the same while the numbers settle.
 */
export function useHeldScale(values: Float32Array | null, choice: ScaleChoice, question: string, refining: boolean): Scale {
  const held = useRef<{ question: string; limit: number } | null>(null);
  return useMemo(() => {
    if (typeof choice === "number") return { limit: choice, mode: "pinned" };
    if (!values) return { limit: 1, mode: "per-image" };
    const keeps = refining && held.current?.question === question && beyond(values, held.current.limit) <= TOO_MANY;
    if (!keeps) held.current = { question, limit: ownLimit(values) };
    return { limit: held.current!.limit, mode: "per-image" };
  }, [values, choice, question, refining]);
}
