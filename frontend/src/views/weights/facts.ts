/** Histograms of one model's weights over its checkpoints, layer by layer, and the rows of their tables. */
import type { Payload } from "../../generated/payloads";
import type { Times } from "../../core/runs";
import { count, number, percent } from "../../core/numbers";
import type { Cell } from "../../core/saving";
import { rowOf } from "../../core/tensors";

export interface Finding {
  layer: string;
  words: string;
}

export interface LayerWeights {
  name: string;
  edges: Float32Array;
  /** By checkpoint: weights in every bin. */
  counts: Uint32Array[];
  /** By checkpoint: all weights, in bins or not. */
  totals: number[];
  /** By checkpoint: in no bin, with their words. */
  outside: [words: string, many: number][][];
  mean: number[];
  std: number[];
  minimum: number[];
  maximum: number[];
  /** By checkpoint: how far it still is from its last weights, as a fraction of their size; NaN where unknown. */
  distance: number[];
  /** Sentences about this layer. */
  findings: string[];
}

const OUTSIDE = { under: "below the axis", over: "above the axis", nan: "not a number", infinite: "infinite" } as const;

export function weightLayers({ arrays, meta }: Payload<"weights">): LayerWeights[] {
  const findings = meta.health as Finding[];
  const names = meta.layers as string[];
  return names.map((name, l) => {
    const table = arrays[`counts/${l}`]!;
    const counts = Array.from({ length: table.shape[0] }, (_, e) => rowOf(table, e));
    const column = (of: "under" | "over" | "nan" | "infinite" | "mean" | "std" | "minimum" | "maximum"): number[] =>
      counts.map((_, e) => arrays[of].data[e * names.length + l]);
    const missed = Object.entries(OUTSIDE).map(([key, words]) => [words, column(key as keyof typeof OUTSIDE)] as const);
    const outside = counts.map((_, e) => missed.map(([words, many]): [string, number] => [words, many[e]]));
    return {
      name,
      edges: arrays[`edges/${l}`]!.data,
      counts,
      outside,
      totals: counts.map((row, e) => row.reduce((a, b) => a + b, 0) + outside[e].reduce((a, [, many]) => a + many, 0)),
      mean: column("mean"),
      std: column("std"),
      minimum: column("minimum"),
      maximum: column("maximum"),
      distance: counts.map((_, e) => arrays.distance?.data[e * names.length + l] ?? Number.NaN),
      findings: findings.filter(({ layer }) => layer && (layer === name || name.startsWith(`${layer}.`))).map(({ words }) => words),
    };
  });
}

/** How far a layer moved from the first checkpoint to the last, as a fraction of its size there; NaN where unknown. */
export const moved = ({ distance }: LayerWeights): number => (distance.length > 1 ? distance[0] : Number.NaN);

/** The layers, those that moved most first where that is known. */
export const byMovement = (layers: readonly LayerWeights[]): LayerWeights[] => layers.toSorted((a, b) => (moved(b) || 0) - (moved(a) || 0));

const bare = (name: string): string => name.replace(/\.weight$/, "");

/** Which layers moved most and least from the first to the last checkpoint, and which was first halfway; null where unknown. */
export function movement(layers: readonly LayerWeights[], times: Times): string | null {
  const known = byMovement(layers.filter((layer) => moved(layer) >= 0));
  if (!known.length) return null;
  const [most, least] = [known[0], known[known.length - 1]];
  const way = `from ${times.words(0)} to ${times.words(times.at.length - 1)}`;
  const first = `${bare(most.name)} moved by ${percent(moved(most))} of its size ${way}`;
  if (known.length < 2) return `${first}.`;
  // Only checkpoints between the first and the last tell who was early.
  const half = known.map((layer) => [bare(layer.name), layer.distance.findIndex((now) => now <= moved(layer) / 2)] as const).sort((a, b) => a[1] - b[1]);
  const [early, late] = [half[0], half[half.length - 1]];
  const order = early[1] < late[1] ? ` ${early[0]} was halfway first, by ${times.words(early[1])}; ${late[0]} last, by ${times.words(late[1])}.` : "";
  return `${first}, the most; ${bare(least.name)} by ${percent(moved(least))}, the least.${order}`;
}

/** Fraction of a layer's weights that lie in another bin at a checkpoint than at the first: half the sum of |differences|. */
export function shifted({ counts, totals, outside }: LayerWeights, at: number): number {
  const share = (e: number): number[] => [...counts[e], ...outside[e].map(([, many]) => many)].map((many) => many / totals[e]);
  const [first, now] = [share(0), share(at)];
  return now.reduce((sum, part, i) => sum + Math.abs(part - first[i]), 0) / 2;
}

/** Which layers' histograms changed most and least since the first checkpoint, in words; null at the first one. */
export function changed(layers: readonly LayerWeights[], at: number, times: Times): string | null {
  if (at === 0 || layers.length < 2) return null;
  const order = layers.map((layer) => [bare(layer.name), shifted(layer, at)] as const).sort((a, b) => b[1] - a[1]);
  const [[most, much], [least, little]] = [order[0], order[order.length - 1]];
  return `From ${times.words(0)} to ${times.words(at)} ${most} changed most (${percent(much)} of its weights lie in other bins), ${least} least (${percent(little)}).`;
}

/** Sentences that belong to no layer shown. */
export const elsewhere = ({ meta }: Payload<"weights">, layers: readonly LayerWeights[]): string[] =>
  (meta.health as Finding[]).map(({ words }) => words).filter((words) => !layers.some(({ findings }) => findings.includes(words)));

/** What lies in no bin, in words; empty when every weight has one. */
export const outsideWords = ({ outside }: LayerWeights, checkpoint: number): string =>
  outside[checkpoint]
    .filter(([, many]) => many > 0)
    .map(([words, many]) => `${count(many)} ${words}`)
    .join(", ");

export const HEADS = ["layer", "weights", "mean", "standard deviation", "smallest", "largest", ...Object.values(OUTSIDE)];

export const tableRows = (layers: readonly LayerWeights[], e: number): string[][] =>
  layers.map((layer) => [
    layer.name,
    count(layer.totals[e]),
    ...[layer.mean[e], layer.std[e], layer.minimum[e], layer.maximum[e]].map((value) => number(value, true)),
    ...layer.outside[e].map(([, many]) => count(many)),
  ]);

/** Every bin of every checkpoint, and what lies in none as bins to infinity and without borders. */
export function everyBin(layers: readonly LayerWeights[], { at, unit }: Times): { columns: string[]; rows: Cell[][] } {
  const rows = layers.flatMap(({ name, edges, counts, outside }) =>
    counts.flatMap((row, e): Cell[][] => {
      const [under, over, nan, infinite] = outside[e].map(([, many]) => many);
      return [
        [name, at[e], "-inf", edges[0], under],
        ...Array.from(row, (n, i): Cell[] => [name, at[e], edges[i], edges[i + 1], n]),
        [name, at[e], edges[edges.length - 1], "inf", over],
        [name, at[e], "nan", "nan", nan],
        [name, at[e], "inf", "inf", infinite],
      ];
    }),
  );
  return { columns: ["layer", unit, "low", "high", "count"], rows };
}
