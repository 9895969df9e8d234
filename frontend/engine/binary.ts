/** The kernel's binary, as it is committed beside its source (vite.config.ts makes a text of it). */
import { unpack } from "../src/sources/file";
import text from "./kernel.wasm";

export const kernelBinary = async (): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await unpack(text));
