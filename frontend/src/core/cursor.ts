/** One pixel that every panel speaks about: hover is passing, a pinned one stays (and is in the link). */

export type Pixel = readonly [row: number, column: number];

/** The cell of a coarser or finer grid that covers a pixel. */
export const cover = ([row, column]: Pixel, from: readonly [number, number], to: readonly [number, number]): Pixel => [
  Math.min(to[0] - 1, Math.floor(((row + 0.5) * to[0]) / from[0])),
  Math.min(to[1] - 1, Math.floor(((column + 0.5) * to[1]) / from[1])),
];

export const samePixel = (a: Pixel | null, b: Pixel | null): boolean => a === b || (!!a && !!b && a[0] === b[0] && a[1] === b[1]);
