/**
 * Passes through the network that do not need each other's results, and an answer that asks for them.
 *
 * An answer says which passes it wants and goes on when all of them are there. Who runs one makes no difference: a pass
 * holds the same images whoever runs it, and what comes of them is taken in their order, so the numbers are the same bit
 * for bit by one worker and by several.
 */
import type { Output } from "./data";
import type { Network } from "./network";
import { type Target, targetOf } from "./targets";

export type Progress = { done: number; total: number };

/** What one pass gives, row after row; gradients where they were asked for. */
export interface Passed {
  outputs: Float32Array;
  gradients?: Float32Array;
}

export interface Passes {
  passes: number;
  /** Images of a pass, made when it is its turn: there may be thousands. */
  images(pass: number): Float32Array;
  /** Of what gradients by the pixels are wanted; without one, outputs alone. */
  target?: Target;
  /** Given each pass in its order; says how far the answer is. */
  take(pass: number, found: Passed): Progress;
}

/** A pass as it goes to another worker. */
export interface Sent {
  images: Float32Array;
  target?: Pick<Target, "index" | "versus" | "kind">;
}

export const sent = ({ images, target }: Passes, pass: number): Sent => ({ images: images(pass), target: target && { index: target.index, versus: target.versus, kind: target.kind } });
export const received = ({ target }: Sent, output: Output): Target | undefined => target && targetOf(target.index, target.versus, target.kind, output);

/** Run one pass. */
export function run(network: Network, images: Float32Array, target?: Target): Passed {
  if (!target) return { outputs: network.forward(images).outputs };
  const { classes } = network;
  return network.gradient(images, (rows) => Array.from({ length: rows.length / classes }, (_, row) => target.factors(rows.subarray(row * classes, (row + 1) * classes))).flat());
}

/** An answer under way. */
export class Course<Told, Ended> {
  readonly #work: Generator<Told | Passes, Ended>;
  readonly #found = new Map<number, Passed>();
  #returned: number[] = [];
  #next = 0;
  #taken = 0;
  /** What it waits for. */
  wanted: Passes | null = null;

  constructor(work: Generator<Told | Passes, Ended>) {
    this.#work = work;
  }

  /** How many passes nobody has begun. */
  get left(): number {
    return this.wanted ? this.wanted.passes - this.#next + this.#returned.length : 0;
  }

  /** Whether something can be done for it now. */
  get able(): boolean {
    return !this.wanted || this.left > 0;
  }

  /** A pass for whoever asks; there must be one left. */
  begin(): number {
    return this.#returned.pop() ?? this.#next++;
  }

  /** It was begun and can't be ended by who began it. */
  giveBack(pass: number): void {
    this.#returned.push(pass);
  }

  /** What came of a pass; says how far the answer is, if this moved it. */
  bring(pass: number, found: Passed): Progress | null {
    this.#found.set(pass, found);
    let progress: Progress | null = null;
    for (let next = this.#found.get(this.#taken); this.wanted && next; next = this.#found.get(this.#taken)) {
      this.#found.delete(this.#taken);
      progress = this.wanted.take(this.#taken++, next);
      if (this.#taken === this.wanted.passes) this.wanted = null;
    }
    return progress;
  }

  /** One step by the network at hand: a pass, or what lies between passes. */
  step(network: Network): IteratorResult<Told | Progress | null, Ended> {
    if (this.wanted) {
      const pass = this.begin();
      return { done: false, value: this.bring(pass, run(network, this.wanted.images(pass), this.wanted.target)) };
    }
    const { value, done } = this.#work.next();
    if (done) return { done, value };
    if (!isPasses(value)) return { done, value };
    [this.#next, this.#taken] = [0, 0];
    this.wanted = value.passes ? value : null;
    return { done: false, value: null };
  }
}

const isPasses = (value: unknown): value is Passes => typeof value === "object" && value !== null && "passes" in value;

/** An answer by one network, with nobody beside it. */
export function answered<Told, Ended>(work: Generator<Told | Passes, Ended>, network: Network): Ended {
  const course = new Course<Told, Ended>(work);
  for (;;) {
    const { value, done } = course.step(network);
    if (done) return value;
  }
}
