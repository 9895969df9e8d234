/** The kernel's binary, as it is committed beside its source (vite.config.ts makes a text of it). */
import text from "./kernel.wasm";

export const kernelBinary = (): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
