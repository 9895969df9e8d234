/** Curves: what belongs together, which axis, smoothing without a pull to zero; runs and their checkpoints. */
import { describe, expect, test } from "vitest";
import { chosenRuns, timesOf } from "../src/core/runs";
import type { Payload } from "../src/generated/payloads";
import { clock, curvesOf, measures, notesOf, smooth, valueAt } from "../src/views/training/curves";

const tensor = (values: number[]): { data: Float32Array; shape: number[] } => ({ data: Float32Array.from(values), shape: [values.length] });
const curve = (name: string, steps: number[], values: number[], epochs: number[], seconds: number[]): object => ({
  [`curve/${name}/x`]: tensor(steps),
  [`curve/${name}/y`]: tensor(values),
  [`curve/${name}/epoch`]: tensor(epochs),
  [`curve/${name}/seconds`]: tensor(seconds),
});
const run = {
  kind: "run",
  arrays: {
    ...curve("loss", [0, 10, 20], [3, 2, 1], [0, 1, 2], [0, 60, 120]),
    ...curve("test_loss", [5, 20], [2.5, 1.5], [0.5, 2], [NaN, NaN]),
    ...curve("lr", [0, 20], [1, 0], [NaN, NaN], [NaN, NaN]),
    ...curve("size", [0, 20], [20, 32], [NaN, NaN], [NaN, NaN]),
    ...curve("final_loss", [20], [1.4], [2], [NaN]),
  },
} as unknown as Payload<"run">;

describe("a run's curves", () => {
  const curves = curvesOf(run);

  test("are paired by what they measure; a single point is no curve", () => {
    expect(curves.filter(({ measure }) => measure === "loss").map(({ tested }) => tested)).toEqual([false, true]);
    expect(measures(curves)).toEqual(["loss", "learning_rate", "size"]);
  });

  test("have one clock, whichever of them knows the time", () => {
    expect(clock(run, "step")(15)).toBe(15);
    expect(clock(run, "epoch")(15)).toBeCloseTo(1.5, 6);
    expect(clock(run, "time")(5)).toBeCloseTo(0.5, 6);
    expect(clock(run, "time")(99)).toBe(2);
  });

  test("are read at the last point before a step", () => {
    expect(valueAt(curves[0], 19)).toBe(2);
    expect(valueAt(curves[1], 4)).toBeNaN();
    expect(valueAt(curves[0], Infinity)).toBe(1);
  });
});

test("smoothing keeps a constant, and leaves gaps", () => {
  for (const weight of [0, 0.6, 0.95]) expect(smooth(Float32Array.of(2, 2, 2, 2), weight).every((v) => Math.abs(v - 2) < 1e-6)).toBe(true);
  const [first, gap, last] = smooth(Float32Array.of(1, NaN, 3), 0.5);
  expect([first, gap]).toEqual([1, NaN]);
  expect(last).toBeCloseTo((0.25 * 1 + 0.5 * 3) / 0.75, 6);
});

describe("checkpoints", () => {
  test("are told apart by epoch, or by name", () => {
    const known = timesOf({ epochs: tensor([0, 0.5, 2]), steps: tensor([0, 5, 20]) });
    expect([known.unit, known.find(null), known.find(0.4), known.words(2)]).toEqual(["epoch", 2, 1, "epoch 2.00"]);
    const named = timesOf({ epochs: tensor([NaN, NaN]), steps: tensor([0, 1]) }, ["before", "after"]);
    expect([named.unit, named.words(0), named.at]).toEqual(["checkpoint", "before", [0, 1]]);
  });

  test("the run of the model on screen is the one shown", () => {
    const runs = [
      { id: "a", name: "first", state: "finished" },
      { id: "b", name: "mine", state: "running", model: "n" },
    ];
    const model = { id: "n", name: "net" } as never;
    expect(chosenRuns(runs, "", model).map(({ id }) => id)).toEqual(["b"]);
    expect(chosenRuns(runs, "b,a,zz", model).map(({ id }) => id)).toEqual(["b", "a"]);
    expect(chosenRuns(runs, "", undefined).map(({ id }) => id)).toEqual(["a"]);
    expect(chosenRuns([], "", model)).toEqual([]);
  });
});

describe("notes under the curves", () => {
  const run = (values: Record<string, number>, smoothing = 0.1): never => {
    const arrays = Object.fromEntries(Object.entries(values).map(([name, value]) => [`curve/${name}/y`, { data: Float32Array.of(value), shape: [1] }]));
    return { arrays, meta: { manifest: { configuration: { optimisation: { label_smoothing: smoothing } } } } } as never;
  };

  test("tests of fewer images than at the end are told apart from the last one", () => {
    expect(notesOf(run({ test_accuracy: 0.89, test_images: 1000, final_images: 10000, final_accuracy: 0.8934 }, 0), 10)).toEqual([
      "The curve's tests are of 1,000 test images (the last: 89.00 %); at the end all 10,000 were tested: 89.34 %.",
    ]);
    expect(notesOf(run({ test_accuracy: 0.89, test_images: 10000, final_images: 10000, final_accuracy: 0.89 }, 0), 10)).toEqual([]);
  });

  test("a test loss below the training loss is explained, with the least that smoothing leaves", () => {
    // The entropy of 0.91 and nine times 0.01.
    expect(notesOf(run({ test_loss: 0.383, loss: 0.69 }), 10)[0]).toContain("above 0.500;");
    expect(notesOf(run({ test_loss: 0.9, loss: 0.69 }), 10)).toEqual([]);
    expect(notesOf(run({ test_loss: 0.7, loss: 0.69 }, 0), 10)).toEqual([]);
  });

  test("only what is true of the run is a reason", () => {
    const told = (configuration: object): string => {
      const { arrays } = run({ test_loss: 0.383, loss: 0.69 }) as { arrays: object };
      return notesOf({ arrays, meta: { manifest: { configuration } } } as never, 10)[0];
    };
    const augmentation = { flip: "random", shift: 3, rotation: 0, scale: 0.1, fraction: 0.5 };
    expect(told({ augmentation, optimisation: { label_smoothing: 0 } })).toContain("the training loss is of changed images (mirrored, shifted, scaled); the test loss has nothing of it.");
    expect(told({ augmentation: { flip: "none", shift: 0 }, stages: [{ until: 1, size: 0 }], optimisation: { label_smoothing: 0.1 } })).toContain("the training loss is measured with label smoothing 0.1");
    expect(told({ dropout: 0.5 })).toContain("(with dropout)");
    expect(told({ epochs: 3 })).toContain("did not record why");
  });
});
