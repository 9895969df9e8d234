import { expect, test } from "vitest";
import type { Chosen } from "../src/core/session";
import { beliefOf } from "../src/views/why/belief";

const NAMES = ["cat", "dog", "frog"];

/** What was predicted: `chances` by class, and what is known of the image. */
function chosen(chances: number[], label: number | null = null, outside = "", names: string[] = NAMES): Chosen {
  const said = chances.indexOf(Math.max(...chances));
  const data = Float32Array.from(chances);
  const arrays = { logits: { data }, probabilities: { data }, predicted: { data: Uint32Array.of(said) }, confidence: { data: Float32Array.of(chances[said]) } };
  const subject = { payload: { arrays, meta: { label, outside } }, previous: false };
  return { subject, model: { classes: names, decides: true }, answers: names, target: said, versus: null } as unknown as Chosen;
}
test.each([
  [chosen([0.9, 0.1, 0], null, "a rocket"), "no", "outside"],
  [chosen([0.9, 0.1, 0], 1), "no", "label"],
  [chosen([0.6, 0.4, 0]), "doubt", "unsure"],
  [chosen([0.9, 0.1, 0], 0), "yes", "label"],
  [chosen([0.6, 0.4, 0], 0), "yes", "label"],
  [chosen([0.9, 0.1, 0]), "open", "nothing"],
] as const)("what is known of the answer is said of it, and nothing of the parts (%#)", (about, kind, because) => {
  const found = beliefOf(about);
  expect([found?.kind, found?.because]).toEqual([kind, because]);
});

test("a right answer of which the model is not sure says both", () => {
  expect(beliefOf(chosen([0.6, 0.4, 0], 0))?.says).toBe("The answer is right: the label is cat. But it is not sure: below 70 %.");
});

test("of many classes that are much the same, the next ones are named; it is never called sure below 70 %", () => {
  const names = Array.from({ length: 30 }, (_, i) => `class ${i}`);
  const chances = (first: number): number[] => [first, 0.15, 0.06, ...Array<number>(27).fill((0.79 - first) / 27)];
  expect(beliefOf(chosen(chances(0.59), null, "", names))?.says).toBe("The answer is doubtful: it is not sure (below 70 %). Next come class 1 (15.0 %) and class 2 (6.0 %).");
  expect(beliefOf(chosen(chances(0.2), null, "", names))?.says).toContain("its 5 likeliest have 45.4 % together). Perhaps none of its 30 classes fits.");
  expect(beliefOf(chosen(chances(0.71), null, "", names))?.because).toBe("nothing");
});
