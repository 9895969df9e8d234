/** What is explained: one number per image, made from the outputs (innerview.targets). */
import type { Output } from "./data";

export interface Target {
  index: number;
  kind: string;
  unit: string;
  words: string;
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

const linear = (index: number, kind: string, words: string, factor: (at: number) => number): Target => ({
  index,
  kind,
  unit: "logit",
  words,
  score: (outputs) => Array.from(outputs).reduce((sum, one, at) => sum + one * factor(at), 0),
  factors: (outputs) => Array.from(outputs, (_, at) => factor(at)),
});

/** The target of a class, perhaps against another. */
export function targetOf(index: number, versus: number | null, objective: string, output: Output): Target {
  const { classes, temperature } = output;
  const logit = (one: number): string => `logit of ${label(one, classes)}`;
  if (versus !== null) {
    if (versus === index) throw new Error(`${label(index, classes)} was to be explained against itself; name another class.`);
    return linear(index, "margin", `${logit(index)} minus ${logit(versus)}`, (at) => Number(at === index) - Number(at === versus));
  }
  switch (objective) {
    case "logit":
      return linear(index, objective, logit(index), (at) => Number(at === index));
    case "contrast":
      return linear(index, objective, `${logit(index)} minus the mean of the others`, (at) => (at === index ? 1 : -1 / Math.max(classes.length - 1, 1)));
    case "probability":
      return {
        index,
        kind: objective,
        unit: "probability",
        words: `probability of ${label(index, classes)}`,
        score: (outputs) => softmax(outputs, temperature)[index],
        factors: (outputs) => {
          const chances = softmax(outputs, temperature);
          return chances.map((one, at) => (chances[index] * (Number(at === index) - one)) / temperature);
        },
      };
    default:
      throw new Error(`There is no objective "${objective}"; there are logit, contrast and probability.`);
  }
}

/** How sure the network is of one class against all others together. */
export function logOdds(index: number, { classes, temperature }: Output): Target {
  const others = (outputs: ArrayLike<number>): number[] => Array.from(outputs, (one, at) => (at === index ? Number.NEGATIVE_INFINITY : one / temperature));
  return {
    index,
    kind: "log-odds",
    unit: "log-odds",
    words: `log-odds of ${label(index, classes)}`,
    score: (outputs) => {
      const rest = others(outputs);
      const most = Math.max(...rest);
      return outputs[index] / temperature - most - Math.log(rest.reduce((sum, one) => sum + Math.exp(one - most), 0));
    },
    factors: (outputs) => softmax(others(outputs), 1).map((one, at) => (at === index ? 1 : -one) / temperature),
  };
}
