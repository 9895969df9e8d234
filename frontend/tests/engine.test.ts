/** Random networks give what the NumPy adapter makes of them (`tools/engine.py` wrote that down), in both kernels. */
import { describe, expect, test } from "vitest";
import { kernelBinary } from "../engine/binary";
import { Heap, openHeap } from "../engine/kernel";
import { type Description, Network } from "../engine/network";
import { Plain } from "../engine/plain";
import { readWeights } from "../engine/reading";
import cases from "./engine.json";

const TOLERANCE = 1e-5;

const numbersOf = (text: string): Float32Array => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

/** The largest difference, relative to the largest number. */
function off(found: Float32Array, wanted: Float32Array): number {
  expect(found.length).toBe(wanted.length);
  const most = wanted.reduce((size, one) => Math.max(size, Math.abs(one)), 1e-30);
  return found.reduce((size, one, at) => Math.max(size, Math.abs(one - wanted[at])), 0) / most;
}

describe.each([["vectors", await kernelBinary()], ["plain", null]] as const)("%s", (_, binary) => {
  test.each(cases.map((each, number) => [number, each] as const))("network %d", async (_number, each) => {
    const network = new Network(each.network as unknown as Description, await readWeights(each.weights), await openHeap(binary));
    const images = numbersOf(each.images);
    for (const _ of [1, 2]) { // The second pass finds the memory as the first left it.
      const { outputs, activations } = network.forward(images, [each.layer]);
      expect(off(outputs, numbersOf(each.outputs))).toBeLessThan(TOLERANCE);
      expect(off(activations.get(each.layer)!, numbersOf(each.activation))).toBeLessThan(TOLERANCE);
      const back = network.gradient(images, () => numbersOf(each.factors), [each.layer]);
      expect(off(back.outputs, numbersOf(each.outputs))).toBeLessThan(TOLERANCE);
      expect(off(back.gradients, numbersOf(each.gradients))).toBeLessThan(TOLERANCE);
      expect(off(back.layerGradients.get(each.layer)!, numbersOf(each.layer_gradient))).toBeLessThan(TOLERANCE);
    }
  });
});

test("weights that do not fit the operations, or are no numbers, are refused in a sentence", async () => {
  const { network, weights } = cases[1];
  const [heap, known] = [await openHeap(null), await readWeights(weights)];
  const described = network as unknown as Description;
  expect(() => new Network(described, known.subarray(1), heap)).toThrow("cut short or changed");
  expect(() => new Network(described, known.map((one, at) => (at === 7 ? Number.NaN : one)), heap)).toThrow("NaN or infinite");
  const unknown = { ...described, operations: [{ ...described.operations[0], kind: "fft" }] } as unknown as Description;
  expect(() => new Network(unknown, known, heap)).toThrow('no operation "fft"');
  await expect(readWeights(weights.slice(0, 40))).rejects.toThrow("cut short");
});

test("a browser that gives no more memory is said, and what fits is answered all the same", async () => {
  const { network, weights, images, outputs } = cases[1];
  const plain = new Plain();
  let full = false;
  const memory = {
    get buffer() {
      return plain.buffer;
    },
    grow(pages: number): number {
      if (full) throw new RangeError("no more");
      return plain.grow(pages);
    },
  };
  const made = new Network(network as unknown as Description, await readWeights(weights), new Heap(plain, memory));
  const known = made.forward(numbersOf(images)).outputs;
  expect(off(known, numbersOf(outputs))).toBeLessThan(TOLERANCE);
  full = true;
  expect(() => made.forward(new Float32Array(9999 * made.size))).toThrow("needs more memory than the browser gives");
  expect(made.forward(numbersOf(images)).outputs).toEqual(known);
});
