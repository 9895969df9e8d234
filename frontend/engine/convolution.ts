/** One number of a convolution, taken apart (innerview.methods.one_convolution, innerview.viewer.payloads.convolution). */
import type { Numbers } from "../src/core/safetensors";
import type { Tensor } from "../src/generated/payloads";
import { FOLLOWING, kindOf } from "./layers";
import type { Network } from "./network";

const INPUTS = 6;

export function convolutionOf(network: Network, image: Float32Array, asked: string, channel: number, [row, column]: readonly [number, number]): { arrays: Record<string, Tensor<Numbers>>; meta: Record<string, unknown> } {
  const { operations, input } = network.description;
  const place = operations.findIndex(({ name }) => name === asked);
  if (place < 0) throw new Error(`There is no layer ${asked}; there are ${operations.map(({ name }) => name).join(", ")}.`);
  // What follows a convolution, and it alone, belongs to it.
  const alone = (at: number): boolean => operations.filter(({ from }) => from.includes(at)).length === 1;
  let at = place;
  while (at >= 0 && FOLLOWING.includes(operations[at].kind) && alone(operations[at].from[0])) at = operations[at].from[0] - 1;
  const operation = operations[at];
  if (operation?.kind !== "convolution") throw new Error(`${asked} is ${kindOf(operations[place])}: it neither is a convolution nor belongs to one, so there is no kernel to show.`);
  const behind: number[] = [];
  for (let last = at; ; last = behind[behind.length - 1]) {
    const next = operations.findIndex(({ kind, from }) => FOLLOWING.includes(kind) && from[0] === last + 1);
    if (next < 0 || !alone(last + 1)) break;
    behind.push(next);
  }
  const { layers } = network;
  const [height, width, channels] = layers[at].shape;
  for (const [what, number, least] of [["channel", channel, channels], ["row", row, height], ["column", column, width]] as const) {
    if (!(number >= 0 && number < least)) throw new Error(`${what} ${number} of ${operation.name} was asked for; it has ${least}, from 0.`);
  }
  const source = operation.from[0] - 1;
  const names = [at, ...behind].map((one) => operations[one].name);
  const { activations } = network.forward(image, source < 0 ? names : [...names, operations[source].name]);
  const [rows, columns, inputs] = source < 0 ? [input.height, input.width, input.channels] : layers[source].shape;
  const entered = (index: number): number => {
    const colour = input.reversed ? inputs - 1 - (index % inputs) : index % inputs;
    return image[index - (index % inputs) + colour] * input.scale[index % inputs] + input.offset[index % inputs];
  };
  const values = source < 0 ? null : activations.get(operations[source].name)!;
  const { shape, data } = network.weight(operation.weight);
  const [, read, down, across] = shape;
  // The first of the channels that its group reads.
  const first = read * Math.floor((channel * (operation.groups ?? 1)) / channels);
  const [top, left] = [operation.stride[0] * row - operation.padding[0], operation.stride[1] * column - operation.padding[2]];
  const size = down * across;
  const patch = new Float64Array(read * size);
  for (let one = 0; one < patch.length; one++) {
    const [y, x] = [top + Math.floor((one % size) / across), left + (one % across)];
    const index = (y * columns + x) * inputs + first + Math.floor(one / size);
    if (y >= 0 && y < rows && x >= 0 && x < columns) patch[one] = values ? values[index] : entered(index);
  }
  const kernel = data.subarray(channel * read * size, (channel + 1) * read * size);
  const products = patch.map((one, index) => one * kernel[index]);
  const parts = Array.from({ length: read }, (_, one) => products.subarray(one * size, (one + 1) * size).reduce((sum, value) => sum + value, 0));
  const shown = [...parts.keys()].sort((a, b) => Math.abs(parts[b]) - Math.abs(parts[a]) || a - b).slice(0, INPUTS);
  const all = parts.reduce((sum, one) => sum + one, 0);
  const rest = parts.reduce((sum, one, index) => (shown.includes(index) ? sum : sum + one), 0);
  const bias = operation.bias === undefined ? null : network.weight(operation.bias).data[channel];
  const valueOf = (layer: number): number => activations.get(operations[layer].name)![(row * width + column) * channels + channel];
  const floats = (found: ArrayLike<number>, ...lengths: number[]): Tensor<Numbers> => ({ data: Float32Array.from(found), shape: lengths });
  const of = (from: ArrayLike<number>): Tensor<Numbers> => floats(shown.flatMap((one) => Array.from({ length: size }, (_, index) => from[one * size + index])), shown.length, down, across);
  return {
    arrays: {
      patch: of(patch),
      kernel: of(kernel),
      products: of(products),
      inputs: { data: Uint32Array.from(shown, (one) => first + one), shape: [shown.length] },
      parts: floats(shown.map((one) => parts[one]), shown.length),
      sums: floats([rest, bias ?? 0, all + (bias ?? 0), valueOf(at)], 4),
    },
    meta: {
      layer: operation.name,
      channel,
      position: [row, column],
      source: source < 0 ? "input" : operations[source].name,
      others: read - shown.length,
      biased: bias === null ? "" : "yes",
      corner: [top, left],
      stride: operation.stride[0],
      dilation: 1,
      following: behind.map((one) => [operations[one].name, kindOf(operations[one]), valueOf(one)]),
    },
  };
}
