/** The scale of a map: which number gets the full colour, chosen as on the Python side (`innerview.images.scale`). */

const STEPS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8] as const;

/** Round a positive number up to 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6 or 8 times a power of ten. */
export function roundUp(value: number): number {
  const exponent = Math.floor(Math.log10(value));
  for (const power of [exponent - 1, exponent, exponent + 1]) {
    for (const step of STEPS) {
      const candidate = Number(`${step}e${power}`);
      if (candidate >= value) return Math.min(candidate, Number.MAX_VALUE);
    }
  }
  return Number.MAX_VALUE;
}

/** The q-th percentile (0-100) of ascending numbers, linear between neighbours, as NumPy's default. */
export function percentile(ascending: ArrayLike<number>, q: number): number {
  const at = ((ascending.length - 1) * q) / 100;
  const low = Math.floor(at);
  const high = Math.min(low + 1, ascending.length - 1);
  const [a, b, t] = [ascending[low], ascending[high], at - low];
  // NumPy's own form of the line, so that the last bit agrees.
  return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}

/** Finite absolute values, ascending. */
function sizes(values: ArrayLike<number>): Float64Array {
  const found = new Float64Array(values.length);
  let kept = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) found[kept++] = Math.abs(values[i]);
  return found.subarray(0, kept).sort();
}

/** A map's own limit: the rounded 99th percentile of |v|; the largest where fewer than 1 % are not zero; 1 if all are. */
export function ownLimit(values: ArrayLike<number>): number {
  const ascending = sizes(values);
  const largest = ascending.length ? ascending[ascending.length - 1] : 0;
  return largest === 0 ? 1 : roundUp(percentile(ascending, 99) || largest);
}

/** The limit shared by several maps: the largest own one among those that are not zero everywhere. */
export function sharedLimit(maps: readonly ArrayLike<number>[]): number {
  const limits = maps.filter((map) => Array.prototype.some.call(map, (v: number) => Number.isFinite(v) && v !== 0));
  return limits.length ? Math.max(...limits.map(ownLimit)) : 1;
}

/** Fraction of the finite values beyond the limit, in [0, 1]. */
export function beyond(values: ArrayLike<number>, limit: number): number {
  let finite = 0;
  let over = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    finite++;
    if (Math.abs(values[i]) > limit) over++;
  }
  return finite ? over / finite : 0;
}

export type ScaleChoice = "per-image" | "shared" | number;

export interface Scale {
  /** The value with the full colour; above 0. */
  limit: number;
  /** How it was chosen: a number in the link is a pinned scale. */
  mode: "per-image" | "per-alpha" | "per-channel" | "shared" | "pinned" | "layer" | "path" | "timeline";
}

/** The scale of one map out of a set, by the link's choice. */
export function chooseScale(values: ArrayLike<number>, choice: ScaleChoice, set: readonly ArrayLike<number>[] = [values]): Scale {
  if (typeof choice === "number") return { limit: choice, mode: "pinned" };
  return choice === "shared" ? { limit: sharedLimit(set), mode: "shared" } : { limit: ownLimit(values), mode: "per-image" };
}
