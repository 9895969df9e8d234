/**
 * From numbers to places on an axis and back: linear, logarithmic, and symmetric logarithmic (log(1 + |v|) with sign).
 *
 * Only this much of a chart library is needed here; with the library the page would be half as large again.
 */

export type AxisKind = "linear" | "log" | "symlog";
export type Position = ((value: number) => number) & { invert: (at: number) => number };

const BENDS: Record<AxisKind, { bend: (v: number) => number; back: (v: number) => number }> = {
  linear: { bend: (v) => v, back: (v) => v },
  log: { bend: Math.log10, back: (v) => 10 ** v },
  symlog: { bend: (v) => Math.sign(v) * Math.log1p(Math.abs(v)), back: (v) => Math.sign(v) * Math.expm1(Math.abs(v)) },
};

/** Places of `domain` on `range`; a domain of one value sits in the middle. */
export function position(kind: AxisKind, domain: readonly [number, number], range: readonly [number, number]): Position {
  const { bend, back } = BENDS[kind];
  const [low, high] = [bend(domain[0]), bend(domain[1])];
  const span = high - low;
  const place = (value: number): number => (span === 0 ? (range[0] + range[1]) / 2 : range[0] + ((bend(value) - low) / span) * (range[1] - range[0]));
  return Object.assign(place, { invert: (at: number) => back(low + ((at - range[0]) / (range[1] - range[0])) * span) });
}

/** About `wanted` multiples of 1, 2 or 5 times a power of ten within a domain, exact as decimals. */
export function ticks(low: number, high: number, wanted: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, wanted);
  const power = Math.floor(Math.log10(rough));
  const part = rough / 10 ** power;
  const step = part >= Math.sqrt(50) ? 10 : part >= Math.sqrt(10) ? 5 : part >= Math.sqrt(2) ? 2 : 1;
  // Counted in whole steps and written as a decimal, so that 0.3 is not 0.30000000000000004.
  const unit = Number(`${step}e${power}`);
  const [first, last] = [Math.ceil(low / unit - 1e-9), Math.floor(high / unit + 1e-9)];
  return Array.from({ length: last - first + 1 }, (_, i) => Number(`${(first + i) * step}e${power}`));
}

/** About `wanted` round values of a domain; whole powers of ten on a logarithmic axis. */
export function roundTicks(kind: AxisKind, [low, high]: readonly [number, number], wanted: number): number[] {
  if (kind === "linear") return ticks(low, high, wanted);
  const powers: number[] = [];
  const size = Math.max(Math.abs(low), Math.abs(high));
  const from = kind === "log" ? Math.ceil(Math.log10(low) - 1e-9) : 0;
  for (let k = from; k <= Math.log10(size) + 1e-9; k++) powers.push(Number(`1e${k}`));
  const found = kind === "log" ? powers : [0, ...powers].flatMap((v) => (v && low < 0 ? [v, -v] : [v])).filter((v) => v >= low && v <= high).sort((a, b) => a - b);
  // A domain within one power of ten has hardly any: round values in between serve there.
  if (found.length < 2) return ticks(low, high, wanted);
  return found.filter((_, i) => i % Math.ceil(found.length / Math.max(1, wanted)) === 0);
}
