/** Builds the viewer as one ES module and one stylesheet, straight into the Python package (which ships, and never commits, them). */
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

const BUNDLE = new URL("../src/innerview/viewer/bundle", import.meta.url).pathname;

/** Functions that need no `this`, called often enough that a short name for each pays. */
const OFTEN = /(?<![\w.$])(Math\.(?:max|min|floor|abs|round|ceil|log10|sqrt)|Number\.(?:is(?:Finite|NaN|Integer)|parseInt)|Array\.from|JSON\.(?:parse|stringify)|Object\.(?:entries|assign|keys))(?=\()/g;

/**
 * What a minifier may not do for everybody: drop the remarks on purity (kept for those who bundle a bundle again: 6 %),
 * and give short names to often used functions of the language (2 %).
 */
const bare: Plugin = {
  name: "bare",
  apply: "build",
  generateBundle: (_, bundle) => {
    for (const file of Object.values(bundle)) {
      if (file.type !== "chunk") continue;
      const plain = file.code.replace(/(\w?)\/\* [@#]__PURE__ \*\/ ?/g, (_all, word) => (word ? `${word} ` : ""));
      if (plain.includes("$m")) throw new Error("The bundle uses a name beginning with $m: choose another prefix for the short names.");
      const names = new Map<string, string>();
      const short = plain.replace(OFTEN, (name) => names.get(name) ?? (names.set(name, `$m${names.size.toString(36)}`), names.get(name)!));
      file.code = names.size ? `const ${[...names].map(([name, alias]) => `${alias}=${name}`).join()};${short}` : short;
    }
  },
};

const INJECTED = 'import { h as jsxElement, Fragment as jsxFragment } from "preact"';

export default defineConfig({
  plugins: [page, bare],
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
