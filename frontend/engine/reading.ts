/** A network's weights as they stand in a page: 16-bit floats, low bytes and then high ones, deflated, base64. */
import { unpack } from "../src/sources/file";

/** All numbers of 16 bits, by their bits. */
let table: Float32Array | null = null;

function numbersOfHalves(): Float32Array {
  const found = new Float32Array(65_536);
  for (let bits = 0; bits < 65_536; bits++) {
    const exponent = (bits >> 10) & 31;
    const rest = bits & 1023;
    const size = exponent === 0 ? rest * 2 ** -24 : exponent === 31 ? (rest ? Number.NaN : Number.POSITIVE_INFINITY) : (1 + rest / 1024) * 2 ** (exponent - 15);
    found[bits] = bits >> 15 ? -size : size;
  }
  return found;
}

export async function readWeights(text: string): Promise<Float32Array<ArrayBuffer>> {
  let buffer: ArrayBuffer;
  try {
    buffer = await unpack(text);
  } catch {
    throw new Error("The network's weights can't be unpacked: the file was cut short or changed.");
  }
  // The low bytes of all numbers, then the high ones.
  const bytes = new Uint8Array(buffer);
  const count = bytes.length >> 1;
  table ??= numbersOfHalves();
  return Float32Array.from({ length: count }, (_, at) => table![bytes[at] | (bytes[count + at] << 8)]);
}
