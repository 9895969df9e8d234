/**
 * Several WebP images put into one that moves. The browser encodes each; a container says where, how large and how long.
 * Source: WebP Container Specification, "Animation" (developers.google.com/speed/webp/docs/riff_container).
 */

export interface Frame {
  /** A whole WebP file of one image. */
  bytes: Uint8Array;
  /** Even numbers of pixels. */
  left: number;
  top: number;
  width: number;
  height: number;
  milliseconds: number;
}

/** Numbers as little-endian bytes: pairs of a number and how many bytes it takes. */
const little = (...parts: (readonly [value: number, bytes: number])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap(([value, bytes]) => Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 255)));

const joined = (parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
};

const chunk = (name: string, content: Uint8Array): Uint8Array =>
  joined([new TextEncoder().encode(name), little([content.length, 4]), content, new Uint8Array(content.length % 2)]);

/** The chunks of an image's own file that hold its pixels. */
function pixelChunks(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const found: Uint8Array[] = [];
  for (let at = 12; at + 8 <= file.length; ) {
    const name = String.fromCharCode(...file.subarray(at, at + 4));
    const end = at + 8 + view.getUint32(at + 4, true);
    if (name === "VP8 " || name === "VP8L" || name === "ALPH") found.push(file.subarray(at, end + (end % 2)));
    at = end + (end % 2);
  }
  return joined(found);
}

/** An animation that goes on for ever, of opaque frames. */
export function animatedWebp(frames: readonly Frame[], width: number, height: number): Uint8Array<ArrayBuffer> {
  const ANIMATED = 0x02;
  const REPLACE = 0x02; // Put over the last frame without blending.
  const body = [
    chunk("VP8X", little([ANIMATED, 4], [width - 1, 3], [height - 1, 3])),
    chunk("ANIM", little([0xffffffff, 4], [0, 2])),
    ...frames.map((frame) =>
      chunk("ANMF", joined([little([frame.left / 2, 3], [frame.top / 2, 3], [frame.width - 1, 3], [frame.height - 1, 3], [frame.milliseconds, 3], [REPLACE, 1]), pixelChunks(frame.bytes)])),
    ),
  ];
  const all = joined([new TextEncoder().encode("WEBP"), ...body]);
  return joined([new TextEncoder().encode("RIFF"), little([all.length, 4]), all]);
}
