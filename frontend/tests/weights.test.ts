/** Histograms: every weight in a bin or named as outside, sentences at their layer, every bin in the CSV. */
import { expect, test } from "vitest";
import { timesOf } from "../src/core/runs";
import type { Payload } from "../src/generated/payloads";
import { byMovement, elsewhere, everyBin, movement, outsideWords, tableRows, weightLayers } from "../src/views/weights/facts";

const ints = (values: number[], shape: number[]): object => ({ data: Uint32Array.from(values), shape });
const floats = (values: number[], shape: number[]): object => ({ data: Float32Array.from(values), shape });
const payload = {
  kind: "weights",
  arrays: {
    "counts/0": ints([1, 2, 3, 4], [2, 2]),
    "edges/0": floats([-1, 0, 1], [3]),
    "counts/1": ints([5, 5, 5, 0, 0, 0], [2, 3]),
    "edges/1": floats([-3, -1, 1, 3], [4]),
    under: ints([0, 0, 1, 2], [2, 2]),
    over: ints([0, 0, 0, 3], [2, 2]),
    nan: ints([0, 0, 0, 10], [2, 2]),
    infinite: ints([0, 0, 0, 0], [2, 2]),
    ...Object.fromEntries(["mean", "std", "minimum", "maximum"].map((name) => [name, floats([1, 2, 3, 4], [2, 2])])),
    steps: floats([0, 9], [2]),
    epochs: floats([0, 1], [2]),
  },
  meta: {
    layers: ["a.weight", "b.weight"],
    checkpoints: ["0", "9"],
    health: [
      { layer: "b", words: "b explodes" },
      { layer: "", words: "all is lost" },
    ],
  },
} as unknown as Payload<"weights">;
const layers = weightLayers(payload);

const still = { ...layers[0], distance: [0.2, 0.15, 0], name: "conv1.weight" };
const moving = { ...layers[1], distance: [0.674, 0.1, 0], name: "conv4.weight" };

test("what moved most stands first, and who was early is told only where checkpoints tell it", () => {
  const times = timesOf({ epochs: floats([0, 1, 2], [3]), steps: floats([0, 5, 9], [3]) } as never);
  expect(byMovement([still, moving]).map(({ name }) => name)).toEqual(["conv4.weight", "conv1.weight"]);
  expect(movement([still, moving], times)).toBe(
    "conv4 moved by 67.4 % of its size from epoch 0 to epoch 2.00, the most; conv1 by 20 %, the least. conv4 was halfway first, by epoch 1.00; conv1 last, by epoch 2.00.",
  );
  const two = timesOf({ epochs: floats([0, 2], [2]), steps: floats([0, 9], [2]) } as never);
  const ends = [still, moving].map((layer) => ({ ...layer, distance: [layer.distance[0], 0] }));
  expect(movement(ends, two)).toBe("conv4 moved by 67.4 % of its size from epoch 0 to epoch 2.00, the most; conv1 by 20 %, the least.");
  expect(movement(layers, times)).toBeNull();
});

test("every weight is counted once", () => expect(layers.map(({ totals }) => totals)).toEqual([[3, 8], [15, 15]]));

test("what lies in no bin is named", () => {
  expect(outsideWords(layers[0], 0)).toBe("");
  expect(outsideWords(layers[1], 1)).toBe("2 below the axis, 3 above the axis, 10 not a number");
  expect(tableRows(layers, 1)[1].slice(-4)).toEqual(["2", "3", "10", "0"]);
});

test("sentences stand at their layer, the others above", () => {
  expect(layers.map(({ findings }) => findings)).toEqual([[], ["b explodes"]]);
  expect(elsewhere(payload, layers)).toEqual(["all is lost"]);
});

test("the CSV holds every bin, and its counts add up to all weights", () => {
  const { columns, rows } = everyBin(layers, timesOf(payload.arrays));
  expect(columns).toEqual(["layer", "epoch", "low", "high", "count"]);
  expect(rows.filter(([name, time]) => name === "b.weight" && time === 1).reduce((sum, row) => sum + Number(row[4]), 0)).toBe(15);
  expect(rows).toContainEqual(["a.weight", 1, 0, 1, 4]);
});
