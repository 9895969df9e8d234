/** Orders of many rows: by numbers with a radix sort of two passes, which is stable and needs no comparing. */

const DIGITS = 1 << 16;

/** Places of keys from the lowest to the highest; equal ones keep their order. */
export function orderOf(keys: Uint32Array): Uint32Array {
  const count = keys.length;
  let from = new Uint32Array(count);
  for (let i = 0; i < count; i++) from[i] = i;
  let to = new Uint32Array(count);
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(DIGITS + 1);
    for (let i = 0; i < count; i++) starts[((keys[i] >>> shift) & (DIGITS - 1)) + 1]++;
    for (let i = 1; i <= DIGITS; i++) starts[i] += starts[i - 1];
    for (let i = 0; i < count; i++) {
      const row = from[i];
      to[starts[(keys[row] >>> shift) & (DIGITS - 1)]++] = row;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Keys by which floats sort as numbers; NaN comes last whichever way. */
export function keysOfFloats(values: Float32Array, descending: boolean): Uint32Array {
  const bits = new Uint32Array(values.length);
  new Float32Array(bits.buffer).set(values);
  for (let i = 0; i < bits.length; i++) {
    if (Number.isNaN(values[i])) bits[i] = 0xffffffff;
    else {
      const key = (bits[i] & 0x80000000 ? ~bits[i] : bits[i] | 0x80000000) >>> 0;
      bits[i] = descending ? ~key >>> 0 : key;
    }
  }
  return bits;
}

/** The same of whole numbers; `none` comes last whichever way. */
export function keysOfWholes(values: ArrayLike<number>, descending: boolean, none: number): Uint32Array {
  const keys = new Uint32Array(values.length);
  for (let i = 0; i < keys.length; i++) keys[i] = values[i] === none ? 0xffffffff : descending ? 0xfffffffe - values[i] : values[i];
  return keys;
}
