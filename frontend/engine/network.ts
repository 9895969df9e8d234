/**
 * A network as data (innerview.export.web writes it), run forward and, by the input, backward.
 *
 * Values are batch x height x width x channel (or batch x channel). Each operation takes the values that `from` names
 * (0 is the network's input, n the output of operation n - 1) and knows its forward pass and its way back. No gradient by
 * a weight is ever worked out. Images come as pixels in [0, 1], and gradients are by those.
 */
import { ACTIVATIONS, type Heap } from "./kernel";
import { panels, turned, WIDE } from "./layout";
import { softmax } from "./targets";

interface Described {
  name: string;
  from: number[];
}
export type Operation = Described &
  (
    | { kind: "convolution"; weight: string; bias?: string; stride: [number, number]; padding: [number, number, number, number]; tiles: [boolean, boolean]; groups?: number }
    | { kind: "dense"; weight: string; bias?: string }
    | { kind: "affine"; weight: string; bias: string }
    | { kind: "mean-pooling" | "max-pooling"; size: number; stride: number; padding: number; whole: boolean }
    | { kind: "global-mean" | "add" | "multiply" | "softmax" }
    | { kind: "flatten"; layout: "HWC" | "CHW" }
    | { kind: (typeof ACTIVATIONS)[number] }
  );

export interface Description {
  version: number;
  name: string;
  fingerprint: string;
  input: { height: number; width: number; channels: number; scale: number[]; offset: number[]; reversed: boolean };
  operations: Operation[];
  /** In the order in which their numbers follow each other. */
  weights: { name: string; shape: number[] }[];
}

type Shape = [number, number, number];

/** One operation, laid out: what it gives, and how a pass goes through it and comes back. */
interface Step {
  name: string;
  from: number[];
  shape: Shape;
  /** Takes the addresses of its inputs, may write over those that `free` says; gives that of its output, and the way back. */
  run(inputs: number[], batch: number, back: boolean, free: boolean): { output: number; back: (gradient: number) => number[] };
}

const PIECE = 65_536;

export class Network {
  readonly description: Description;
  readonly classes: number;
  readonly size: number;
  readonly #heap: Heap;
  readonly #weights = new Map<string, { shape: number[]; data: Float32Array }>();
  readonly #steps: Step[] = [];
  readonly #uses: number[];
  readonly #scale: number;
  readonly #offset: number;
  readonly #back: number;
  /** Layouts for the way back, made when it is first gone. */
  readonly #unmade: (() => void)[] = [];
  #ground: number;

  constructor(description: Description, weights: Float32Array, heap: Heap) {
    this.description = description;
    this.#heap = heap;
    const { height, width, channels, scale, offset } = description.input;
    this.size = height * width * channels;
    const found = this.#weights;
    let at = 0;
    for (const { name, shape } of description.weights) {
      const count = shape.reduce((a, b) => a * b, 1);
      found.set(name, { shape, data: weights.subarray(at, (at += count)) });
    }
    if (at !== weights.length) throw new Error(`The network's operations take ${at} weights, and ${weights.length} are in the file: it was cut short or changed.`);
    if (!weights.every(Number.isFinite)) throw new Error("The network has weights that are NaN or infinite; it can't be run.");
    const shapes: Shape[] = [[height, width, channels]];
    for (const operation of description.operations) {
      const inputs = operation.from.map((one) => shapes[one]);
      if (!inputs.length || inputs.some((one) => !one)) throw new Error(`The operation ${operation.name} takes a value that does not come before it.`);
      const step = this.#made(operation, inputs, (name) => {
        const one = found.get(name);
        if (!one) throw new Error(`The operation ${operation.name} has no weight "${name}" in the file.`);
        return one;
      });
      this.#steps.push(step);
      shapes.push(step.shape);
    }
    const [rows, columns, classes] = shapes[shapes.length - 1];
    if (rows * columns !== 1) throw new Error("The network ends in a map and not in one number for each class.");
    this.classes = classes;
    this.#uses = shapes.map((_, value) => description.operations.filter(({ from }) => from.includes(value)).length);
    this.#scale = heap.put(scale);
    this.#offset = heap.put(offset);
    this.#back = heap.put(scale);
    this.#ground = heap.mark();
  }

  /** How the last operations weigh positions and channels for each class; null where they only take the mean. */
  weighing(head: readonly string[]): { weight: (one: number, place: number, channel: number, places: number, channels: number) => number; bias: (one: number) => number } | null {
    const tail = this.description.operations.filter(({ name }) => head.includes(name));
    const dense = tail.find((one) => one.kind === "dense");
    if (!dense) return null;
    const flat = tail.find((one) => one.kind === "flatten");
    const [matrix, offset] = [this.#weights.get(dense.weight)!.data, dense.bias === undefined ? null : this.#weights.get(dense.bias)!.data];
    const bias = (one: number): number => offset?.[one] ?? 0;
    if (!flat) return { weight: (one, _, channel, places, channels) => matrix[one * channels + channel] / places, bias };
    const at = flat.layout === "HWC" ? (place: number, channel: number, _: number, channels: number) => place * channels + channel : (place: number, channel: number, places: number) => channel * places + place;
    return { weight: (one, place, channel, places, channels) => matrix[one * places * channels + at(place, channel, places, channels)], bias };
  }

  /** A weight by its name. */
  weight(name: string): { shape: number[]; data: Float32Array } {
    return this.#weights.get(name)!;
  }

  get layers(): { name: string; shape: Shape }[] {
    return this.#steps.map(({ name, shape }) => ({ name, shape }));
  }

  /** Outputs of images (batch x height x width x channel), row after row, and those of layers that are wanted. */
  forward(images: Float32Array, layers: readonly string[] = []): { outputs: Float32Array; activations: Map<string, Float32Array> } {
    const batch = this.#batchOf(images);
    try {
      const { output, activations } = this.#onward(images, batch, false, layers);
      return { outputs: this.#heap.floats(output, batch * this.classes).slice(), activations };
    } finally {
      this.#heap.release(this.#ground);
    }
  }

  /** Outputs, and the gradient by the pixels of what `factors` (d score / d output, batch x class) make of them. */
  gradient(images: Float32Array, factors: (outputs: Float32Array) => ArrayLike<number>, layers: readonly string[] = []): { outputs: Float32Array; gradients: Float32Array; activations: Map<string, Float32Array>; layerGradients: Map<string, Float32Array> } {
    const batch = this.#batchOf(images);
    const heap = this.#heap;
    for (const make of this.#unmade.splice(0)) make();
    this.#ground = heap.mark();
    try {
      const { output, backs, activations } = this.#onward(images, batch, true, layers);
      const outputs = heap.floats(output, batch * this.classes).slice();
      const gradients = new Map<number, number>([[this.#steps.length, heap.put(factors(outputs))]]);
      const layerGradients = new Map<string, Float32Array>();
      for (let number = this.#steps.length; number > 0; number--) {
        const { name, from, shape } = this.#steps[number - 1];
        const gradient = gradients.get(number);
        if (gradient === undefined) continue;
        if (layers.includes(name)) layerGradients.set(name, heap.floats(gradient, batch * shape[0] * shape[1] * shape[2]).slice());
        gradients.delete(number);
        backs[number - 1](gradient).forEach((one, place) => {
          const known = gradients.get(from[place]);
          const [a, b, c] = this.#shape(from[place]);
          if (known === undefined) gradients.set(from[place], one);
          else heap.kernel.add(known, one, batch * a * b * c);
        });
      }
      const found = gradients.get(0) ?? heap.zeros(batch * this.size);
      const { channels, reversed } = this.description.input;
      heap.kernel.shift(found, this.#back, 0, (batch * this.size) / channels, channels);
      const given = heap.floats(found, batch * this.size).slice();
      return { outputs, gradients: reversed ? turnedAround(given, channels) : given, activations, layerGradients };
    } finally {
      heap.release(this.#ground);
    }
  }

  #shape(value: number): Shape {
    const { height, width, channels } = this.description.input;
    return value === 0 ? [height, width, channels] : this.#steps[value - 1].shape;
  }

  #batchOf(images: Float32Array): number {
    const batch = images.length / this.size;
    if (!Number.isInteger(batch) || batch < 1) throw new Error(`Images of ${this.size} numbers are taken; ${images.length} were given.`);
    return batch;
  }

  #onward(images: Float32Array, batch: number, back: boolean, layers: readonly string[]): { output: number; backs: ((gradient: number) => number[])[]; activations: Map<string, Float32Array> } {
    const heap = this.#heap;
    const { channels, reversed } = this.description.input;
    const input = heap.put(reversed ? turnedAround(images, channels) : images);
    heap.kernel.shift(input, this.#scale, this.#offset, images.length / channels, channels);
    const values = [input];
    const backs: ((gradient: number) => number[])[] = [];
    const activations = new Map<string, Float32Array>();
    for (const step of this.#steps) {
      const found = step.run(step.from.map((one) => values[one]), batch, back, this.#uses[step.from[0]] === 1);
      values.push(found.output);
      backs.push(found.back);
      if (layers.includes(step.name)) activations.set(step.name, heap.floats(found.output, batch * step.shape[0] * step.shape[1] * step.shape[2]).slice());
    }
    return { output: values[values.length - 1], backs, activations };
  }

  #made(operation: Operation, [shape, ...others]: Shape[], weight: (name: string) => { shape: number[]; data: Float32Array }): Step {
    const { name, from } = operation;
    const heap = this.#heap;
    const { kernel } = heap;
    const [height, width, channels] = shape;
    const size = height * width * channels;
    const own = (address: number, count: number, free: boolean): number => {
      if (free) return address;
      const copy = heap.take(count);
      heap.floats(copy, count).set(heap.floats(address, count));
      return copy;
    };
    /** Of each image, over its places. */
    const sums = (address: number, batch: number): Float64Array => {
      const values = heap.floats(address, batch * size);
      const found = new Float64Array(batch * channels);
      for (let at = 0; at < values.length; at++) found[Math.floor(at / size) * channels + (at % channels)] += values[at];
      return found;
    };
    const fits = (is: boolean): void => {
      if (!is) throw new Error(`The operation ${name} does not fit a value of ${shape.join(" × ")} or its own weights.`);
    };
    switch (operation.kind) {
      case "convolution":
        return this.#convolution(operation, shape, weight);
      case "dense": {
        const { shape: found, data } = weight(operation.weight);
        const [outputs, inputs] = found;
        fits(found.length === 2 && height * width === 1 && inputs === channels);
        const onward = heap.put(panels(inputs, outputs, (i, o) => data[o * inputs + i]));
        const home = heap.put(panels(outputs, inputs, (o, i) => data[o * inputs + i]));
        const bias = operation.bias === undefined ? 0 : heap.put(weight(operation.bias).data);
        return {
          name,
          from,
          shape: [1, 1, outputs],
          run([input], batch) {
            const output = heap.take(batch * outputs);
            kernel.product(input, onward, output, batch, outputs, inputs);
            if (bias) kernel.shift(output, 0, bias, batch, outputs);
            return {
              output,
              back(gradient) {
                const given = heap.take(batch * inputs);
                kernel.product(gradient, home, given, batch, inputs, outputs);
                return [given];
              },
            };
          },
        };
      }
      case "affine": {
        const [by, more] = [weight(operation.weight).data, weight(operation.bias).data];
        fits(by.length === channels && more.length === channels);
        const [scale, offset] = [heap.put(by), heap.put(more)];
        return {
          name,
          from,
          shape,
          run([input], batch, _, free) {
            const output = own(input, batch * size, free);
            kernel.shift(output, scale, offset, batch * height * width, channels);
            return {
              output,
              back(gradient) {
                kernel.shift(gradient, scale, 0, batch * height * width, channels);
                return [gradient];
              },
            };
          },
        };
      }
      case "mean-pooling":
      case "max-pooling": {
        const { size: reach, stride, padding, whole } = operation;
        const [down, across] = [height, width].map((length) => Math.floor((length + 2 * padding - reach) / stride) + 1);
        fits(down > 0 && across > 0 && reach > padding);
        const most = operation.kind === "max-pooling";
        const count = down * across * channels;
        return {
          name,
          from,
          shape: [down, across, channels],
          run([input], batch) {
            const output = heap.take(batch * count);
            const winner = most ? heap.take(batch * count) : 0;
            for (let image = 0; image < batch; image++) kernel.pool(input + 4 * image * size, output + 4 * image * count, winner && winner + 4 * image * count, height, width, channels, reach, stride, padding, down, across, Number(whole));
            return {
              output,
              back(gradient) {
                const given = heap.zeros(batch * size);
                for (let image = 0; image < batch; image++) kernel.unpool(gradient + 4 * image * count, given + 4 * image * size, winner && winner + 4 * image * count, height, width, channels, reach, stride, padding, down, across, Number(whole));
                return [given];
              },
            };
          },
        };
      }
      case "global-mean": {
        const places = height * width;
        return {
          name,
          from,
          shape: [1, 1, channels],
          run([input], batch) {
            return {
              output: heap.put(sums(input, batch).map((one) => one / places)),
              back(gradient) {
                const given = heap.take(batch * size);
                const [shares, all] = [heap.floats(gradient, batch * channels), heap.floats(given, batch * size)];
                for (let at = 0; at < all.length; at++) all[at] = shares[Math.floor(at / size) * channels + (at % channels)] / places;
                return [given];
              },
            };
          },
        };
      }
      case "flatten": {
        const places = height * width;
        if (operation.layout === "HWC" || places === 1 || channels === 1) return { name, from, shape: [1, 1, size], run: ([input], batch, _, free) => ({ output: own(input, batch * size, free), back: (gradient) => [gradient] }) };
        const moved = (address: number, batch: number, to: (place: number, channel: number) => number, at: (place: number, channel: number) => number): number => {
          const found = heap.take(batch * size);
          const [before, after] = [heap.floats(address, batch * size), heap.floats(found, batch * size)];
          for (let image = 0; image < batch; image++) {
            for (let place = 0; place < places; place++) for (let channel = 0; channel < channels; channel++) after[image * size + to(place, channel)] = before[image * size + at(place, channel)];
          }
          return found;
        };
        const [ours, theirs] = [(place: number, channel: number) => place * channels + channel, (place: number, channel: number) => channel * places + place];
        return {
          name,
          from,
          shape: [1, 1, size],
          run: ([input], batch) => ({ output: moved(input, batch, theirs, ours), back: (gradient) => [moved(gradient, batch, ours, theirs)] }),
        };
      }
      case "add":
        fits(others.length > 0 && others.every((one) => one.join() === shape.join()));
        return {
          name,
          from,
          shape,
          run(inputs, batch) {
            const output = own(inputs[0], batch * size, false);
            for (const one of inputs.slice(1)) kernel.add(output, one, batch * size);
            // Every way back may write over its own gradient.
            return { output, back: (gradient) => inputs.map((_, place) => own(gradient, batch * size, place === 0)) };
          },
        };
      case "multiply": {
        // By a value of the same shape, or by one number for each channel.
        const [by] = others;
        const gate = by?.join() === [1, 1, channels].join() && height * width > 1;
        fits(others.length === 1 && (gate || by.join() === shape.join()));
        const part = 4 * channels;
        return {
          name,
          from,
          shape,
          run([input, factor], batch, back, free) {
            const output = own(input, batch * size, free && !back);
            const times = (value: number): void => {
              if (!gate) return kernel.multiply(value, factor, batch * size);
              for (let image = 0; image < batch; image++) kernel.shift(value + 4 * image * size, factor + image * part, 0, height * width, channels);
            };
            times(output);
            return {
              output,
              back(gradient) {
                const products = own(gradient, batch * size, false);
                kernel.multiply(products, input, batch * size);
                times(gradient);
                if (!gate) return [gradient, products];
                return [gradient, heap.put(sums(products, batch))];
              },
            };
          },
        };
      }
      case "softmax": // over the channels of each place
        return {
          name,
          from,
          shape,
          run([input], batch, _, free) {
            const output = own(input, batch * size, free);
            const each = (address: number, change: (row: Float32Array, place: number) => void): void => {
              for (let place = 0; place < batch * height * width; place++) change(heap.floats(address + 4 * place * channels, channels), place);
            };
            each(output, (row) => row.set(softmax(row, 1)));
            return {
              output,
              back(gradient) {
                each(gradient, (row, place) => {
                  const chances = heap.floats(output + 4 * place * channels, channels);
                  const mean = chances.reduce((sum, one, at) => sum + one * row[at], 0);
                  row.forEach((one, at) => (row[at] = chances[at] * (one - mean)));
                });
                return [gradient];
              },
            };
          },
        };
      default: {
        const curve = ACTIVATIONS.indexOf(operation.kind);
        if (curve < 0) throw new Error(`There is no operation "${operation.kind}" (${name}) in this engine.`);
        return {
          name,
          from,
          shape,
          run([input], batch, back, free) {
            const output = own(input, batch * size, free);
            const slope = back ? heap.take(batch * size) : 0;
            kernel.activate(curve, output, slope, batch * size);
            return {
              output,
              back(gradient) {
                kernel.multiply(gradient, slope, batch * size);
                return [gradient];
              },
            };
          },
        };
      }
    }
  }

  #convolution(operation: Operation & { kind: "convolution" }, [height, width, channels]: Shape, weight: (name: string) => { shape: number[]; data: Float32Array }): Step {
    const { name, from, stride, padding, tiles } = operation;
    const heap = this.#heap;
    const { kernel } = heap;
    const { shape: written, data: numbers } = weight(operation.weight);
    const groups = operation.groups ?? 1;
    const [outputs, read, down, across] = written;
    const inputs = read * groups;
    const [top, bottom, left, right] = padding;
    const [rows, columns] = [Math.floor((height + top + bottom - down) / stride[0]) + 1, Math.floor((width + left + right - across) / stride[1]) + 1];
    if (written.length !== 4 || inputs !== channels || outputs % groups || rows < 1 || columns < 1) throw new Error(`The operation ${name} does not fit a value of ${height} × ${width} × ${channels} or its own weights.`);
    const bias = operation.bias === undefined ? 0 : heap.put(weight(operation.bias).data);
    const [whole, size] = [height * width * channels, rows * columns * outputs];
    if (groups === channels && outputs === channels) {
      const kernels = heap.put(numbers.map((_, at) => numbers[(at % channels) * down * across + Math.floor(at / channels)]));
      const pass = (value: number, to: number, batch: number, back: number): void => {
        for (let image = 0; image < batch; image++) kernel.depthwise(value + 4 * image * whole, kernels, to + 4 * image * size, height, width, channels, down, across, stride[0], stride[1], top, left, rows, columns, back);
      };
      return {
        name,
        from,
        shape: [rows, columns, outputs],
        run([input], batch) {
          const output = heap.take(batch * size);
          pass(input, output, batch, 0);
          if (bias) kernel.shift(output, 0, bias, batch * rows * columns, outputs);
          return {
            output,
            back(gradient) {
              const given = heap.zeros(batch * whole);
              pass(given, gradient, batch, 1);
              return [given];
            },
          };
        },
      };
    }
    // Other groups are kernels over all channels, with zeros where a group does not read.
    const each = inputs * down * across;
    const data = groups === 1 ? numbers : Float32Array.from({ length: outputs * each }, (_, at) => {
      const [output, input] = [Math.floor(at / each), Math.floor((at % each) / (down * across)) - Math.floor((Math.floor(at / each) * groups) / outputs) * read];
      return input < 0 || input >= read ? 0 : numbers[(output * read + input) * down * across + (at % (down * across))];
    });
    const found = [outputs, inputs, down, across];
    const onward = this.#correlation({ data, outputs, inputs, down, across, tiled: tiles[0], turn: false }, { height, width, rows, columns, stride, top, left });
    const direct = stride[0] === 1 && stride[1] === 1 && down * across * inputs > outputs && top < down && left < across;
    // The way back: turned kernels over the gradient, or, with strides and for few input channels, the plain adjoint.
    let home: Pass;
    this.#unmade.push(() => {
      home = direct
        ? this.#correlation({ data, outputs: inputs, inputs: outputs, down, across, tiled: tiles[1], turn: true }, { height: rows, width: columns, rows: height, columns: width, stride, top: down - 1 - top, left: across - 1 - left })
        : this.#adjoint(data, found, { height, width, rows, columns, stride, top, left });
    });
    return {
      name,
      from,
      shape: [rows, columns, outputs],
      run([input], batch) {
        const output = heap.take(batch * size);
        onward(input, output, batch);
        if (bias) kernel.shift(output, 0, bias, batch * rows * columns, outputs);
        return {
          output,
          back(gradient) {
            const given = direct ? heap.take(batch * whole) : heap.zeros(batch * whole);
            home(gradient, given, batch);
            return [given];
          },
        };
      },
    };
  }

  #adjoint(data: Float32Array, [outputs, inputs, down, across]: number[], { height, width, rows, columns, stride, top, left }: Window): Pass {
    const heap = this.#heap;
    const { kernel } = heap;
    const reach = down * across * inputs;
    const matrix = heap.put(panels(outputs, reach, (o, at) => data[(o * inputs + (at % inputs)) * down * across + Math.floor(at / inputs)]));
    const many = Math.max(1, Math.min(rows, Math.floor(PIECE / (columns * reach))));
    return (from, to, batch) => {
      const mark = heap.mark();
      const shares = heap.take(many * columns * reach);
      for (let image = 0; image < batch; image++) {
        for (let row = 0; row < rows; row += many) {
          const count = Math.min(many, rows - row);
          kernel.product(from + 4 * (image * rows + row) * columns * outputs, matrix, shares, count * columns, reach, outputs);
          // The piece begins at `row`, so the image is moved up by what the rows before it take.
          kernel.scatter(shares, to + 4 * image * height * width * inputs, height, width, inputs, down, across, stride[0], stride[1], top - row * stride[0], left, count, columns);
        }
      }
      heap.release(mark);
    };
  }

  #correlation({ data, outputs, inputs, down, across, tiled, turn }: Kernels, { height, width, rows, columns, stride, top, left }: Window): Pass {
    const heap = this.#heap;
    const { kernel } = heap;
    const { surround, tiles_in: tilesIn, tiles_out: tilesOut, tiles_kernels: tilesKernels } = kernel;
    const reach = down * across * inputs;
    if (tiled && surround && tilesIn && tilesOut && tilesKernels && inputs % 4 === 0 && outputs % 4 === 0) {
      const padded = Math.ceil(outputs / WIDE) * WIDE;
      const step = 4 * inputs * padded;
      const matrices = heap.zeros(9 * step);
      const mark = heap.mark();
      tilesKernels(heap.put(data), matrices, inputs, outputs, turn ? 9 : 9 * inputs, turn ? 9 * outputs : 9, Number(turn));
      heap.release(mark);
      const [high, wide] = [Math.ceil(rows / 4), Math.ceil(columns / 4)];
      const [lines, cells] = [4 * high + 2, 4 * wide + 2];
      return (from, to, batch) => {
        const mark = heap.mark();
        const count = batch * high * wide;
        const room = heap.take(Math.max(lines, height + top) * cells * inputs);
        const [seen, products] = [heap.take(36 * count * inputs), heap.take(36 * count * outputs)];
        for (let image = 0; image < batch; image++) {
          surround(from + 4 * image * height * width * inputs, room, height, width, inputs, top, left, lines, cells);
          tilesIn(room, seen, high, wide, inputs, count, image * high * wide);
        }
        for (let at = 0; at < 36; at++) kernel.product(seen + 4 * at * count * inputs, matrices + at * step, products + 4 * at * count * outputs, count, outputs, inputs);
        for (let image = 0; image < batch; image++) tilesOut(products, to + 4 * image * rows * columns * outputs, rows, columns, outputs, count, image * high * wide);
        heap.release(mark);
      };
    }
    const kernels = turn ? turned(data, [inputs, outputs, down, across]) : data;
    const matrix = heap.put(panels(reach, outputs, (at, o) => kernels[(o * inputs + (at % inputs)) * down * across + Math.floor(at / inputs)]));
    if (down * across === 1 && stride[0] * stride[1] === 1 && top === 0 && left === 0 && rows === height && columns === width) return (from, to, batch) => kernel.product(from, matrix, to, batch * rows * columns, outputs, reach);
    const many = Math.max(1, Math.min(rows, Math.floor(PIECE / (columns * reach))));
    return (from, to, batch) => {
      const mark = heap.mark();
      const windows = heap.take(many * columns * reach);
      for (let image = 0; image < batch; image++) {
        for (let row = 0; row < rows; row += many) {
          const last = Math.min(row + many, rows);
          kernel.columns(from + 4 * image * height * width * inputs, windows, height, width, inputs, down, across, stride[0], stride[1], top, left, row, last, columns);
          kernel.product(windows, matrix, to + 4 * (image * rows + row) * columns * outputs, (last - row) * columns, outputs, reach);
        }
      }
      heap.release(mark);
    };
  }
}

type Pass = (from: number, to: number, batch: number) => void;

interface Kernels {
  data: Float32Array;
  outputs: number;
  inputs: number;
  down: number;
  across: number;
  tiled: boolean;
  /** Turned around, inputs and outputs exchanged: for the way back. */
  turn: boolean;
}

interface Window {
  height: number;
  width: number;
  rows: number;
  columns: number;
  stride: [number, number];
  top: number;
  left: number;
}

/** Channels in the other order. */
function turnedAround(values: Float32Array, channels: number): Float32Array {
  const found = new Float32Array(values.length);
  for (let at = 0; at < values.length; at++) found[at] = values[at - (at % channels) + channels - 1 - (at % channels)];
  return found;
}
