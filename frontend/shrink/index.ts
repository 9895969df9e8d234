/**
 * What a minifier may not do for everybody, done for this one bundle: it is in every page that is written, so each
 * byte is sent often. `tests/shrink.test.ts` runs programs before and after.
 */
import type { Plugin } from "vite";
import { asArrows } from "./arrows.ts";
import { shortElements } from "./elements.ts";
import { sayOnce } from "./once.ts";
import { shortStyles } from "./styles.ts";

/** Kept by minifiers for those who bundle a bundle again, after they have done their work. */
const withoutRemarks = (code: string): string => code.replace(/\/\* [@#]__PURE__ \*\/ ?/g, "");

export const shrink: Plugin = {
  name: "shrink",
  apply: "build",
  enforce: "post",
  renderChunk: (code) => ({ code: sayOnce(asArrows(shortElements(withoutRemarks(code)))), map: null }),
  generateBundle(_, bundle) {
    const files = Object.values(bundle);
    const script = files.find((file) => file.type === "chunk");
    const sheet = files.find((file) => file.fileName.endsWith(".css"));
    if (script?.type !== "chunk" || sheet?.type !== "asset" || files.length !== 2) this.error("The bundle should be one script and one style sheet.");
    const short = shortStyles(String(sheet.source), script.code);
    sheet.source = short.styles;
    // The minifier makes remarks of its own.
    script.code = withoutRemarks(short.script);
  },
};
