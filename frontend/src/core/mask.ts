/**
 * What the model may see, as cells of at most 32 × 32: one byte a cell on the page, one bit a cell in the link and
 * on the way to the server (row by row, the first cell in the highest bit of the first byte; base64url).
 */
import type { ImageBytes } from "./paint";

export type Cells = Uint8Array;
export const MOST = 32;

export const gridOf = (height: number, width: number): [number, number] => [Math.min(MOST, height), Math.min(MOST, width)];

export function encodeMask(cells: Cells): string {
  const bytes = new Uint8Array(Math.ceil(cells.length / 8));
  cells.forEach((on, i) => {
    if (on) bytes[i >> 3] |= 128 >> (i & 7);
  });
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Null where the text is not a mask of this many cells. */
export function decodeMask(text: string, count: number): Cells | null {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
    if (bytes.length !== Math.ceil(count / 8)) return null;
    return Uint8Array.from({ length: count }, (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1);
  } catch {
    return null;
  }
}

/** The cells in which at least half of the pixels are shown. */
export function cellsOf(shown: Uint8Array, [height, width]: readonly [number, number], [rows, columns]: readonly [number, number]): Cells {
  const seen = new Float64Array(rows * columns);
  const all = new Float64Array(rows * columns);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
      all[cell]++;
      seen[cell] += shown[y * width + x];
    }
  }
  return Uint8Array.from(seen, (n, i) => (n * 2 >= all[i] && n > 0 ? 1 : 0));
}

/** The pixels that a mask of cells shows. */
export function pixelsOf(cells: Cells, [rows, columns]: readonly [number, number], [height, width]: readonly [number, number]): Uint8Array {
  return Uint8Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return cells[Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width)];
  });
}

/** A square of the brush around a cell, set or cleared. */
export function stamp(cells: Cells, columns: number, [row, column]: readonly [number, number], size: number, on: boolean): Cells {
  const result = cells.slice();
  const before = Math.floor((size - 1) / 2);
  const rows = cells.length / columns;
  for (let y = Math.max(0, row - before); y < Math.min(rows, row - before + size); y++) {
    for (let x = Math.max(0, column - before); x < Math.min(columns, column - before + size); x++) result[y * columns + x] = on ? 1 : 0;
  }
  return result;
}

/** Cells from a to b, in a straight line, so that a fast drag leaves no holes. */
export function between(a: readonly [number, number], b: readonly [number, number]): [number, number][] {
  const steps = Math.max(Math.abs(b[0] - a[0]), Math.abs(b[1] - a[1]), 1);
  return Array.from({ length: steps + 1 }, (_, i) => [
    Math.round(a[0] + ((b[0] - a[0]) * i) / steps),
    Math.round(a[1] + ((b[1] - a[1]) * i) / steps),
  ]);
}

/** Only the cells within a box, both corners included, in any order. */
export function box(rows: number, columns: number, a: readonly [number, number], b: readonly [number, number]): Cells {
  const [top, bottom] = [Math.min(a[0], b[0]), Math.max(a[0], b[0])];
  const [left, right] = [Math.min(a[1], b[1]), Math.max(a[1], b[1])];
  return Uint8Array.from({ length: rows * columns }, (_, i) => {
    const [y, x] = [Math.floor(i / columns), i % columns];
    return y >= top && y <= bottom && x >= left && x <= right ? 1 : 0;
  });
}

/** The pixels kept first by a ranking. */
export function keptFirst(ranking: ArrayLike<number>, kept: number): Uint8Array {
  const shown = new Uint8Array(ranking.length);
  for (let i = 0; i < shown.length; i++) shown[i] = ranking[i] < kept ? 1 : 0;
  return shown;
}

/** The image where it is shown, the fill elsewhere: what the model sees. */
export function filled(image: ImageBytes, fill: ImageBytes, shown: Uint8Array): ImageBytes {
  const channels = image.data.length / shown.length;
  const data = fill.data.slice();
  for (let i = 0, at = 0; i < shown.length; i++, at += channels) {
    if (shown[i]) for (let c = at; c < at + channels; c++) data[c] = image.data[c];
  }
  return { data, shape: image.shape };
}
