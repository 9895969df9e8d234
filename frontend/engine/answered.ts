/** What the engine answers: kinds of questions, methods, baselines; for the page, which asks it nothing else. */
import type { Kind } from "../src/generated/payloads";

export const KINDS: readonly Kind[] = ["subject", "evidence", "map", "mask", "masking", "path", "check", "truth", "effects", "layers", "convolution"];
export const METHODS = ["integrated-gradients", "class-evidence", "occlusion", "gradient-input", "gradient", "grad-cam"];
export const BASELINES = ["black", "white", "gray", "mean", "blurred"];
