/**
 * What should be known before the answer is believed, in one line under it: whether it can be right at all, and whether
 * the model is sure. Whether the parts are why is told in a line of its own: where one line spoke of either, doubt about
 * the parts was read as doubt about right answers, and parts that hold as approval of wrong ones.
 */
import { chanceText, className, count } from "../../core/numbers";
import { saidOf } from "../../core/said";
import type { Chosen } from "../../core/session";

/** Below such a probability a class may be the wrong one: measured for ten classes (docs/decisions/viewer.md). */
const SURE = 0.7;
/** Of many classes several mean much the same: there so many have to reach so much together, which was not measured. */
const [MANY, TOGETHER, ENOUGH] = [20, 5, 0.5];

/** Classes that are named one by one. */
const FEW = 12;

export interface Belief {
  kind: "yes" | "open" | "doubt" | "no";
  because: "outside" | "label" | "unsure" | "nothing";
  sign: string;
  says: string;
}

/** Null where nothing can be said yet, or where the outputs decide nothing. */
export function beliefOf({ subject, model, answers }: Pick<Chosen, "subject" | "model" | "answers">): Belief | null {
  if (!subject.payload || subject.previous || !model?.decides) return null;
  const { arrays, meta } = subject.payload;
  const [[said, , chance]] = saidOf(arrays);
  const n = model.classes.length;
  if (meta.outside) return { kind: "no", because: "outside", sign: "✗", says: `Don’t believe this answer: this sample shows ${meta.outside}, and that is none of its ${count(n)} classes.` };
  const { label } = meta;
  if (label !== null && label !== said) return { kind: "no", because: "label", sign: "✗", says: `The answer is wrong: the label is ${className(label, answers)}.` };
  const all = saidOf(arrays);
  const likeliest = n > MANY ? [...arrays.probabilities.data].sort((a, b) => b - a).slice(0, TOGETHER) : [chance];
  const reached = likeliest.reduce((sum, one) => sum + one, 0);
  const below = `below ${100 * SURE} %`;
  const right = label === null ? "" : `the label is ${className(label, answers)}`;
  if (said < n && chance < SURE) {
    if (n > MANY && reached >= ENOUGH && !right) {
      return { kind: "doubt", because: "unsure", sign: "?", says: `The answer is doubtful: it is not sure (${below}). Next come ${all.slice(1, 3).map(([name, , part]) => `${className(name, answers)} (${chanceText(part, 0)})`).join(" and ")}.` };
    }
    const how = n > MANY && reached < ENOUGH ? `its ${TOGETHER} likeliest have ${chanceText(reached, 0)} together` : below;
    if (right) return { kind: "yes", because: "label", sign: "✓", says: `The answer is right: ${right}. But it is not sure: ${how}.` };
    const none = n === 1 ? "It knows one thing only" : `Perhaps none of its ${count(n)} classes fits`;
    return { kind: "doubt", because: "unsure", sign: "?", says: `The answer is doubtful: it is not sure (${how}). ${none}.` };
  }
  if (right) return { kind: "yes", because: "label", sign: "✓", says: `The answer is right: ${right}.` };
  // Photos of other things get up to 94 % as well: nothing here shows that one of its classes fits.
  const known = n <= FEW ? `it is sure, but it can say nothing but ${model.classes.join(", ")}` : `it is sure, but it gives what is none of its ${count(n)} classes one of them too`;
  return { kind: "open", because: "nothing", sign: "", says: `See for yourself whether the answer is right: ${known}.` };
}
