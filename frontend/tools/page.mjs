/**
 * Makes a static page out of the built bundle and the JSON of a one-file page, to try views without a server:
 *
 *     npm run build && node tools/page.mjs page.json page.html
 */
import { readFileSync, writeFileSync } from "node:fs";

const [, , from, to] = process.argv;
const bundle = new URL("../../src/innerview/viewer/bundle/", import.meta.url);
const script = readFileSync(new URL("viewer.js", bundle), "utf8").replaceAll("</script", "<\\/script");
const style = readFileSync(new URL("viewer.css", bundle), "utf8");
const page = readFileSync(from, "utf8").replaceAll("</", "<\\/");
const url = `data:text/javascript;base64,${Buffer.from(script).toString("base64")}`;
writeFileSync(
  to,
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>innerview</title><style>${style}</style><body><div id="viewer"></div>
<script type="application/json" id="innerview">${page}</script>
<script type="module">import { start } from "${url}"; start();</script></body></html>`,
);
