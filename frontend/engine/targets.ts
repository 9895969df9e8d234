/** What is explained: one number per image, made from the outputs (innerview.targets). */
import type { Output } from "./data";

export interface Target {
  index: number;
  /** The class that it is set against; null for none. */
  versus: number | null;
  kind: string;
  unit: string;
  words: string;
  /** Whether it is a sum of outputs, each with a factor of its own. */
  linear: boolean;
  score(outputs: ArrayLike<number>): number;
  /** d score / d outputs. */
  factors(outputs: ArrayLike<number>): number[];
}

export const label = (index: number, classes: readonly string[]): string => (classes[index] === String(index) ? String(index) : `${index} ${classes[index]}`);

export function softmax(outputs: ArrayLike<number>, temperature: number): number[] {
  const values = Array.from(outputs);
  const most = Math.max(...values);
  const powers = values.map((one) => Math.exp((one - most) / temperature));
  const total = powers.reduce((sum, one) => sum + one, 0);
  return powers.map((one) => one / total);
}

export const highest = (outputs: ArrayLike<number>): number => {
  let best = 0;
  for (let at = 1; at < outputs.length; at++) if (outputs[at] > outputs[best]) best = at;
  return best;
};

/** Probabilities of all classes; NaN where outputs have none (innerview.spec). */
export function chancesOf(outputs: ArrayLike<number>, { kind, temperature }: Output): number[] {
  if (kind === "logits") return softmax(outputs, temperature);
  return Array.from(outputs, (one) => (kind === "sigmoid" ? 0.5 * (1 + Math.tanh(one / (2 * temperature))) : kind === "scores" ? Number.NaN : one));
}

/** Number of the answer: of the highest output; of independent ones only where it is more likely than not. */
export function decide(outputs: ArrayLike<number>, chances: ArrayLike<number>, { kind, classes }: Output): number {
  const best = highest(outputs);
  return (classes.length === 1 || kind === "sigmoid") && chances[best] <= 0.5 ? classes.length : best;
}

/** Whether an answer can be read from outputs: from one score alone none can. */
export const decides = ({ kind, classes }: Output): boolean => kind !== "scores" || classes.length > 1;

/** Probability of an answer: of a class, or of "not" a single one; of several classes' absence there is none. */
export const chanceOf = (answer: number, chances: ArrayLike<number>): number => chances[answer] ?? (chances.length === 1 ? 1 - chances[0] : Number.NaN);

/** An answer with its number; one that is no class has none. */
export const answerLabel = (answer: number, { classes, answers }: Output): string => (answer < classes.length ? label(answer, classes) : answers[answer]);

const linear = (index: number, kind: string, words: string, factor: (at: number) => number, unit = "logit"): Target => ({
  index,
  versus: null,
  kind,
  unit,
  words,
  linear: true,
  score: (outputs) => Array.from(outputs).reduce((sum, one, at) => sum + one * factor(at), 0),
  factors: (outputs) => Array.from(outputs, (_, at) => factor(at)),
});

/** The smallest normal number of 32 bits. */
const TINY = 2 ** -126;

/** The target of a class, perhaps against another. */
export function targetOf(index: number, versus: number | null, objective: string, output: Output): Target {
  const { classes, temperature, kind } = output;
  const given = kind === "probabilities";
  const logit = (one: number): string => `${given && versus !== null ? "log-probability" : "logit"} of ${label(one, classes)}`;
  if (versus !== null) {
    if (versus === index) throw new Error(`${label(index, classes)} was to be explained against itself; name another class.`);
    const margin = { ...linear(index, "margin", `${logit(index)} minus ${logit(versus)}`, (at) => Number(at === index) - Number(at === versus)), versus };
    if (!given) return margin;
    const above = (outputs: ArrayLike<number>): number[] => Array.from(outputs, (one) => Math.max(one, TINY));
    return { ...margin, linear: false, score: (outputs) => margin.score(above(outputs).map(Math.log)), factors: (outputs) => above(outputs).map((one, at) => margin.factors(outputs)[at] / one) };
  }
  const known = { logits: ["logit", "contrast", "probability", ...(classes.length > 1 ? ["log-odds"] : [])], probabilities: ["probability"], sigmoid: ["logit", "contrast"], scores: ["logit", "contrast"] }[kind];
  if (!known.includes(objective)) throw new Error(`${objective} was to be explained of a network that gives ${kind}; of those there is ${known.join(", ")}.`);
  switch (objective) {
    case "logit":
      return linear(index, objective, logit(index), (at) => Number(at === index));
    case "contrast":
      return linear(index, objective, `${logit(index)} minus the mean of the others`, (at) => (at === index ? 1 : -1 / Math.max(classes.length - 1, 1)));
    case "log-odds":
      return logOdds(index, output);
    default: {
      const words = `probability of ${label(index, classes)}`;
      if (given) return linear(index, objective, words, (at) => Number(at === index), objective);
      return {
        index,
        versus,
        kind: objective,
        unit: "probability",
        words,
        linear: false,
        score: (outputs) => softmax(outputs, temperature)[index],
        factors: (outputs) => {
          const chances = softmax(outputs, temperature);
          return chances.map((one, at) => (chances[index] * (Number(at === index) - one)) / temperature);
        },
      };
    }
  }
}

/** How sure the network is of one class against all others together. */
export function logOdds(index: number, { classes, temperature }: Output): Target {
  const others = (outputs: ArrayLike<number>): number[] => Array.from(outputs, (one, at) => (at === index ? Number.NEGATIVE_INFINITY : one / temperature));
  return {
    index,
    versus: null,
    kind: "log-odds",
    unit: "log-odds",
    words: `log-odds of ${label(index, classes)}`,
    linear: false,
    score: (outputs) => {
      const rest = others(outputs);
      const most = Math.max(...rest);
      return outputs[index] / temperature - most - Math.log(rest.reduce((sum, one) => sum + Math.exp(one - most), 0));
    },
    factors: (outputs) => softmax(others(outputs), 1).map((one, at) => (at === index ? 1 : -one) / temperature),
  };
}
