/**
 * The way from the baseline to the image, for a slider (innerview.session.compute.path): what the integral saw at its
 * nodes, the places that are asked for beside them, and the sum so far by the rule's own interpolant, which ends at the map.
 */
import type { PageNetwork } from "./data";
import { type Asked, integrate, type Integrated, interior, type Place } from "./integrated";
import type { Network } from "./network";
import type { Passes } from "./passes";

export interface Path {
  alphas: number[];
  places: Place[];
  /** The integral from 0 to each alpha, a map each. */
  cumulative: Float64Array[];
  integrated: Integrated;
}

/** The path of one class from one baseline. */
export function* pathOf(data: PageNetwork, network: Network, asked: Asked): Generator<Passes, Path> {
  const { height, width } = network.description.input;
  const { alphas: wanted, stops, large_stops: fewer } = data.path;
  const large = Math.max(height, width) > data.large;
  const places = new Map<number, Place>();
  const work = integrate(data, network, { ...asked, seen: (alpha, place) => places.set(alpha, large ? { ...place, gradient: null } : place) });
  let integrated: Integrated | null = null;
  while (!integrated) {
    const { value, done } = work.next();
    if (done) integrated = value;
    else if (!("level" in value)) yield value;
  }
  for (const [alpha, place] of yield* interior(network, asked, [...wanted, 1])) {
    const node = places.get(alpha);
    places.set(alpha, node ? { ...node, gradient: place.gradient } : place);
  }
  const all = [...places.keys()].sort((a, b) => a - b);
  const scores = all.map((alpha) => asked.target.score(places.get(alpha)!.outputs));
  const alphas = chosenAlphas(all, scores, wanted, large ? fewer : stops, data.path.still);
  const substitution = integrated.convergence.length ? integrated.rule.split(", ")[1] : "identity";
  const nodes = all.filter((alpha) => places.get(alpha)!.node);
  const weights = runningWeights(nodes, (data.rules.POWERS as Record<string, number>)[substitution], alphas);
  const cumulative = weights.map((row) => {
    const sum = new Float64Array(height * width);
    row.forEach((weight, number) => {
      if (weight) places.get(nodes[number])!.contribution.forEach((one, at) => (sum[at] += weight * one));
    });
    return sum;
  });
  return { alphas, places: alphas.map((alpha) => places.get(alpha)!), cumulative, integrated };
}

/** Weights on the nodes for the integral from 0 to each stop (innerview.quadrature.running). */
export function runningWeights(nodes: readonly number[], power: number, stops: readonly number[]): Float64Array[] {
  const grid = nodes.map((node) => node ** (1 / power));
  return stops.map((stop) => {
    const end = Math.min(Math.max(stop, 0), 1) ** (1 / power);
    const weights = new Float64Array(grid.length);
    for (let at = 0; at + 1 < grid.length; at++) {
      const [left, right] = [grid[at], grid[at + 1]];
      const reach = Math.min(Math.max(end, left), right) - left;
      const towards = reach ** 2 / (2 * (right - left));
      weights[at] += reach - towards;
      weights[at + 1] += towards;
    }
    return weights.map((weight, at) => weight * power * grid[at] ** (power - 1));
  });
}

/** The first place, then from where the score begins to move, at most so many; those that are wanted before others. */
function chosenAlphas(alphas: readonly number[], scores: readonly number[], wanted: readonly number[], most: number, still: number): number[] {
  const range = Math.max(...scores) - Math.min(...scores);
  const first = Math.max(
    scores.findIndex((score) => Math.abs(score - scores[0]) > still * range),
    0,
  );
  const kept = [alphas[0], ...alphas.slice(Math.max(first - 1, 1))];
  if (kept.length <= most) return kept;
  const taken = new Set([0, kept.length - 1, ...[...kept.keys()].filter((place) => wanted.includes(kept[place]))]);
  const away = (place: number): number => Math.min(...[...taken].map((other) => Math.abs(place - other)));
  while (taken.size < most) taken.add([...kept.keys()].filter((place) => !taken.has(place)).reduce((best, place) => (away(place) > away(best) ? place : best)));
  return [...taken].sort((a, b) => a - b).map((place) => kept[place]);
}
