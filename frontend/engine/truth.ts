/** What each region does to the score, exactly (innerview.methods.shapley), and how far maps agree with that (verdict). */
import { MINUS, number, probability } from "../src/core/numbers";
import { Random } from "./random";

const FAINT = 0.05;
const ORDERS = 9999;
const SAME = 1e-9;
const LEVEL = 0.05;

const choose = (n: number, k: number): number => Array.from({ length: k }, (_, at) => (n - at) / (at + 1)).reduce((product, one) => product * one, 1);
export const listed = (names: readonly string[]): string => (names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}` : names[0]);
export const bitsOf = (coalition: number): number[] => Array.from({ length: 16 }, (_, at) => at).filter((at) => (coalition >> at) & 1);

/** Shares of the score's change among regions, from the score of every coalition (bit r: region r is shown). */
export function shapleyValues(scores: readonly number[]): number[] {
  const count = Math.log2(scores.length);
  return Array.from({ length: count }, (_, region) =>
    scores.reduce((sum, score, coalition) => {
      const inside = (coalition >> region) & 1;
      const others = bitsOf(coalition).length - inside;
      return sum + ((inside ? 1 : -1) * (score - scores[0])) / (count * choose(count - 1, others));
    }, 0),
  );
}

/** All coalitions that have a property and of which no part has it; the smallest first, then by members. */
export function minimalSets(holds: readonly boolean[]): number[][] {
  const minimal = holds.flatMap((is, coalition) => {
    if (!is) return [];
    for (let part = (coalition - 1) & coalition; coalition > 0; part = (part - 1) & coalition) {
      if (holds[part]) return [];
      if (part === 0) break;
    }
    return [bitsOf(coalition)];
  });
  return minimal.sort((a, b) => a.length - b.length || a.map((one, at) => one - b[at]).find((one) => one) || 0);
}

export interface Part {
  name: string;
  regions: number[];
  says: string;
  fill: string;
  same: number;
  sets: number;
  coalition: number;
}

/** Where under one fill a set keeps the answer and another changes it: the surest of the smallest. */
export function partsOf(fill: string, answers: readonly number[], confidences: readonly number[], answer: number, answerNames: readonly string[]): [Part, Part] | null {
  const kept = answers.map((one) => one === answer);
  const all = answers.length - 1;
  const enough = minimalSets(kept);
  const needed = minimalSets(kept.toReversed().map((one) => !one));
  if (!enough.length || !enough[0].length || !needed.length) return null;
  const part = (name: string, sets: number[][], removed: boolean): Part => {
    const size = sets[0].length;
    const coalitionOf = (one: number[]): number => one.reduce((sum, region) => sum + 2 ** region, 0) ^ (removed ? all : 0);
    const best = sets.filter(({ length }) => length === size).reduce((a, b) => (confidences[coalitionOf(b)] > confidences[coalitionOf(a)] ? b : a));
    const coalition = coalitionOf(best);
    const regions = Math.log2(answers.length);
    const counted = answers.map((_, at) => bitsOf(at).length === (removed ? regions - size : size));
    return {
      name,
      regions: best,
      says: answerNames[answers[coalition]] + (Number.isNaN(confidences[coalition]) ? "" : ` (${probability(confidences[coalition])})`),
      fill,
      same: counted.filter((is, at) => is && kept[at] !== removed).length,
      sets: counted.filter(Boolean).length,
      coalition,
    };
  };
  return [part("alone", enough, false), part("without", needed, true)];
}

/** Regions that speak for the class under one fill and against it under another. */
export function unsureOf(values: readonly number[][]): number[] {
  const signs = values.map((row) => {
    const most = Math.max(...row.map(Math.abs));
    return row.map((one) => (Math.abs(one) > FAINT * most ? Math.sign(one) : 0));
  });
  return values[0].map((_, at) => at).filter((at) => signs.some((row) => row[at] < 0) && signs.some((row) => row[at] > 0));
}

/** What was found, a sentence a line (innerview.viewer.sentences.regions). */
export function lines(values: number[][], names: string[], fills: string[], empty: boolean[], answer: string, unit: string, parts: [Part, Part] | null, unsure: number[]): string[] {
  const told: string[] = [];
  if (parts) {
    const [only, less] = parts;
    const named = (part: Part): string => listed(part.regions.map((at) => names[at]));
    const one = (part: Part): boolean => part.regions.length === 1;
    told.push(
      `Alone, the ${named(only)} ${one(only) ? "is" : "are"} still predicted as ${only.says}; so ${only.same === 1 ? "is" : "are"} ${only.same} of all ${only.sets} ${one(only) ? "regions" : `sets of ${only.regions.length} regions`}.`,
      `Without the ${named(less)} the image is predicted as ${less.says}; ${less.same} of all ${less.sets} ${one(less) ? "regions" : `sets of ${less.regions.length} regions`} change the answer.`,
    );
  }
  const known = fills.filter((_, at) => empty[at]).map((fill) => fill.split(" (")[0]);
  if (known.length) told.push(`With nothing of the image left, ${answer} is still predicted: of ${listed(known)}.`);
  const middle = names.map((_, at) => values.reduce((sum, row) => sum + row[at], 0) / values.length);
  const order = names.map((_, at) => at).sort((a, b) => middle[b] - middle[a] || a - b);
  const [most, least] = [order[0], order[order.length - 1]];
  told.push(`The ${names[most]} adds most (${number(middle[most], true)} ${unit}), the ${names[least]} least (${number(middle[least], true)}): means over every combination of ${names.length} regions and ${fills.length} fills.`);
  if (unsure.length) told.push(`What the ${listed(unsure.map((at) => names[at]))} would add depends on what is put there instead.`);
  return told;
}

const ranks = (values: readonly number[]): number[] => values.map((one) => values.filter((other) => other < one).length + (values.filter((other) => other === one).length - 1) / 2);

function centred(values: readonly number[]): number[] {
  const found = ranks(values);
  const mean = found.reduce((sum, one) => sum + one, 0) / found.length;
  return found.map((one) => one - mean);
}

const product = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, one, at) => sum + one * b[at], 0);
const orders = new Map<number, number[][]>();

function ordersOf(count: number): number[][] {
  let found = orders.get(count);
  if (!found) {
    const random = new Random(0);
    found = Array.from({ length: ORDERS }, () => {
      const row = Array.from({ length: count }, () => random.double());
      return row.map((_, at) => at).sort((a, b) => row[a] - row[b]);
    });
    orders.set(count, found);
  }
  return found;
}

/** How far a map's sums over regions agree with their values under each fill. */
export function verdict(sums: readonly number[], values: readonly number[][], words: Record<string, string>): { kind: string; says: string } {
  const found = values.map((row) => {
    const [a, b] = [centred(sums), centred(row)];
    const size = Math.sqrt(product(a, a) * product(b, b));
    if (!(size > 0)) return null;
    const correlation = product(a, b) / size;
    const [first, second] = [a.toSorted((x, y) => x - y), b.toSorted((x, y) => x - y)];
    let better = 0;
    let worse = 0;
    for (const order of ordersOf(sums.length)) {
      const chance = product(order.map((at) => first[at]), second) / size;
      if (chance >= correlation - SAME) better += 1;
      if (chance <= correlation + SAME) worse += 1;
    }
    return { correlation, better: (1 + better) / (1 + ORDERS), worse: (1 + worse) / (1 + ORDERS) };
  });
  const known = found.filter((one) => one !== null);
  const kind = kindOf(found);
  if (!known.length) return { kind, says: words[kind] };
  const [low, high] = [Math.min, Math.max].map((most) => most(...known.map(({ correlation }) => correlation)).toFixed(2).replace("-", MINUS));
  return { kind, says: `${words[kind]} (rank correlation ${known.length === 1 ? low : `${low} to ${high} over ${known.length} fills`}, ${sums.length} regions)` };
}

function kindOf(found: ({ better: number; worse: number } | null)[]): string {
  if (found.every((one) => one === null)) return "not judged";
  const better = found.map((one) => one !== null && one.better <= LEVEL);
  if (better.includes(true)) return better.includes(false) ? "partly" : "agrees";
  return found.some((one) => one !== null && one.worse <= LEVEL) ? "contradicts" : "unproved";
}
