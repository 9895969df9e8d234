/// <reference types="vitest/config" />
/** Builds the viewer as one ES module and one stylesheet, straight into the Python package (which ships, and never commits, them). */
import { deflateRawSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

/** Development only: the JSON of a one-file page, as PAGE says. */
const page: Plugin = {
  name: "page",
  apply: "serve",
  configureServer: (server) => {
    server.middlewares.use("/page.json", (_, reply) => {
      if (!process.env.PAGE) return void reply.writeHead(404).end();
      return void reply.setHeader("content-type", "application/json").end(readFileSync(process.env.PAGE));
    });
  },
};

/** The engine's kernel as a text in its module, since a page that is one file can load nothing. */
export const kernel: Plugin = {
  name: "kernel",
  enforce: "pre",
  load: (id) => (id.endsWith(".wasm") ? `export default "${deflateRawSync(readFileSync(id), { level: 9 }).toString("base64")}";` : undefined),
};

const BUNDLE = new URL("../src/innerview/viewer/bundle", import.meta.url).pathname;

export default defineConfig({
  plugins: [page, kernel],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // As patient as tests/patience.py: five seconds, Vitest's own, end tests of a busy machine.
  test: { testTimeout: 180_000 },
  server: {
    fs: { allow: [".."] },
    proxy: process.env.SERVER ? { "/socket": { target: process.env.SERVER, ws: true }, "/pictures": process.env.SERVER } : undefined,
  },
  build: {
    outDir: BUNDLE,
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome120", "firefox121", "safari17.2"], // They know nested rules.
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "viewer.js", cssFileName: "viewer" },
    minify: true,
    rolldownOptions: { output: { codeSplitting: false, minify: true } },
  },
});
