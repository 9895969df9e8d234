/** What a region that somebody marked does, in words and beside its like elsewhere (innerview.methods.ask, placebos, results.region_effects). */
import { MINUS } from "../src/core/numbers";
import { general } from "./pixels";
import { Random } from "./random";

const LEVEL = 0.05;

/** A region at other positions: all that fit, or `most` of them, drawn. */
export function placesElsewhere(mask: readonly boolean[], height: number, width: number, most: number): { masks: boolean[][]; sampled: boolean } {
  const [rows, columns] = [Array.from({ length: height }, (_, y) => y), Array.from({ length: width }, (_, x) => x)];
  const [down, across] = [rows.filter((y) => columns.some((x) => mask[y * width + x])), columns.filter((x) => rows.some((y) => mask[y * width + x]))];
  const [top, left] = [down[0], across[0]];
  const [tall, wide] = [down[down.length - 1] - top + 1, across[across.length - 1] - left + 1];
  const [free, along] = [height - tall + 1, width - wide + 1];
  const others = Array.from({ length: free * along }, (_, place) => place).filter((place) => place !== top * along + left);
  const order = new Random(0).permutation(others.length);
  const chosen = Array.from(order.slice(0, most), (at) => others[at]);
  const masks = chosen.map((place) => {
    const [y0, x0] = [Math.floor(place / along), place % along];
    return mask.map((_, at) => {
      const [y, x] = [Math.floor(at / width) - y0, (at % width) - x0];
      return y >= 0 && y < tall && x >= 0 && x < wide && mask[(top + y) * width + left + x];
    });
  });
  return { masks, sampled: chosen.length < others.length };
}

/** P-values corrected for their number (Holm 1979); NaN stays. */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).filter((at) => Number.isFinite(values[at])).sort((a, b) => values[a] - values[b] || a - b);
  const found = values.map(() => Number.NaN);
  let most = 0;
  order.forEach((at, place) => {
    most = Math.max(most, values[at] * (order.length - place));
    found[at] = Math.min(most, 1);
  });
  return found;
}

/** How often another place does as much, by the size of the mean over the fills; effects are fill × place. */
export function rankP(effects: readonly number[][], tolerance: number): number {
  const sizes = effects[0].map((_, place) => Math.abs(effects.reduce((sum, row) => sum + row[place], 0) / effects.length));
  return sizes.length === 1 ? Number.NaN : (1 + sizes.slice(1).filter((one) => one >= sizes[0] - tolerance).length) / sizes.length;
}

const percent = (value: number): string => `${general(100 * value, 3)} %`;
const signed = (value: number): string => `${value < 0 ? MINUS : "+"}${general(Math.abs(value), 3)}`.replaceAll("-", MINUS);

function change(values: readonly number[], up: string, down: string, unclear: string, what: string): string {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low === 0 && high === 0) return `does not change${what}`;
  if (low < 0 && high > 0) return `${unclear}${what} by ${signed(mean)} (${signed(low)} to ${signed(high)} over ${values.length} fills, which disagree)`;
  const [small, large] = [Math.abs(low), Math.abs(high)].sort((a, b) => a - b);
  return `${mean < 0 ? down : up}${what} by ${general(Math.abs(mean), 3)}${values.length > 1 ? ` (${general(small, 3)} to ${general(large, 3)} over ${values.length} fills)` : ""}`;
}

export interface Told {
  name: string;
  explained: string;
  fraction: number;
  removed: number[];
  alone: number[];
  /** Of the class explained: of the image, and without the region under each fill; NaN where there are none. */
  probability: number;
  probabilities: number[];
  /** −1 where none can be read, and all others then too. */
  answer: number;
  removedAnswers: number[];
  aloneAnswers: number[];
  p: [number, number];
  adjusted: [number, number];
  tries: number;
  placebos: number;
  sampled: boolean;
  label(answer: number): string;
}

/** Taking it away, and showing it alone. */
export function told(of: Told): { removed: string; alone: string } {
  const against = (at: 0 | 1): string => {
    if (Number.isNaN(of.p[at])) return of.sampled ? "It has not been held against regions of its shape elsewhere." : "There is no other place of its size and shape to hold it against.";
    const corrected = of.tries > 1 ? `, ${general(of.adjusted[at], 2)} corrected for ${of.tries} tries` : "";
    return `${of.adjusted[at] <= LEVEL ? "This is more than" : "This is not clearly more than"} what regions of its shape do elsewhere (p = ${general(of.p[at], 2)}${corrected}; ${of.placebos} of them).`;
  };
  const [low, high] = [percent(Math.min(...of.probabilities)), percent(Math.max(...of.probabilities))];
  const changed = of.removedAnswers.filter((one) => one !== of.answer);
  const named = (answers: readonly number[]): string => [...new Set(answers.map(of.label))].join(" or ");
  const chances = Number.isNaN(of.probability) ? "" : `, its probability from ${percent(of.probability)} to ${low === high ? low : `between ${low} and ${high}`}`;
  const became = of.answer < 0 ? "" : changed.length ? `; ${named(changed)} is predicted under ${changed.length} of ${of.removedAnswers.length} fills` : `; ${of.label(of.answer)} is still predicted`;
  const called = of.answer < 0 ? "" : `; ${named(of.aloneAnswers)} is predicted`;
  return {
    removed: `Without the region ${of.name} (${percent(of.fraction)} of the image) the score (${of.explained}) ${change(of.removed.map((one) => -one), "rises", "falls", "changes", "")}${chances}${became}. ${against(0)}`,
    alone: `Shown alone, it ${change(of.alone, "raises", "lowers", "changes", " the score of the fill")}${called}. ${against(1)}`,
  };
}

/** Told where no region could stand out, whatever it does. */
export const tooFew = (placebos: number, tries: number): string[] =>
  !tries || tries / (1 + placebos) <= LEVEL
    ? []
    : [`With ${placebos} other positions and ${tries} tries the smallest p-value cannot fall below ${general(Math.min(tries / (1 + placebos), 1), 2)}; ask about a smaller region, about fewer, or for more placebos.`];
