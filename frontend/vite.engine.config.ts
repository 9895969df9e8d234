/**
 * Builds what stands beside the viewer, each one script: the engine's worker (engine.js), what a page runs to use it
 * (live.js), and the data-set view (dataset.js, dataset.css).
 */
import { defineConfig, type Plugin } from "vite";
import { kernel } from "./vite.config";

const BUNDLE = new URL("../src/innerview/viewer/bundle", import.meta.url).pathname;
const PARTS: Record<string, { entry: string; file: string }> = {
  worker: { entry: "engine/worker.ts", file: "engine.js" },
  live: { entry: "engine/page.ts", file: "live.js" },
  dataset: { entry: "dataset/index.tsx", file: "dataset.js" },
  benchmark: { entry: "tools/benchmark.ts", file: "benchmark.js" },
};
const PART = PARTS[process.env.PART ?? "worker"];

export default defineConfig({
  plugins: [kernel as Plugin],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: process.env.OUT ?? BUNDLE,
    emptyOutDir: false,
    target: "es2022",
    reportCompressedSize: false,
    cssTarget: ["chrome120", "firefox121", "safari17.2"],
    cssCodeSplit: false,
    lib: { entry: PART.entry, formats: ["iife"], name: "innerviewEngine", fileName: () => PART.file, cssFileName: PART.file.replace(".js", "") },
    minify: true,
    rolldownOptions: { output: { codeSplitting: false, minify: true } },
  },
});
