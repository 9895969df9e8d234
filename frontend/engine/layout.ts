/** Weights as the kernel wants them: matrices in panels of eight columns. */

export const WIDE = 8;

/** A matrix, depth x columns, as panels of eight columns, each depth x 8; the last is filled with zeros. */
export function panels(depth: number, columns: number, value: (row: number, column: number) => number): Float32Array<ArrayBuffer> {
  const found = new Float32Array(Math.ceil(columns / WIDE) * WIDE * depth);
  for (let column = 0; column < columns; column++) {
    const start = Math.floor(column / WIDE) * WIDE * depth + (column % WIDE);
    for (let row = 0; row < depth; row++) found[start + row * WIDE] = value(row, column);
  }
  return found;
}

/** Kernels (output × input × height × width) for the way back: turned around, inputs and outputs exchanged. */
export function turned(data: Float32Array, [outputs, inputs, down, across]: number[]): Float32Array<ArrayBuffer> {
  const places = down * across;
  const found = new Float32Array(data.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let at = 0; at < places; at++) found[(i * outputs + o) * places + places - 1 - at] = data[(o * inputs + i) * places + at];
    }
  }
  return found;
}
