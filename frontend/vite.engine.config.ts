/** Builds the engine beside the viewer: its worker (engine.js) and what a page runs to use it (live.js), each one script. */
import { defineConfig, type Plugin } from "vite";
import { kernel } from "./vite.config";

const BUNDLE = new URL("../src/innerview/viewer/bundle", import.meta.url).pathname;
const PARTS: Record<string, { entry: string; file: string }> = {
  worker: { entry: "engine/worker.ts", file: "engine.js" },
  live: { entry: "engine/page.ts", file: "live.js" },
  benchmark: { entry: "tools/benchmark.ts", file: "benchmark.js" },
};
const PART = PARTS[process.env.PART ?? "worker"];

export default defineConfig({
  plugins: [kernel as Plugin],
  build: {
    outDir: process.env.OUT ?? BUNDLE,
    emptyOutDir: false,
    target: "es2022",
    reportCompressedSize: false,
    lib: { entry: PART.entry, formats: ["iife"], name: "innerviewEngine", fileName: () => PART.file },
    minify: true,
    rolldownOptions: { output: { codeSplitting: false, minify: true } },
  },
});
