/** The photo as sharp as it was found: in colour where evidence for a class lies, dim and grey elsewhere. */
import { type ImageBytes, type Rgba, squeezed } from "../../core/paint";

/** Brightness of what has no evidence, beside the photo's own. */
export const DIM = 0.55;
/** The same where parts are lit: on a grey photo nothing else tells inside from outside. */
export const DARK = 0.4;
/** Percentile of the positive evidence from which on a photo has all its colour. */
const FULL = 90;

/** The file as pixels; null while it is being read. Of a photo that is not there, what the model sees. */
export async function sharpPixels(file: Uint8Array, side: number): Promise<ImageData> {
  const bitmap = await createImageBitmap(new Blob([new Uint8Array(file)], { type: "image/jpeg" }));
  const factor = side / Math.max(bitmap.width, bitmap.height);
  const [width, height] = [Math.round(bitmap.width * factor), Math.round(bitmap.height * factor)];
  const context = new OffscreenCanvas(width, height).getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** Cell by cell, enlarged: where nothing sharper is known. */
export function cellPixels(image: ImageBytes, side: number): ImageData {
  const [rows, columns, channels] = image.shape;
  const factor = Math.max(1, Math.floor(side / Math.max(rows, columns)));
  const found = new ImageData(columns * factor, rows * factor);
  for (let i = 0; i < found.data.length / 4; i++) {
    const cell = Math.floor(Math.floor(i / found.width) / factor) * columns + Math.floor((i % found.width) / factor);
    for (let c = 0; c < 3; c++) found.data[4 * i + c] = image.data[cell * channels + (channels === 3 ? c : 0)];
    found.data[4 * i + 3] = 255;
  }
  return found;
}

/** Evidence from which on there is all colour; infinite where nothing speaks for the class. */
export function fullEvidence(evidence: Float32Array): number {
  const positive = evidence.filter((value) => value > 0).sort();
  if (!positive.length) return Number.POSITIVE_INFINITY;
  const at = ((positive.length - 1) * FULL) / 100;
  const low = positive[Math.floor(at)];
  return low + (positive[Math.ceil(at)] - low) * (at - Math.floor(at));
}

/** How much colour each pixel of a photo keeps, in [0, 1]: a smooth passage between positions. */
export function strengths(evidence: Float32Array, rows: number, columns: number, width: number, height: number, full = fullEvidence(evidence)): Float32Array {
  const found = new Float32Array(width * height);
  const at = (row: number, column: number): number => Math.max(0, Math.min(1, evidence[row * columns + column] / full));
  for (let y = 0; y < height; y++) {
    const down = Math.max(0, Math.min(rows - 1, ((y + 0.5) * rows) / height - 0.5));
    const [top, below] = [Math.floor(down), Math.min(rows - 1, Math.floor(down) + 1)];
    for (let x = 0; x < width; x++) {
      const across = Math.max(0, Math.min(columns - 1, ((x + 0.5) * columns) / width - 0.5));
      const [left, right] = [Math.floor(across), Math.min(columns - 1, Math.floor(across) + 1)];
      const [v, h] = [down - top, across - left];
      found[y * width + x] = (1 - v) * ((1 - h) * at(top, left) + h * at(top, right)) + v * ((1 - h) * at(below, left) + h * at(below, right));
    }
  }
  return found;
}

/** Blocks of a photo, row by row, each with a label: 1 for those that are lit, or the number of a region. */
export interface Blocks {
  data: ArrayLike<number>;
  shape: readonly number[];
}

/** The label of the block that a pixel lies in. */
export function blockAt({ data, shape: [rows, columns] }: Blocks, width: number, height: number): (x: number, y: number) => number {
  return (x, y) => data[Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width)];
}

/** All colour in the blocks that are lit, none elsewhere. */
export function litStrengths(lit: Blocks, width: number, height: number): Float32Array {
  const at = blockAt(lit, width, height);
  return Float32Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width)));
}

/** How much colour each pixel keeps, in [0, 1], and how bright it is where it keeps none. */
export interface Shading {
  strength: Float32Array;
  dim: number;
}

/** Paint a photo with its shading; null keeps all of it. */
export function paintSharp(out: Rgba, photo: ImageData, shading: Shading | null): void {
  if (!shading) {
    out.set(photo.data);
    return;
  }
  const { strength } = shading;
  for (let i = 0; i < strength.length; i++) {
    const dim = shading.dim * squeezed(photo.data[4 * i], photo.data[4 * i + 1], photo.data[4 * i + 2]);
    for (let c = 0; c < 3; c++) out[4 * i + c] = strength[i] * photo.data[4 * i + c] + (1 - strength[i]) * dim;
    out[4 * i + 3] = 255;
  }
}
