import { describe, expect, test } from "vitest";
import { numbers } from "../src/core/tensors";
import { fileSource, type FilePage, type Packed } from "../src/sources/file";
import type { Hello, Message, Request } from "../src/sources/source";
import { mapBlob, random, subjectBlob } from "./making";

async function pack(blob: Uint8Array<ArrayBuffer>): Promise<string> {
  const packed = await new Response(new Response(blob).body!.pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer();
  return btoa(String.fromCharCode(...new Uint8Array(packed)));
}

const HELLO: Hello = { version: "1", models: [], samples: [], runs: [], baselines: ["black"], remote: false, file: true };

async function page(): Promise<FilePage> {
  const map = async (target: number): Promise<Packed> => ({
    kind: "map",
    model: "net",
    image: "ed7a03c4",
    target,
    versus: null,
    method: "integrated-gradients",
    baseline: "black",
    bytes: await pack(mapBlob({ values: random(target, 64), height: 8, target })),
  });
  return {
    version: "1",
    hello: HELLO,
    payloads: [{ kind: "subject", model: "net", image: "ed7a03c4", method: "", baseline: "", bytes: await pack(subjectBlob()) }, await map(3), await map(5)],
  };
}

const REQUEST: Request = { kind: "map", model: "net", image: "ed7a03c4", target: 3, versus: null, method: "integrated-gradients", baseline: "black", tolerance: 0.001 };
const answer = async (request: Request): Promise<Message> => {
  const source = fileSource(await page());
  return new Promise((resolve) => source.ask(request, resolve));
};

describe("one file", () => {
  test("answers what it holds, whatever tolerance was asked for", async () => {
    expect(await answer(REQUEST)).toMatchObject({ state: "done", payload: { kind: "map", meta: { target: 3, tolerance: 0.01 } } });
  });

  test("says in words what it does not hold", async () => {
    const message = await answer({ ...REQUEST, target: 7 });
    expect(message).toMatchObject({ state: "failed", message: expect.stringContaining("innerview serve") });
  });

  test("makes a margin of two classes that it holds", async () => {
    const { payload } = await answer({ ...REQUEST, versus: 5 });
    const difference = numbers(payload!.arrays, "heatmap");
    const [a, b] = [random(3, 64), random(5, 64)].map((list) => Float32Array.from(list));
    difference.forEach((v, i) => expect(v).toBeCloseTo(a[i] - b[i], 6));
  });

  test("knows beforehand what can be asked", async () => {
    const source = fileSource(await page());
    expect(source.can(REQUEST)).toBe(true);
    expect(source.can({ ...REQUEST, versus: 5 })).toBe(true);
    expect(source.can({ ...REQUEST, versus: 6 })).toBe(false);
    expect(source.can({ ...REQUEST, image: "00000000" })).toBe(false);
    expect(source.can({ kind: "mask", model: "net", image: "ed7a03c4" })).toBe(false);
    expect(source.choices(REQUEST, "target")).toEqual(new Set([3, 5]));
    expect(source.choices(REQUEST, "baseline")).toEqual(new Set(["black"]));
  });
});
