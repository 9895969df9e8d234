/** The kernel in plain TypeScript, for browsers without vectors in WebAssembly: the same functions, some ten times slower. */
import type { Kernel, Memory } from "./kernel";

const PAGE = 65_536;
const WIDE = 8;

const erf = (x: number): number => {
  // Abramowitz and Stegun 7.1.26, as the kernel has it.
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
  return x < 0 ? tail - 1 : 1 - tail;
};

const third = (x: number): number => Math.min(1, Math.max(0, x / 6 + 0.5));

/** Value and derivative, in the order of kernel.ts's ACTIVATIONS. */
const CURVES: ((x: number) => [number, number])[] = [
  (x) => (x > 0 ? [x, 1] : [Math.expm1(x), Math.exp(x)]),
  (x) => (x > 0 ? [x, 1] : [0, 0]),
  (x) => {
    const s = 1 / (1 + Math.exp(-x));
    return [x * s, s * (1 + x * (1 - s))];
  },
  (x) => {
    const below = (1 + erf(x * Math.SQRT1_2)) / 2;
    return [x * below, below + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)];
  },
  (x) => {
    const factor = Math.sqrt(2 / Math.PI);
    const t = Math.tanh(factor * (x + 0.044715 * x ** 3));
    return [(x * (1 + t)) / 2, (1 + t + x * (1 - t * t) * factor * (1 + 0.134145 * x * x)) / 2];
  },
  (x) => {
    const s = 1 / (1 + Math.exp(-x));
    return [s, s * (1 - s)];
  },
  (x) => {
    const t = Math.tanh(x);
    return [t, 1 - t * t];
  },
  (x) => [Math.min(6, Math.max(0, x)), Number(x > 0 && x < 6)],
  (x) => [third(x), Number(Math.abs(x) < 3) / 6],
  (x) => [x * third(x), third(x) + (x * Number(Math.abs(x) < 3)) / 6],
];

export class Plain implements Kernel, Memory {
  buffer = new ArrayBuffer(32 * PAGE);
  #floats = new Float32Array(this.buffer);
  #whole = new Int32Array(this.buffer);

  grow(pages: number): number {
    const before = this.buffer.byteLength / PAGE;
    // Twice as much at least, since everything is copied.
    const grown = new ArrayBuffer(Math.max(this.buffer.byteLength + pages * PAGE, 2 * this.buffer.byteLength));
    new Uint8Array(grown).set(new Uint8Array(this.buffer));
    this.buffer = grown;
    this.#floats = new Float32Array(grown);
    this.#whole = new Int32Array(grown);
    return before;
  }

  product(a: number, b: number, c: number, rows: number, columns: number, depth: number): void {
    const floats = this.#floats;
    const sums = new Float64Array(WIDE);
    for (let column = 0; column < columns; column += WIDE) {
      const wide = Math.min(WIDE, columns - column);
      for (let row = 0; row < rows; row++) {
        sums.fill(0);
        const from = a / 4 + row * depth;
        const panel = b / 4 + column * depth;
        for (let at = 0; at < depth; at++) {
          const value = floats[from + at];
          for (let lane = 0; lane < WIDE; lane++) sums[lane] += value * floats[panel + at * WIDE + lane];
        }
        for (let lane = 0; lane < wide; lane++) floats[c / 4 + row * columns + column + lane] = sums[lane];
      }
    }
  }

  /** Calls back with where each row of a window lies: in the rows of windows, in the image, and how long both are; negative: outside. */
  #windows(height: number, width: number, channels: number, down: number, across: number, step: number, stepAcross: number, top: number, left: number, first: number, last: number, outputs: number, each: (at: number, place: number, count: number) => void): void {
    let at = 0;
    for (let row = first; row < last; row++) {
      for (let column = 0; column < outputs; column++) {
        for (let reach = 0; reach < down; reach++) {
          const y = row * step - top + reach;
          for (let x = column * stepAcross - left; x < column * stepAcross - left + across; x++) {
            each(at, y >= 0 && y < height && x >= 0 && x < width ? (y * width + x) * channels : -1, channels);
            at += channels;
          }
        }
      }
    }
  }

  columns(value: number, to: number, height: number, width: number, channels: number, down: number, across: number, step: number, stepAcross: number, top: number, left: number, first: number, last: number, outputs: number): void {
    const floats = this.#floats;
    this.#windows(height, width, channels, down, across, step, stepAcross, top, left, first, last, outputs, (at, place, count) => {
      if (place < 0) floats.fill(0, to / 4 + at, to / 4 + at + count);
      else floats.copyWithin(to / 4 + at, value / 4 + place, value / 4 + place + count);
    });
  }

  scatter(from: number, value: number, height: number, width: number, channels: number, down: number, across: number, step: number, stepAcross: number, top: number, left: number, rows: number, outputs: number): void {
    const floats = this.#floats;
    this.#windows(height, width, channels, down, across, step, stepAcross, top, left, 0, rows, outputs, (at, place, count) => {
      if (place >= 0) for (let channel = 0; channel < count; channel++) floats[value / 4 + place + channel] += floats[from / 4 + at + channel];
    });
  }

  depthwise(value: number, kernels: number, to: number, height: number, width: number, channels: number, down: number, across: number, step: number, stepAcross: number, top: number, left: number, rows: number, outputs: number, back: number): void {
    const floats = this.#floats;
    if (!back) floats.fill(0, to / 4, to / 4 + rows * outputs * channels);
    const [reach, size] = [down * across * channels, channels];
    this.#windows(height, width, channels, down, across, step, stepAcross, top, left, 0, rows, outputs, (at, place) => {
      const [own, by] = [to / 4 + Math.floor(at / reach) * size, kernels / 4 + (at % reach)];
      for (let channel = 0; place >= 0 && channel < size; channel++) {
        if (back) floats[value / 4 + place + channel] += floats[own + channel] * floats[by + channel];
        else floats[own + channel] += floats[value / 4 + place + channel] * floats[by + channel];
      }
    });
  }

  activate(kind: number, value: number, slope: number, count: number): void {
    const curve = CURVES[kind];
    for (let at = 0; at < count; at++) {
      const [found, rise] = curve(this.#floats[value / 4 + at]);
      this.#floats[value / 4 + at] = found;
      if (slope) this.#floats[slope / 4 + at] = rise;
    }
  }

  multiply(value: number, by: number, count: number): void {
    for (let at = 0; at < count; at++) this.#floats[value / 4 + at] *= this.#floats[by / 4 + at];
  }

  add(value: number, more: number, count: number): void {
    for (let at = 0; at < count; at++) this.#floats[value / 4 + at] += this.#floats[more / 4 + at];
  }

  shift(value: number, by: number, more: number, rows: number, channels: number): void {
    const floats = this.#floats;
    for (let row = 0; row < rows; row++) {
      for (let channel = 0; channel < channels; channel++) {
        const at = value / 4 + row * channels + channel;
        floats[at] = floats[at] * (by ? floats[by / 4 + channel] : 1) + (more ? floats[more / 4 + channel] : 0);
      }
    }
  }

  /** Calls back with the places inside of each window of a pooling. */
  #pools(height: number, width: number, size: number, step: number, around: number, down: number, across: number, each: (output: number, places: number[]) => void): void {
    for (let row = 0; row < down; row++) {
      for (let column = 0; column < across; column++) {
        const places: number[] = [];
        for (let y = Math.max(0, row * step - around); y < Math.min(height, row * step - around + size); y++) {
          for (let x = Math.max(0, column * step - around); x < Math.min(width, column * step - around + size); x++) places.push(y * width + x);
        }
        each(row * across + column, places);
      }
    }
  }

  pool(value: number, to: number, winner: number, height: number, width: number, channels: number, size: number, step: number, around: number, down: number, across: number, whole: number): void {
    const floats = this.#floats;
    this.#pools(height, width, size, step, around, down, across, (output, places) => {
      for (let channel = 0; channel < channels; channel++) {
        const found = places.map((place) => floats[value / 4 + place * channels + channel]);
        const at = output * channels + channel;
        if (winner) {
          const most = Math.max(...found);
          floats[to / 4 + at] = most;
          this.#whole[winner / 4 + at] = places[found.indexOf(most)];
        } else floats[to / 4 + at] = found.reduce((sum, one) => sum + one, 0) / (whole ? size * size : places.length);
      }
    });
  }

  unpool(from: number, value: number, winner: number, height: number, width: number, channels: number, size: number, step: number, around: number, down: number, across: number, whole: number): void {
    const floats = this.#floats;
    this.#pools(height, width, size, step, around, down, across, (output, places) => {
      for (let channel = 0; channel < channels; channel++) {
        const at = output * channels + channel;
        const given = floats[from / 4 + at];
        if (winner) floats[value / 4 + this.#whole[winner / 4 + at] * channels + channel] += given;
        else for (const place of places) floats[value / 4 + place * channels + channel] += given / (whole ? size * size : places.length);
      }
    });
  }
}
