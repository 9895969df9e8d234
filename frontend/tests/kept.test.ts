import { expect, test } from "vitest";
import { usual } from "../src/core/session";

const BASELINES = ["black", "mean", "blurred"];
const methods = ["integrated-gradients", "class-evidence"];

test.each([
  [{ methods }, BASELINES, "integrated-gradients", "blurred"],
  [{ methods, kept: { method: "class-evidence", words: "" } }, BASELINES, "class-evidence", "blurred"],
  [{ methods, kept: { method: "integrated-gradients", baseline: "mean", words: "" } }, BASELINES, "integrated-gradients", "mean"],
  [{ methods: ["occlusion"], kept: { method: "class-evidence", words: "" } }, ["black and mean"], "occlusion", "black and mean"],
])("the first map is by what a comparison has kept, where the source has it", (model, baselines, method, baseline) => {
  expect(usual(model, baselines)).toEqual({ method, baseline });
});
