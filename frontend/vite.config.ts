/** Builds the viewer as one ES module and one stylesheet, straight into the Python package (which ships, and never commits, them). */
import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import { shrink } from "./shrink/index.ts";

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

const BUNDLE = new URL("../src/innerview/viewer/bundle", import.meta.url).pathname;

const INJECTED = `import { makeElement as jsxElement, Fragment as jsxFragment } from ${JSON.stringify(new URL("src/core/element.ts", import.meta.url).pathname)}`;

export default defineConfig({
  plugins: [page, shrink],
  // The classic form of JSX says "children" nowhere, which is 3 % of the bundle.
  oxc: { jsx: { runtime: "classic", pragma: "jsxElement", pragmaFrag: "jsxFragment" }, jsxInject: INJECTED },
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
