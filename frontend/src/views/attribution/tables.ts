/** The map in numbers: its strongest pixels, its sums over blocks, and all of it; rows and columns count from 1. */
import type { MapFacts } from "../../core/maps";
import { absoluteError, count, number } from "../../core/numbers";
import type { Cell } from "../../core/saving";

const STRONGEST = 20;
export const BLOCK = 8;

const atRank = ({ ranks }: MapFacts): Uint32Array => {
  const order = new Uint32Array(ranks.length);
  ranks.forEach((rank, i) => {
    order[rank] = i;
  });
  return order;
};

export function strongestPixels(facts: MapFacts): string[][] {
  const order = atRank(facts).subarray(0, STRONGEST);
  return Array.from(order, (i, rank) => [
    count(rank + 1),
    String(Math.floor(i / facts.width) + 1),
    String((i % facts.width) + 1),
    number(facts.values[i], true),
    facts.error ? absoluteError(facts.error[i]) : "–",
  ]);
}

export function blockSums({ values, height, width }: MapFacts): string[][] {
  const rows: string[][] = [];
  for (let top = 0; top < height; top += BLOCK) {
    for (let left = 0; left < width; left += BLOCK) {
      const [bottom, right] = [Math.min(top + BLOCK, height), Math.min(left + BLOCK, width)];
      let sum = 0;
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += values[y * width + x];
      rows.push([`${top + 1}–${bottom}`, `${left + 1}–${right}`, number(sum, true)]);
    }
  }
  return rows;
}

export function everyPixel({ values, error, ranks, width }: MapFacts): { columns: string[]; rows: Cell[][] } {
  return {
    columns: ["row", "column", "value", "error", "rank"],
    rows: Array.from(values, (value, i) => [Math.floor(i / width) + 1, (i % width) + 1, value, error ? error[i] : "", ranks[i] + 1]),
  };
}
