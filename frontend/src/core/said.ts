/** A prediction, the most likely first. */
export type Said = [name: number, logit: number, probability: number][];

/** Put classes in order: by probability (not a number where there is none), then by logit, then by number. */
export const inOrder = (classes: ArrayLike<number>, logits: ArrayLike<number>, probabilities: ArrayLike<number>): Said =>
  Array.from(classes, (name, i): Said[number] => [name, logits[i], probabilities[i]]).sort((a, b) => b[2] - a[2] || b[1] - a[1] || a[0] - b[0]);
