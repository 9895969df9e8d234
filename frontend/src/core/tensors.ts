/** Arrays of payloads as plain numbers, whatever they were sent as. */
import type { Tensor } from "../generated/payloads";
import { expand, expandChannel, expandFrame } from "./companding";
import type { Numbers } from "./safetensors";

type Arrays = object;
const array = (arrays: Arrays, name: string): Tensor<Numbers> | undefined => (arrays as Record<string, Tensor<Numbers> | undefined>)[name];

/** A whole array with at most one scale: F32 as it is, I8 expanded. */
export function numbers(arrays: Arrays, name: string): Float32Array {
  const { data } = array(arrays, name)!;
  if (data instanceof Float32Array) return data;
  if (data instanceof Int8Array) return expand(data, array(arrays, `${name}/scale`)!.data[0]);
  return Float32Array.from(data as ArrayLike<number>);
}

/** One frame of a companded stack (first axis), with a scale per frame or one for all. */
export function frame(arrays: Arrays, name: string, index: number): Float32Array {
  const found = array(arrays, name)!;
  const scales = array(arrays, `${name}/scale`)!.data as Float32Array;
  const bytes = found.data as Int8Array;
  if (scales.length === found.shape[0]) return expandFrame(bytes, scales, index);
  const size = bytes.length / found.shape[0];
  return expand(bytes.subarray(index * size, (index + 1) * size), scales[0]);
}

/** One channel of a companded height × width × channel array. */
export const channel = (arrays: Arrays, name: string, index: number): Float32Array =>
  expandChannel(array(arrays, name)!.data as Int8Array, array(arrays, `${name}/scale`)!.data as Float32Array, index);

/** Row `index` of a two-dimensional array. */
export const rowOf = <T extends Numbers>(tensor: Tensor<T>, index: number): T => {
  const size = tensor.data.length / tensor.shape[0];
  return tensor.data.subarray(index * size, (index + 1) * size) as T;
};
