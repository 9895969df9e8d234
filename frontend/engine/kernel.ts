/**
 * The engine's arithmetic behind one interface: the kernel of kernel.c as WebAssembly with vectors, or the same functions
 * in plain TypeScript (plain.ts) where a browser has none. Addresses are bytes in one memory; everything is float32.
 */
import { Plain } from "./plain";

/** What kernel.c exports; it says what each function does. */
export interface Kernel {
  product(a: number, b: number, c: number, rows: number, columns: number, depth: number): void;
  columns(value: number, to: number, height: number, width: number, channels: number, down: number, across: number, step: number, stepAcross: number, top: number, left: number, first: number, last: number, outputs: number): void;
  scatter(from: number, value: number, height: number, width: number, channels: number, down: number, across: number, step: number, stepAcross: number, top: number, left: number, rows: number, outputs: number): void;
  depthwise(value: number, kernels: number, to: number, height: number, width: number, channels: number, down: number, across: number, step: number, stepAcross: number, top: number, left: number, rows: number, outputs: number, back: number): void;
  activate(kind: number, value: number, slope: number, count: number): void;
  multiply(value: number, by: number, count: number): void;
  add(value: number, more: number, count: number): void;
  shift(value: number, by: number, more: number, rows: number, channels: number): void;
  pool(value: number, to: number, winner: number, height: number, width: number, channels: number, size: number, step: number, around: number, down: number, across: number, whole: number): void;
  unpool(from: number, value: number, winner: number, height: number, width: number, channels: number, size: number, step: number, around: number, down: number, across: number, whole: number): void;
  /** Winograd's tiles; plain TypeScript does without. */
  surround?(value: number, to: number, height: number, width: number, channels: number, top: number, left: number, rows: number, cells: number): void;
  tiles_in?(value: number, to: number, down: number, across: number, channels: number, tiles: number, number: number): void;
  tiles_kernels?(kernels: number, to: number, inputs: number, outputs: number, ofOutput: number, ofInput: number, turned: number): void;
  tiles_out?(from: number, value: number, height: number, width: number, channels: number, tiles: number, number: number): void;
}

/** Activations in the kernel's order. */
export const ACTIVATIONS = ["elu", "relu", "silu", "gelu", "gelu-tanh", "sigmoid", "tanh", "relu6", "hard-sigmoid", "hard-swish"] as const;

export interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

const PAGE = 65_536;
const FIRST = 32;

/** Memory given out from the bottom up, and given back down to a mark. */
export class Heap {
  readonly kernel: Kernel;
  readonly #memory: Memory;
  #top = 1024 + PAGE; // The kernel's own stack and constants are below.

  constructor(kernel: Kernel, memory: Memory) {
    this.kernel = kernel;
    this.#memory = memory;
  }

  /** Room for so many numbers, at a multiple of 16 bytes, with room behind for a whole vector. */
  take(count: number): number {
    const address = this.#top;
    this.#top += (Math.ceil(count / 4) + 1) * 16;
    const missing = this.#top - this.#memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.#memory.grow(Math.ceil(missing / PAGE));
      } catch {
        this.#top = address;
        throw new Error(`The network needs more memory than the browser gives (${Math.ceil(this.#top / 2 ** 20)} MB are in use).`);
      }
    }
    return address;
  }

  /** The same, filled with zeros. */
  zeros(count: number): number {
    const address = this.take(count);
    this.floats(address, count).fill(0);
    return address;
  }

  put(values: ArrayLike<number>): number {
    const address = this.take(values.length);
    this.floats(address, values.length).set(values);
    return address;
  }

  /** A view; it must be used before anything is taken again. */
  floats(address: number, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#memory.buffer, address, count);
  }

  mark(): number {
    return this.#top;
  }

  release(mark: number): void {
    this.#top = mark;
  }
}

/** A heap with the fastest kernel that runs here; null for the binary, or one that can't be compiled: plain TypeScript. */
export async function openHeap(binary: Uint8Array<ArrayBuffer> | null): Promise<Heap> {
  if (binary && typeof WebAssembly === "object") {
    try {
      const memory = new WebAssembly.Memory({ initial: FIRST });
      const { instance } = await WebAssembly.instantiate(binary, { env: { memory } });
      return new Heap(instance.exports as unknown as Kernel, memory as unknown as Memory);
    } catch {
      // No vectors, or a policy that forbids WebAssembly.
    }
  }
  const plain = new Plain();
  return new Heap(plain, plain);
}
