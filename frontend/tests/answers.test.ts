/** The page's own engine answers as a server does (`tools/answers.py` wrote down what that is). */
import { expect, test } from "vitest";
import { Answers, type Ended } from "../engine/answers";
import { kernelBinary } from "../engine/binary";
import type { PageNetwork } from "../engine/data";
import { openHeap } from "../engine/kernel";
import { Network } from "../engine/network";
import { readWeights } from "../engine/reading";
import { readPayload, type Numbers } from "../src/core/safetensors";
import type { Tensor } from "../src/generated/payloads";
import type { Request } from "../src/sources/source";
import golden from "./answers.json";

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const data = golden.network as unknown as PageNetwork;
const { height, width } = data.network.input;
const levels = bytesOf(golden.image);

async function opened(): Promise<Answers> {
  const found = new Answers(data, new Network(data.network, await readWeights(data.weights), await openHeap(await kernelBinary())));
  const id = golden.answers[0].request.image;
  found.add({ id, pixels: Float32Array.from(levels, (one) => one / 255), name: "picture", thumbnail: { data: levels, width, height }, photo: null, crop: [0, 0, height, width], original: [height, width], caption: `${width} × ${height}, as it is` });
  return found;
}

function ended(answers: Answers, request: Request): Ended {
  const work = answers.answer(request);
  for (;;) {
    const { value, done } = work.next();
    if (done) return value;
  }
}

/** What the last digits of two machines may differ in; names of numbers that are themselves differences of rounding. */
const RELATIVE = 2e-4;
const ROUNDED = ["convergence_delta", "relative_convergence_delta", "error", "convergence", "share"];

function same(found: unknown, wanted: unknown, name: string): void {
  if (typeof wanted === "number" && typeof found === "number") {
    const loose = ROUNDED.some((one) => name.includes(one));
    expect(Math.abs(found - wanted), `${name}: ${found} for ${wanted}`).toBeLessThanOrEqual(loose ? 2e-5 + 0.02 * Math.abs(wanted) : RELATIVE * Math.max(Math.abs(wanted), 0.1));
  } else if (typeof wanted === "string") expect(String(found).replace(/to \S+ \(rounding/, "to … (rounding"), name).toBe(wanted.replace(/to \S+ \(rounding/, "to … (rounding"));
  else if (wanted && typeof wanted === "object") {
    expect(Object.keys(found as object).sort(), name).toEqual(Object.keys(wanted).sort());
    for (const [key, one] of Object.entries(wanted)) same((found as Record<string, unknown>)[key], one, `${name}.${key}`);
  } else expect(found, name).toEqual(wanted);
}

test.each(golden.answers.map((one, number) => [number, JSON.stringify({ ...one.request, image: undefined, model: undefined, mask: undefined }), one] as const))("%d %s", async (_, _words, { request, state, payload }) => {
  const found = ended(await opened(), request as unknown as Request);
  expect(found.state).toBe(state);
  const [ours, theirs] = [readPayload(found.blob.buffer), readPayload(bytesOf(payload).buffer)];
  const { versions: _ours, ...meta } = ours.meta;
  const { versions: _theirs, ...wanted } = theirs.meta;
  same(meta, wanted, theirs.kind);
  expect(Object.keys(ours.arrays).sort()).toEqual(Object.keys(theirs.arrays).sort());
  for (const [name, array] of Object.entries(theirs.arrays) as [string, Tensor<Numbers>][]) {
    const own = (ours.arrays as unknown as Record<string, Tensor<Numbers>>)[name];
    expect(own.shape, name).toEqual(array.shape);
    expect(own.data.constructor, name).toBe(array.data.constructor);
    const bytes = array.data.BYTES_PER_ELEMENT === 1;
    const values = Array.from(array.data as ArrayLike<number>);
    const most = values.reduce((size, one) => Math.max(size, Math.abs(one) || 0), 1e-9);
    const off = values.reduce((size, one, at) => Math.max(size, Number.isNaN(one) && Number.isNaN(own.data[at]) ? 0 : Math.abs(one - own.data[at])), 0);
    expect(off, name).toBeLessThanOrEqual(bytes ? 1 : name === "pixel_error" ? 0.02 * most : RELATIVE * most);
  }
});
