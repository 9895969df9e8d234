import { describe, expect, test } from "vitest";
import { compand, EXPANDED, expand, expandChannel, expandFrame } from "../src/core/companding";
import { margin } from "../src/core/margin";
import { PayloadError, readBlob, readKind, readPayload, writeBlob } from "../src/core/safetensors";
import { numbers } from "../src/core/tensors";
import type { Payload } from "../src/generated/payloads";
import { mapBlob, random, subjectBlob } from "./making";

describe("companding", () => {
  test("bytes become numbers within the step of their size, zero stays zero, signs stay", () => {
    const values = random(1, 3000).map((v) => v ** 3);
    const { bytes, scale } = compand(values);
    const back = expand(bytes, scale);
    for (let i = 0; i < values.length; i++) {
      const root = Math.sqrt(Math.abs(values[i]) / scale);
      expect(Math.abs(back[i] - values[i])).toBeLessThanOrEqual((scale * (root / 127 + 1 / 127 ** 2)) * 1.01);
      expect(Math.sign(back[i]) * Math.sign(values[i])).toBeGreaterThanOrEqual(0);
    }
    expect(EXPANDED[0]).toBe(0);
    expect(EXPANDED[127]).toBe(1);
    expect(EXPANDED[256 - 127]).toBe(-1);
  });

  test("frames and channels take their own scale", () => {
    const bytes = Int8Array.from([127, -127, 127, 0]);
    const scales = Float32Array.from([2, 10]);
    expect(Array.from(expandFrame(bytes, scales, 1))).toEqual([10, 0]);
    expect(Array.from(expandChannel(bytes, scales, 0))).toEqual([2, 2]);
    expect(Array.from(expandChannel(bytes, scales, 1))).toEqual([-10, 0]);
  });
});

describe("blobs", () => {
  const buffer = (bytes: Uint8Array<ArrayBuffer>): ArrayBuffer => bytes.buffer;

  test("what is written is read, also behind the eight bytes of a frame", () => {
    const blob = mapBlob({ values: random(2, 64), height: 8 });
    const framed = new Uint8Array(8 + blob.length);
    framed.set(blob, 8);
    for (const [bytes, from] of [[buffer(blob), 0], [buffer(framed), 8]] as const) {
      const payload = readKind("map", bytes, from);
      expect(Array.from(payload.arrays.heatmap.data)).toEqual(Array.from(Float32Array.from(random(2, 64))));
      expect(payload.meta).toMatchObject({ target: 3, versus: null, tolerance: 0.01, unit: "logit", notes: [] });
    }
  });

  test("arrays that are not aligned are copied", () => {
    const odd = new Uint8Array(writeBlob({ a: { data: Float32Array.of(1, 2), shape: [2] } }, {}).length + 3);
    odd.set(writeBlob({ a: { data: Float32Array.of(1, 2), shape: [2] } }, {}), 3);
    expect(Array.from(readBlob(odd.buffer, 3).arrays.a.data)).toEqual([1, 2]);
  });

  test.each([
    ["cut off", (b: Uint8Array<ArrayBuffer>) => b.slice(0, 30).buffer, /cut off/],
    ["too short", () => new ArrayBuffer(3), /too short/],
  ])("%s", (_, damage, message) => expect(() => readPayload(damage(subjectBlob()))).toThrow(message));

  test("arrays and metadata are checked against the schema, by name", () => {
    const predicted = { data: new Uint32Array(1), shape: [1] };
    const confidence = { data: new Float32Array(1), shape: [1] };
    const base = { predicted, confidence, image: { data: new Uint8Array(12), shape: [2, 2, 3] }, thumbnail: { data: new Uint8Array(3), shape: [1, 1, 3] } };
    const meta = { schema: "2", kind: "subject", model: "n", image: "p", versions: "{}", name: "x", original: "[2,2]", source: "data" };
    const f32 = (n: number) => ({ data: new Float32Array(n), shape: [n] });
    const read = (arrays: Parameters<typeof writeBlob>[0], changed = {}): unknown => readPayload(writeBlob(arrays, { ...meta, ...changed }).buffer);
    expect(() => read({ ...base, logits: f32(3) })).toThrow(/no array "probabilities"/);
    expect(() => read({ ...base, logits: f32(3), probabilities: f32(4) })).toThrow(/"probabilities" in "subject" has 4 along axis 0; 3/);
    expect(() => read({ ...base, logits: { data: new Int8Array(3), shape: [3] }, probabilities: f32(3) })).toThrow(/type I8; asked was F32/);
    expect(() => read({ ...base, logits: f32(3), probabilities: f32(3) }, { schema: "9" })).toThrow(PayloadError);
    expect(() => read({ ...base, logits: f32(3), probabilities: f32(3) }, { kind: "dream" })).toThrow(/no payload of kind "dream"/);
    expect(() => read({ ...base, logits: f32(3), probabilities: f32(3) }, { original: "" })).toThrow(/no "original"/);
    expect(read({ ...base, logits: f32(3), probabilities: f32(3) })).toMatchObject({ meta: { label: null, crop: null } });
  });
});

describe("margin", () => {
  const map = (seed: number, target: number): Payload<"map"> =>
    readKind("map", mapBlob({ values: random(seed, 64), height: 8, target, score: seed }).buffer);

  test("is the difference; errors add and the relative error refers to it", () => {
    const [a, b] = [map(3, 3), map(4, 5)];
    a.meta.tolerance = 0.001;
    const missed = (one: string, other: string): string =>
      margin({ ...a, meta: { ...a.meta, status: one } }, { ...b, meta: { ...b.meta, status: other } }, 10).meta.status;
    expect(missed("done", "not-met")).toBe("not-met");
    expect(missed("not-met", "rounded")).toBe("rounded");
    expect(missed("rounded", "no-gradient")).toBe("no-gradient");
    const found = margin(a, b, 10);
    const [left, right, difference] = [a, b, found].map(({ arrays }) => numbers(arrays, "heatmap"));
    difference.forEach((v, i) => expect(v).toBeCloseTo(left[i] - right[i], 6));
    const total = (values: Float32Array): number => values.reduce((sum, v) => sum + Math.abs(v), 0);
    expect(found.meta.error! * total(difference)).toBeCloseTo(
      a.meta.error! * total(left) + b.meta.error! * total(right),
      6,
    );
    expect(found.arrays.pixel_error!.data[5]).toBeCloseTo(numbers(a.arrays, "pixel_error")[5] + numbers(b.arrays, "pixel_error")[5], 7);
    expect(found.meta).toMatchObject({ target: 3, versus: 5, objective: "margin", score: -1 });
  });

  test("of contrasts is the margin of the logits: (K − 1)/K of the difference", () => {
    // A linear score: each class's map is its weights times the image, a contrast's the class's minus the others' mean.
    const logits = [0, 1, 2, 3].map((seed) => Float64Array.from(random(seed + 20, 64)));
    const contrast = (c: number): number[] =>
      Array.from(logits[c], (v, i) => v - logits.reduce((sum, other, k) => sum + (k === c ? 0 : other[i]), 0) / 3);
    const [a, b] = [1, 2].map((c) => readKind("map", mapBlob({ values: contrast(c), height: 8, target: c, kind: "contrast" }).buffer));
    const found = margin(a, b, 4);
    numbers(found.arrays, "heatmap").forEach((v, i) => expect(v).toBeCloseTo(logits[1][i] - logits[2][i], 5));
    expect(found.meta.error! * numbers(found.arrays, "heatmap").reduce((sum, v) => sum + Math.abs(v), 0)).toBeGreaterThan(0);
  });
});
