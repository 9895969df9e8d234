/**
 * Companded bytes: q = round(127·sgn v·√(|v|/s)), v = s·sgn q·(q/127)², one scale s per frame or channel.
 *
 * Square roots keep the small values that plain bytes would round away; drawing needs one table look-up per pixel.
 */

/** sgn q·(q/127)² for q = −127 … 127, indexed by the unsigned byte; −128 is a value that is not finite. */
export const EXPANDED = Float32Array.from({ length: 256 }, (_, byte) => {
  const q = byte < 128 ? byte : byte - 256;
  return q === -128 ? Number.NaN : Math.sign(q) * (q / 127) ** 2;
});

/** Expand bytes of one frame with its scale into numbers; `out` is reused when given. */
export function expand(bytes: Int8Array, scale: number, out: Float32Array = new Float32Array(bytes.length)): Float32Array {
  for (let i = 0; i < bytes.length; i++) out[i] = scale * EXPANDED[bytes[i] & 255];
  return out;
}

/** Frame `index` of a stack whose first axis is the frame. */
export function expandFrame(bytes: Int8Array, scales: Float32Array, index: number, out?: Float32Array): Float32Array {
  const size = bytes.length / scales.length;
  return expand(bytes.subarray(index * size, (index + 1) * size), scales[index], out);
}

/** Channel `index` of a height × width × channel stack with one scale per channel. */
export function expandChannel(bytes: Int8Array, scales: Float32Array, index: number): Float32Array {
  const channels = scales.length;
  const out = new Float32Array(bytes.length / channels);
  for (let i = 0; i < out.length; i++) out[i] = scales[index] * EXPANDED[bytes[i * channels + index] & 255];
  return out;
}

/** The bytes of one frame, and its scale; used by tests and fixtures. */
export function compand(values: ArrayLike<number>): { bytes: Int8Array; scale: number } {
  let scale = 0;
  for (let i = 0; i < values.length; i++) scale = Math.max(scale, Math.abs(values[i]));
  const bytes = new Int8Array(values.length);
  if (scale > 0) {
    for (let i = 0; i < values.length; i++) bytes[i] = Math.round(127 * Math.sqrt(Math.abs(values[i]) / scale)) * Math.sign(values[i]);
  }
  return { bytes, scale };
}
