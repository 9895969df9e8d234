/** What benchmarks/page.py measures of the engine, in Node and in a browser: a script that leaves `engineBenchmark` behind. */
import { Answers } from "../engine/answers";
import { kernelBinary } from "../engine/binary";
import type { PageNetwork } from "../engine/data";
import { openHeap } from "../engine/kernel";
import { Network } from "../engine/network";
import { answered } from "../engine/passes";
import { readWeights } from "../engine/reading";
import type { Request } from "../src/sources/source";

interface Clock {
  /** Milliseconds, of the wall or of the processor. */
  (): number;
}

async function opened(text: string, plain = false): Promise<{ data: PageNetwork; network: Network }> {
  const data = JSON.parse(text) as PageNetwork;
  return { data, network: new Network(data.network, await readWeights(data.weights), await openHeap(plain ? null : await kernelBinary())) };
}

const pixelsOf = (bytes: Uint8Array): Float32Array => Float32Array.from(bytes, (one) => one / 255);

/** Times of a forward pass and of one forward and back, of one image. */
async function speed(text: string, image: Uint8Array, rounds: number, clock: Clock, plain = false): Promise<Record<string, number[]>> {
  const start = clock();
  const { network } = await opened(text, plain);
  const found: Record<string, number[]> = { open: [clock() - start], forward: [], both: [] };
  const pixels = pixelsOf(image);
  const timed = (work: () => void): number => {
    const from = clock();
    work();
    return clock() - from;
  };
  for (let round = -3; round < rounds; round++) {
    const forward = timed(() => network.forward(pixels));
    const both = timed(() => network.gradient(pixels, (outputs) => outputs.map((_, at) => Number(at === 3))));
    if (round < 0) continue;
    found.forward.push(forward);
    found.both.push(both);
  }
  return found;
}

/** Outputs of many images, row after row. */
async function outputs(text: string, images: Uint8Array): Promise<Float32Array> {
  const { network } = await opened(text);
  const count = images.length / network.size;
  const found = new Float32Array(count * network.classes);
  for (let at = 0; at < count; at += 4) found.set(network.forward(pixelsOf(images.subarray(at * network.size, Math.min(at + 4, count) * network.size))).outputs, at * network.classes);
  return found;
}

/** Gradients of each image's highest output, and time of the answers to requests about one image. */
async function gradients(text: string, images: Uint8Array): Promise<Float32Array> {
  const { network } = await opened(text);
  const found = new Float32Array(images.length);
  for (let at = 0; at < images.length; at += network.size) {
    const { gradients: one } = network.gradient(pixelsOf(images.subarray(at, at + network.size)), (row) => Array.from(row, (value) => Number(value === Math.max(...row))));
    found.set(one, at);
  }
  return found;
}

async function answers(text: string, image: Uint8Array, requests: Request[], rounds: number, clock: Clock): Promise<number[][]> {
  const { data, network } = await opened(text);
  const { height, width } = data.network.input;
  const found: number[][] = requests.map(() => []);
  for (let round = -1; round < rounds; round++) {
    // Anew each time, so that nothing is remembered.
    const asked = new Answers(data, network);
    asked.add({ id: "image", pixels: pixelsOf(image), name: "", thumbnail: { data: new Uint8Array(3), width: 1, height: 1 }, photo: null, crop: [0, 0, height, width], original: [height, width], caption: "" });
    requests.forEach((request, number) => {
      if (request.kind === "truth" && round > 0) return; // It takes long, and once tells.
      const from = clock();
      answered(asked.answer({ ...request, image: "image" }), network);
      if (round >= 0) found[number].push(clock() - from);
    });
  }
  return found;
}

Object.assign(globalThis, { engineBenchmark: { speed, outputs, gradients, answers } });
