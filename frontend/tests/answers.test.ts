/** The page's own engine answers as a server does (`tools/answers.py` wrote down what that is). */
import { expect, test } from "vitest";
import { Answers, type Ended, type Told } from "../engine/answers";
import { kernelBinary } from "../engine/binary";
import type { PageNetwork } from "../engine/data";
import { openHeap } from "../engine/kernel";
import { Network } from "../engine/network";
import { answered, Course, received, run, sent } from "../engine/passes";
import { readWeights } from "../engine/reading";
import { readPayload, type Numbers } from "../src/core/safetensors";
import type { Tensor } from "../src/generated/payloads";
import type { Request } from "../src/sources/source";
import golden from "./answers.json";

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
type Golden = (typeof golden)[number];

async function opened({ network: written, image, answers }: Golden): Promise<Answers> {
  const data = written as unknown as PageNetwork;
  const { height, width } = data.network.input;
  const levels = bytesOf(image);
  const found = new Answers(data, new Network(data.network, await readWeights(data.weights), await openHeap(await kernelBinary())));
  found.add({ id: answers[0].request.image, pixels: Float32Array.from(levels, (one) => one / 255), name: "picture", thumbnail: { data: levels, width, height }, photo: null, crop: [0, 0, height, width], original: [height, width], caption: `${width} × ${height}, as it is` });
  return found;
}

const ended = (answers: Answers, request: Request): Ended => answered<Told, Ended>(answers.answer(request), answers.network);

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

const cases = golden.flatMap((each) => each.answers.map((one) => [`${each.network.output.kind} of ${each.network.output.classes.length}`, JSON.stringify({ ...one.request, image: undefined, model: undefined, mask: undefined }), each, one] as const));

test.each(cases)("%s: %s", async (_kind, _words, each, { request, state, payload }) => {
  const found = ended(await opened(each), request as unknown as Request);
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

/** What can be explained of outputs of a kind; the rest is refused, as in innerview.targets. */
const EXPLAINED: Record<string, string[]> = {
  "logits of 10": ["logit", "contrast", "probability", "log-odds"],
  "sigmoid of 3": ["logit", "contrast"],
  "sigmoid of 1": ["logit", "contrast"],
  "probabilities of 3": ["probability"],
  "probabilities of 1": ["probability"],
  "scores of 3": ["logit", "contrast"],
  "scores of 1": ["logit", "contrast"],
};

test.each(golden.map((each) => [`${each.network.output.kind} of ${each.network.output.classes.length}`, each] as const))("%s: what has no meaning of such outputs is refused", async (name, each) => {
  const answers = await opened(each);
  const { image } = each.answers[0].request;
  for (const objective of ["logit", "contrast", "probability", "log-odds"]) {
    const asked = (): Ended => ended(answers, { kind: "map", image, objective, target: 0, method: "gradient" } as unknown as Request);
    if (EXPLAINED[name].includes(objective)) expect(readPayload(asked().blob.buffer).meta).toMatchObject({ objective });
    else expect(asked).toThrow(`${objective} was to be explained of a network that gives ${each.network.output.kind}; of those there is ${EXPLAINED[name].join(", ")}.`);
  }
});

/** The same answer by three networks: passes come back late, in the wrong order, and some not at all. */
async function shared(answers: Answers, others: Network[], request: Request): Promise<{ ended: Ended; helped: number }> {
  const course = new Course<Told, Ended>(answers.answer(request));
  const away: (() => void)[] = [];
  let helped = 0;
  const hand = (): void => {
    const pass = course.begin();
    const given = structuredClone(sent(course.wanted!, pass));
    const network = others[away.length % others.length];
    if (away.length % 5 === 4) away.push(() => course.giveBack(pass));
    else {
      away.push(() => course.bring(pass, run(network, given.images, received(given, answers.data.output))));
      helped += 1;
    }
  };
  for (;;) {
    while (course.wanted && course.left > 1 && away.length < 5) hand();
    if (course.able) {
      const { value, done } = course.step(answers.network);
      if (done) return { ended: value, helped };
    } else away.pop()!();
  }
}

test("shared with others, answers are the same bit for bit", async () => {
  const [each] = golden;
  const networks = await Promise.all([1, 2].map(async () => (await opened(each)).network));
  // One of each kind, for what decides is how passes are asked for.
  const kinds = new Map(each.answers.map((one) => [one.request.kind, one]));
  let all = 0;
  for (const { request } of kinds.values()) {
    const alone = ended(await opened(each), request as unknown as Request);
    const { ended: together, helped } = await shared(await opened(each), networks, request as unknown as Request);
    expect(together, request.kind).toEqual(alone);
    all += helped;
  }
  expect(all).toBeGreaterThan(50);
});
