/**
 * A region that is asked about, as a text for the link: a box "left,top,width,height" in pixels of the image as the
 * model sees it, else the marked cells as a mask (core/mask.ts).
 */
import { type Cells, decodeMask, encodeMask } from "./mask";

type Sizes = readonly [number, number];

/** The four numbers of a box, in or out of range; null for a mask. */
export function boxOf(text: string): [number, number, number, number] | null {
  return /^-?\d+(,-?\d+){3}$/.test(text) ? (text.split(",").map(Number) as [number, number, number, number]) : null;
}

/** The first pixel of a cell: pixel p lies in cell floor(p · cells / pixels). */
export const edge = (cell: number, cells: number, pixels: number): number => Math.ceil((cell * pixels) / cells);

/** The cells of a region: those that begin inside a box, or those of a mask; none where the text is neither. */
export function cellsOfRegion(text: string, [rows, columns]: Sizes, [height, width]: Sizes): Cells {
  const box = boxOf(text);
  if (!box) return decodeMask(text, rows * columns) ?? new Uint8Array(rows * columns);
  const [left, top, across, down] = box;
  return Uint8Array.from({ length: rows * columns }, (_, i) => {
    const [y, x] = [edge(Math.floor(i / columns), rows, height), edge(i % columns, columns, width)];
    return y >= top && y < top + down && x >= left && x < left + across ? 1 : 0;
  });
}

/** Marked cells as a text: a box where they are one. */
export function regionOf(cells: Cells, [rows, columns]: Sizes, [height, width]: Sizes): string {
  const marked = [...cells.keys()].filter((i) => cells[i]);
  const [ys, xs] = [marked.map((i) => Math.floor(i / columns)), marked.map((i) => i % columns)];
  const [top, bottom, left, right] = [Math.min(...ys), Math.max(...ys) + 1, Math.min(...xs), Math.max(...xs) + 1];
  if (!marked.length || marked.length !== (bottom - top) * (right - left)) return encodeMask(cells);
  const [y, x] = [edge(top, rows, height), edge(left, columns, width)];
  return [x, y, edge(right, columns, width) - x, edge(bottom, rows, height) - y].join();
}

/** The outline of a region in pixels, as the path of an SVG. */
export function outline(text: string, grid: Sizes, shape: Sizes): string {
  const box = boxOf(text);
  if (box) return `M${box[0]} ${box[1]}h${box[2]}v${box[3]}h${-box[2]}z`;
  const cells = cellsOfRegion(text, grid, shape);
  const [rows, columns] = grid;
  const on = (y: number, x: number): number => (y >= 0 && y < rows && x >= 0 && x < columns ? cells[y * columns + x] : 0);
  let path = "";
  for (let y = 0; y <= rows; y++) {
    for (let x = 0; x <= columns; x++) {
      const [down, across] = [edge(y, rows, shape[0]), edge(x, columns, shape[1])];
      if (on(y, x) !== on(y - 1, x)) path += `M${across} ${down}H${edge(x + 1, columns, shape[1])}`;
      if (on(y, x) !== on(y, x - 1)) path += `M${across} ${down}V${edge(y + 1, rows, shape[0])}`;
    }
  }
  return path;
}
