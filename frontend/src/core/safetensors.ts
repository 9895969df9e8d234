/**
 * Reads and writes safetensors blobs: eight bytes with the header's length, the header as JSON, then the arrays.
 *
 * `readPayload` checks a blob against the payloads' schema, so that a view never meets an array of another type or
 * shape than its TypeScript type says; the error names the array.
 */
import { COMMON, SCHEMA, VERSION, type Kind, type Payload, type Tensor } from "../generated/payloads";

const TYPES = { F32: Float32Array, I8: Int8Array, U8: Uint8Array, U16: Uint16Array, U32: Uint32Array } as const;
type Dtype = keyof typeof TYPES;
export type Numbers = Float32Array | Int8Array | Uint8Array | Uint16Array | Uint32Array;

export interface Blob {
  metadata: Record<string, string>;
  arrays: Record<string, Tensor<Numbers> & { dtype: Dtype }>;
}

export class PayloadError extends Error {}

/** Read a blob that begins at byte `from`; the arrays share its memory where its alignment allows. */
export function readBlob(buffer: ArrayBuffer, from = 0): Blob {
  const view = new DataView(buffer);
  if (buffer.byteLength < from + 8) throw new PayloadError(`The data is ${buffer.byteLength - from} bytes long: too short for a header.`);
  const length = Number(view.getBigUint64(from, true));
  const start = from + 8 + length;
  if (start > buffer.byteLength) throw new PayloadError(`The data's header says ${length} bytes and does not fit: it was cut off.`);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, from + 8, length))) as Record<string, never>;
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, unknown>;
  const arrays: Blob["arrays"] = {};
  for (const [name, found] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: [low, high] } = found as { dtype: Dtype; shape: number[]; data_offsets: [number, number] };
    const Type = TYPES[dtype];
    const size = shape.reduce((a, b) => a * b, 1);
    if (!Type) throw new PayloadError(`"${name}" has the type ${dtype}; known are ${Object.keys(TYPES).join(", ")}.`);
    if (high - low !== size * Type.BYTES_PER_ELEMENT || start + high > buffer.byteLength) {
      throw new PayloadError(`"${name}" should have ${size} numbers and the data has ${high - low} bytes for it.`);
    }
    const aligned = (start + low) % Type.BYTES_PER_ELEMENT === 0;
    arrays[name] = {
      dtype,
      shape,
      data: aligned ? new Type(buffer, start + low, size) : new Type(buffer.slice(start + low, start + high)),
    };
  }
  return { metadata: metadata as Record<string, string>, arrays };
}

/** Write a blob: large types first, the header padded to a multiple of eight. */
export function writeBlob(arrays: Record<string, Tensor<Numbers>>, metadata: Record<string, string>): Uint8Array<ArrayBuffer> {
  const dtypeOf = (data: Numbers): Dtype => (Object.keys(TYPES) as Dtype[]).find((key) => data instanceof TYPES[key])!;
  const order = Object.entries(arrays).sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const header: Record<string, unknown> = { __metadata__: metadata };
  let size = 0;
  for (const [name, { data, shape }] of order) {
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [size, size + data.byteLength] };
    size += data.byteLength;
  }
  let text = new TextEncoder().encode(JSON.stringify(header));
  if (text.length % 8) text = new TextEncoder().encode(JSON.stringify(header) + " ".repeat(8 - (text.length % 8)));
  const out = new Uint8Array(8 + text.length + size);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  let at = 8 + text.length;
  for (const [, { data }] of order) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}

const READ: Record<string, (text: string) => unknown> = {
  "": (text) => text,
  i: Number,
  n: Number,
  j: (text) => JSON.parse(text) as unknown,
};

function readMeta(kind: string, found: Record<string, string>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const part of `${COMMON},${SCHEMA[kind].meta}`.split(",")) {
    const [name, type = ""] = part.split(":");
    const text = found[name];
    if (text === undefined || text === "") {
      if (!type.endsWith("?") && (text === undefined || type !== "")) throw new PayloadError(`The payload "${kind}" has no "${name}".`);
      result[name] = type === "" ? text : null;
    } else result[name] = READ[type.replace("?", "")](text);
  }
  return result;
}

const RAW = new WeakMap<Payload, Uint8Array<ArrayBuffer>>();

/** The bytes that a payload was read from. */
export const rawOf = (payload: Payload): Uint8Array<ArrayBuffer> | undefined => RAW.get(payload);

/** Read a blob and check it against the schema. */
export function readPayload(buffer: ArrayBuffer, from = 0): Payload {
  const { metadata, arrays } = readBlob(buffer, from);
  const kind = metadata.kind;
  const schema = SCHEMA[kind];
  if (!schema) throw new PayloadError(`There is no payload of kind "${kind}".`);
  if (metadata.schema !== VERSION) {
    throw new PayloadError(`This payload has format ${metadata.schema}, and this page reads ${VERSION}: both must come from one innerview.`);
  }
  const lengths = new Map<string, number>();
  const measure = (name: string, axes: string[], shape: number[], scope: string): void => {
    if (axes.length !== shape.length) throw new PayloadError(`"${name}" in "${kind}" has ${shape.length} axes; ${axes.length} were expected.`);
    axes.forEach((axis, i) => {
      const key = axis.startsWith("*") ? `${scope} ${axis}` : axis;
      const known = /^\d+$/.test(axis) ? Number(axis) : (lengths.get(key) ?? shape[i]);
      if (known !== shape[i]) throw new PayloadError(`"${name}" in "${kind}" has ${shape[i]} along axis ${i}; ${known} was expected.`);
      lengths.set(key, known);
    });
  };
  for (const part of schema.arrays.split("|")) {
    const [pattern, dtypes, axes, scale, optional] = part.split(";");
    const [head, tail] = pattern.split("*");
    const names =
      tail === undefined
        ? [pattern]
        : Object.keys(arrays).filter((name) => name.startsWith(head) && name.endsWith(tail) && !name.endsWith("/scale"));
    for (const name of names) {
      const array = arrays[name];
      if (!array) {
        if (optional) continue;
        throw new PayloadError(`The payload "${kind}" has no array "${name}".`);
      }
      if (!dtypes.split(",").includes(array.dtype)) throw new PayloadError(`"${name}" in "${kind}" has the type ${array.dtype}; asked was ${dtypes}.`);
      const scope = tail === undefined ? name : name.slice(head.length, name.length - tail.length);
      measure(name, axes.split(","), array.shape, scope);
      if (scale && array.dtype === "I8") {
        const scales = arrays[`${name}/scale`];
        if (!scales || scales.dtype !== "F32") throw new PayloadError(`"${name}" in "${kind}" has no scale.`);
        const axesOfScale = scale.split(",");
        measure(`${name}/scale`, axesOfScale.length === scales.shape.length ? axesOfScale : ["1"], scales.shape, scope);
      }
    }
  }
  const payload = { kind, arrays, meta: readMeta(kind, metadata) } as unknown as Payload;
  RAW.set(payload, new Uint8Array(buffer, from));
  return payload;
}

/** Read a blob that must be of one kind. */
export function readKind<K extends Kind>(kind: K, buffer: ArrayBuffer, from = 0): Payload<K> {
  const payload = readPayload(buffer, from);
  if (payload.kind !== kind) throw new PayloadError(`A payload of kind "${kind}" was asked for and "${payload.kind}" came.`);
  return payload as Payload<K>;
}
