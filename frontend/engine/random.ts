/** NumPy's default generator, `numpy.random.default_rng(seed)`, number for number: PCG64 (O'Neill 2014), seeded by its SeedSequence. */

const MASK = (1n << 128n) - 1n;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

/** Sixteen words from a seed. */
function* words(seed: number): Generator<number> {
  let factor = 0x43b0d7e5;
  const scrambled = (value: number): number => {
    value = (value ^ factor) >>> 0;
    factor = Math.imul(factor, 0x931e8875) >>> 0;
    value = Math.imul(value, factor) >>> 0;
    return (value ^ (value >>> 16)) >>> 0;
  };
  const mixed = (x: number, y: number): number => {
    const found = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) >>> 0;
    return (found ^ (found >>> 16)) >>> 0;
  };
  const pool = [seed >>> 0, Math.floor(seed / 2 ** 32), 0, 0].map(scrambled);
  for (let from = 0; from < 4; from++) for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mixed(pool[to], scrambled(pool[from]));
  factor = 0x8b51f9dd;
  for (let at = 0; ; at++) {
    let value = (pool[at % 4] ^ factor) >>> 0;
    factor = Math.imul(factor, 0x58f38ded) >>> 0;
    value = Math.imul(value, factor) >>> 0;
    yield (value ^ (value >>> 16)) >>> 0;
  }
}

export class Random {
  #state: bigint;
  readonly #step: bigint;
  #rest: number | null = null;

  constructor(seed: number) {
    const from = words(seed);
    const long = (): bigint => BigInt(from.next().value as number) | (BigInt(from.next().value as number) << 32n);
    const [a, b, c, d] = [long(), long(), long(), long()];
    this.#step = ((((c << 64n) | d) << 1n) | 1n) & MASK;
    this.#state = (this.#step + ((a << 64n) | b)) & MASK;
    this.#state = (this.#state * MULTIPLIER + this.#step) & MASK;
  }

  #next(): bigint {
    this.#state = (this.#state * MULTIPLIER + this.#step) & MASK;
    const high = this.#state >> 64n;
    const turn = high >> 58n;
    const value = (high ^ this.#state) & 0xffffffffffffffffn;
    return ((value >> turn) | (value << ((64n - turn) & 63n))) & 0xffffffffffffffffn;
  }

  /** In [0, 1). */
  double(): number {
    return Number(this.#next() >> 11n) * 2 ** -53;
  }

  /** 32 bits; of 64 the lower half comes first. */
  word(): number {
    if (this.#rest !== null) {
      const rest = this.#rest;
      this.#rest = null;
      return rest;
    }
    const value = this.#next();
    this.#rest = Number(value >> 32n);
    return Number(value & 0xffffffffn);
  }

  /** A whole number below `most` (Lemire 2019). */
  below(most: number): number {
    if (most === 1) return 0;
    const threshold = (2 ** 32 - most) % most;
    for (;;) {
      const product = BigInt(this.word()) * BigInt(most);
      if (Number(product & 0xffffffffn) >= threshold) return Number(product >> 32n);
    }
  }

  integers(most: number, count: number): number[] {
    return Array.from({ length: count }, () => this.below(most));
  }

  /** The numbers from 0 to before `count`, in some order. */
  permutation(count: number): Uint32Array<ArrayBuffer> {
    const found = Uint32Array.from({ length: count }, (_, at) => at);
    for (let at = count - 1; at > 0; at--) {
      const bits = 2 ** (32 - Math.clz32(at)) - 1;
      let other = this.word() & bits;
      while (other > at) other = this.word() & bits;
      [found[at], found[other]] = [found[other], found[at]];
    }
    return found;
  }
}
