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

/**
 * A place well inside each region, as fractions of height and width: of its pixels farthest from the edge, the one nearest
 * to its middle, which may lie outside. Null for a region without pixels.
 */
export function middlesOf(labels: ArrayLike<number>, height: number, width: number, regions: number): ([number, number] | null)[] {
  const sums = Array.from({ length: regions }, () => [0, 0, 0]);
  for (let at = 0; at < labels.length; at++) {
    const sum = sums[labels[at]];
    sum[0] += Math.floor(at / width);
    sum[1] += at % width;
    sum[2] += 1;
  }
  // Peel pixels off from the edge until none is left: the last ones of each region lie deepest.
  let left = Array.from({ length: labels.length }, (_, at) => at);
  const inside = new Uint8Array(labels.length).fill(1);
  const deepest: number[][] = Array.from({ length: regions }, () => []);
  while (left.length) {
    const found: number[][] = Array.from({ length: regions }, () => []);
    for (const at of left) found[labels[at]].push(at);
    found.forEach((some, region) => {
      if (some.length) deepest[region] = some;
    });
    const same = (at: number, y: number, x: number): boolean => y >= 0 && y < height && x >= 0 && x < width && inside[y * width + x] === 1 && labels[y * width + x] === labels[at];
    const next = left.filter((at) => {
      const [y, x] = [Math.floor(at / width), at % width];
      return same(at, y - 1, x) && same(at, y + 1, x) && same(at, y, x - 1) && same(at, y, x + 1);
    });
    inside.fill(0);
    for (const at of next) inside[at] = 1;
    left = next;
  }
  return deepest.map((some, region) => {
    if (!some.length) return null;
    const [y, x] = [sums[region][0] / sums[region][2], sums[region][1] / sums[region][2]];
    const far = (at: number): number => (Math.floor(at / width) - y) ** 2 + ((at % width) - x) ** 2;
    const best = some.reduce((a, b) => (far(b) < far(a) ? b : a));
    return [(Math.floor(best / width) + 0.5) / height, ((best % width) + 0.5) / width];
  });
}
