/** What stands in a page with a network (innerview.workbench.network writes it). */
import type { Description } from "./network";
import type { Rules } from "./quadrature";

export interface Output {
  classes: string[];
  /** What can be said of an image: the classes, and "not" a single one, or none of independent ones. */
  answers: string[];
  kind: "logits" | "probabilities" | "sigmoid" | "scores";
  temperature: number;
  /** What is explained if nobody says; of parts that are taken away. */
  objective: string;
  ofRegions: string;
}

export interface ImageShape {
  height: number;
  width: number;
  channels: number;
}

export interface PageNetwork {
  network: Description;
  weights: string;
  output: Output;
  /** Where the class evidence is, what follows, and how far a position sees; null for a network without. */
  evidence: { layer: string; head: string[]; field: [number, number] | null } | null;
  rules: Rules;
  check: { fraction: number; blocks: number; least: number; draws: number; few: number; clear: number; weak: number };
  effects: { placebos: number; levels: number[] };
  /** Places of a path that are always shown, how many are at most, and the share of the score's range that is no movement. */
  path: { alphas: number[]; stops: number; large_stops: number; still: number };
  masking: { fractions: number[]; random: number };
  /** That are shown unasked. */
  layers: string[];
  words: { checks: Record<string, string>; verdicts: Record<string, string>; statuses: Record<string, string>; ordinals: string[]; marks: Record<"empty" | "overlap" | "whole", string> };
  /** Pixels along a side beyond which an image is large. */
  large: number;
  /** Of integrated gradients, where nobody says one. */
  tolerance: number;
  /** Regions of the truth. */
  regions: number;
  /** Images of this page as the network sees them, in 65535ths, by their ids; of a data set with name and label. */
  images: Record<string, string | [pixels: string, name: string, label: number | null]>;
}
