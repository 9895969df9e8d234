/** Tiles of a layer: order, colour, silence, and the cells that cover a pixel. */
import { describe, expect, test } from "vitest";
import { compand } from "../src/core/companding";
import type { Payload } from "../src/generated/payloads";
import { enlarge, hue, layerFacts, sorted, three } from "../src/views/layers/order";

function layer(channels: number[][], colours: number[]): Payload<"layers"> {
  const places = channels[0].length;
  const packed = channels.map(compand);
  const bytes = new Int8Array(places * channels.length);
  packed.forEach(({ bytes: from }, c) => from.forEach((q, i) => (bytes[i * channels.length + c] = q)));
  const list = (of: (values: number[]) => number): { data: Float32Array; shape: number[] } => ({ data: Float32Array.from(channels, of), shape: [channels.length] });
  return {
    kind: "layers",
    arrays: {
      "activation/0": { data: bytes, shape: [2, places / 2, channels.length] },
      "activation/0/scale": { data: Float32Array.from(packed, ({ scale }) => scale), shape: [channels.length] },
      "channels/0": { data: Uint32Array.from(channels, (_, i) => 10 * i), shape: [channels.length] },
      "mean/0": list((v) => v.reduce((a, b) => a + b, 0) / v.length),
      "maximum/0": list((v) => Math.max(...v)),
      "minimum/0": list((v) => Math.min(...v)),
      "above/0": list((v) => v.filter((x) => x > 0).length / v.length),
      "colours/0": { data: Float32Array.from(colours), shape: [channels.length, 3] },
    },
    meta: { layers: [{ name: "a", kind: "convolution", height: 2, width: places / 2, channels: channels.length, shown: channels.length, note: "" }] },
  } as unknown as Payload<"layers">;
}

describe("a layer", () => {
  const payload = layer([[4, -4, 4, 4], [1, 2, 1, 1], [0, 0, 0, 0]], [0, 0, 1, 1, 0, 0, NaN, NaN, NaN]);
  const facts = layerFacts(payload, 0);

  test("has its channels in the payload's order, with their numbers", () => {
    expect(facts.tiles.map(({ number }) => number)).toEqual([0, 10, 20]);
    expect(Array.from(facts.tiles[0].values)).toEqual([4, -4, 4, 4]);
    expect(facts.limit).toBe(4);
  });

  test("knows what is constant", () => expect(facts.tiles.map(({ constant }) => constant)).toEqual([false, false, true]));

  test("is sorted by colour from red on, what follows no colour last", () =>
    expect(sorted(payload, facts, "colour").map(({ number }) => number)).toEqual([10, 0, 20]));

  test("shows three channels as one image", () => expect(Array.from(three(facts.tiles)).slice(3, 6)).toEqual([-4, facts.tiles[1].values[1], 0]));
});

test.each([
  [1, 0, 0, 0],
  [0, 1, 0, 1 / 3],
  [0, 0, 1, 2 / 3],
  [1, 1, 0, 1 / 6],
])("the hue of %d %d %d is %d turns", (red, green, blue, turn) => expect(hue(red, green, blue)).toBeCloseTo(turn, 12));

test("a coarse map on a finer grid repeats its cells", () =>
  expect(Array.from(enlarge(Float32Array.of(1, 2, 3, 4), [2, 2], [4, 2]))).toEqual([1, 2, 1, 2, 3, 4, 3, 4]));
