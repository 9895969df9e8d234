/** Builds the engine beside the viewer: its worker (engine.js) and what a page runs to use it (live.js), each one script. */
import { defineConfig, type Plugin } from "vite";
import { kernel } from "./vite.config";

const BUNDLE = new URL("../src/innerview/viewer/bundle", import.meta.url).pathname;
const PART = process.env.PART === "live" ? { entry: "engine/page.ts", file: "live.js" } : { entry: "engine/worker.ts", file: "engine.js" };

export default defineConfig({
  plugins: [kernel as Plugin],
  build: {
    outDir: BUNDLE,
    emptyOutDir: false,
    target: "es2022",
    reportCompressedSize: false,
    lib: { entry: PART.entry, formats: ["iife"], name: "innerviewEngine", fileName: () => PART.file },
    minify: true,
    rolldownOptions: { output: { codeSplitting: false, minify: true } },
  },
});
