/**
 * What is shown as one file that opens offline: this module, its stylesheet and the answers at hand about the image, as
 * `innerview report` writes it (src/innerview/viewer/one_file.py), but nothing that was not asked on this page.
 */
import type { Hello } from "../sources/source";
import type { Packed } from "../sources/file";
import { writeLink } from "./link";
import { rawOf } from "./safetensors";
import { save } from "./saving";
import type { Session } from "./session";

const base64 = (bytes: Uint8Array): string => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(text);
};

async function packed(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const stream = new Response(bytes).body!.pipeThrough(new CompressionStream("deflate-raw"));
  return base64(new Uint8Array(await new Response(stream).arrayBuffer()));
}

/** Save it; says what went wrong. */
export async function savePage(session: Session, model: string, image: string): Promise<void> {
  const hello = session.hello.value;
  const payloads: Packed[] = [];
  for (const [request, { payload, state }] of session.answers.all()) {
    const raw = payload && rawOf(payload);
    const ofRun = request.run !== undefined;
    if (!raw || state !== "done" || ofRun || request.more || request.region || request.mask || request.layer) continue;
    if (request.model !== model || (request.image ?? image) !== image) continue;
    const { kind, tolerance: _, ...keys } = request;
    payloads.push({ ...keys, kind, bytes: await packed(raw) } as Packed);
  }
  const start = writeLink({ ...session.link.value, image: null, model: null });
  const sample = hello.samples.find((one) => one.image === image) ?? { image, name: image };
  const held: Hello = { ...hello, models: hello.models.filter(({ id }) => id === model), samples: [sample], runs: [], survey: undefined, file: true, start };
  const [module, style] = await Promise.all(["viewer.js", "viewer.css"].map(async (name) => (await fetch(name)).text()));
  const exported = /export\s*\{([^{}]*)\}\s*;?\s*$/.exec(module)!;
  const name = exported[1].split(",").map((pair) => pair.trim().split(" as ")).find((pair) => pair[pair.length - 1] === "start")![0];
  const script = `${module.slice(0, exported.index)}${name}();`.replace(/<(?=\/script|!--|script)/gi, "\\x3C");
  const hash = base64(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script))));
  const json = JSON.stringify({ version: hello.version, hello: held, payloads }).replace(/[<\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'`;
  const page = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>innerview</title><link rel="icon" href="data:,">',
    `<style>${style.replace(/<(?=\/style)/gi, "\\3C ")}</style></head><body><div id="viewer"></div>`,
    `<script type="application/json" id="innerview">${json}</script>`,
    `<script type="module">${script}</script></body></html>`,
  ];
  save(`innerview-${image}.html`, new Blob(page, { type: "text/html" }));
}
