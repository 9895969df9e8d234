/** A prediction: what is said first, by the number of an answer, then classes, the most likely first. */
export type Said = [name: number, logit: number, probability: number][];

/**
 * What is said, in front of the classes. Who wins was decided in Python, once for everything that innerview shows: it
 * need not be the highest of these (not a single class, none of several, or a class that is not among those shown).
 */
export function saidFirst(answer: number, chance: number, classes: Said): Said {
  const known = classes.find(([name]) => name === answer);
  return [known ?? [answer, Number.NaN, chance], ...classes.filter((one) => one !== known)];
}

/** Put classes in order: by probability (not a number where there is none), then by logit, then by number. */
export const inOrder = (classes: ArrayLike<number>, logits: ArrayLike<number>, probabilities: ArrayLike<number>): Said =>
  Array.from(classes, (name, i): Said[number] => [name, logits[i], probabilities[i]]).sort((a, b) => b[2] - a[2] || b[1] - a[1] || a[0] - b[0]);

interface Answered {
  logits: { data: Float32Array };
  probabilities: { data: Float32Array };
  predicted: { data: Uint32Array };
  confidence: { data: Float32Array };
}

/** The prediction of one image, from its payload. */
export const saidOf = ({ logits, probabilities, predicted, confidence }: Answered): Said =>
  saidFirst(predicted.data[0], confidence.data[0], inOrder(Array.from(logits.data.keys()), logits.data, probabilities.data));
