/** A photo as the network sees it: its largest middle part, shrunk by area averaging (innerview.data.fitting). */
import type { Picture } from "./answers";
import type { ImageShape } from "./data";
import { resized, rounded } from "./pixels";

const MOST_PIXELS = 64_000_000;
const THUMBNAIL = 96;
const SHARP = 512;
const LUMA = [0.299, 0.587, 0.114];

export interface Fitted extends Omit<Picture, "id"> {
  /** Red, green and blue of the original, for its name. */
  levels: Uint8Array;
}

/** Colours laid over white, three a pixel. */
const coloursOf = ({ data }: ImageData): Uint8Array<ArrayBuffer> => {
  const found = new Uint8Array((data.length / 4) * 3);
  for (let at = 0; at < data.length / 4; at++) {
    const opaque = data[4 * at + 3];
    for (let channel = 0; channel < 3; channel++) found[3 * at + channel] = opaque === 255 ? data[4 * at + channel] : rounded((data[4 * at + channel] * opaque) / 255 + 255 - opaque);
  }
  return found;
};

function describe(shape: ImageShape, width: number, height: number, crop: { width: number; height: number }): string {
  const whole = crop.width === width && crop.height === height;
  const part = whole ? "" : `the middle ${crop.width} × ${crop.height}`;
  if (crop.width === shape.width && crop.height === shape.height) return `${crop.width} × ${crop.height}${part ? ` of ${width} × ${height}: ${part}, pixel by pixel` : ", as it is"}`;
  const [across, down] = [shape.width / crop.width, shape.height / crop.height];
  const how = Math.max(across, down) <= 1 ? "shrunk by area averaging" : Math.min(across, down) < 1 ? "shrunk by area averaging along one side and enlarged linearly along the other" : "enlarged linearly";
  return `${shape.width} × ${shape.height} of ${width} × ${height}: ${part || "all of it"}, ${how}${shape.channels === 1 ? ", in grey (ITU-R 601)" : ""}`;
}

/** Read a file that the browser can show, and fit it. */
export async function fit(blob: Blob, name: string, shape: ImageShape): Promise<Fitted> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob, { premultiplyAlpha: "none" });
  } catch {
    throw new Error(`${name} is no image that this browser can read, or it is broken. PNG, JPEG and WebP are read everywhere.`);
  }
  const { width, height } = bitmap;
  try {
    if (width * height > MOST_PIXELS) throw new Error(`${name} is ${width} × ${height} (${Math.round((width * height) / 1e6)} megapixels); at most ${MOST_PIXELS / 1e6} are taken here: make it smaller, a classifier sees a small copy anyway.`);
    const scale = Math.min(width / shape.width, height / shape.height);
    const crop = { width: Math.max(1, rounded(shape.width * scale)), height: Math.max(1, rounded(shape.height * scale)) };
    const [left, top] = [Math.floor((width - crop.width) / 2), Math.floor((height - crop.height) / 2)];
    const canvas = new OffscreenCanvas(width, height);
    const drawing = canvas.getContext("2d", { willReadFrequently: true });
    if (!drawing) throw new Error(`${name} is too large for this browser (${width} × ${height}).`);
    drawing.drawImage(bitmap, 0, 0);
    const levels = coloursOf(drawing.getImageData(0, 0, width, height));
    const cut = coloursOf(drawing.getImageData(left, top, crop.width, crop.height));
    const colours = resized(
      Float32Array.from(cut, (one) => one / 255),
      crop.height,
      crop.width,
      3,
      shape.height,
      shape.width,
    );
    const pixels = shape.channels === 3 ? colours : Float32Array.from({ length: shape.height * shape.width }, (_, at) => LUMA.reduce((sum, one, channel) => sum + one * colours[3 * at + channel], 0));
    const small = Math.min(1, THUMBNAIL / Math.max(width, height));
    const [across, down] = [Math.max(1, rounded(width * small)), Math.max(1, rounded(height * small))];
    const thumbnail = { data: Uint8Array.from(resized(levels, height, width, 3, down, across), rounded), width: across, height: down };
    return { levels, pixels, name, thumbnail, photo: await sharp(canvas, left, top, crop, shape), crop: [top, left, crop.height, crop.width], original: [height, width], caption: describe(shape, width, height, crop) };
  } finally {
    bitmap.close();
  }
}

/** What the network sees as sharp as it was found, as a JPEG file; null where that is no finer. */
async function sharp(canvas: OffscreenCanvas, left: number, top: number, crop: { width: number; height: number }, shape: ImageShape): Promise<Uint8Array | null> {
  if (crop.width <= shape.width || crop.height <= shape.height) return null;
  const factor = Math.min(1, SHARP / Math.max(crop.width, crop.height));
  const small = new OffscreenCanvas(Math.max(1, rounded(crop.width * factor)), Math.max(1, rounded(crop.height * factor)));
  const drawing = small.getContext("2d")!;
  drawing.fillStyle = "white";
  drawing.fillRect(0, 0, small.width, small.height);
  drawing.imageSmoothingQuality = "high";
  drawing.drawImage(canvas, left, top, crop.width, crop.height, 0, 0, small.width, small.height);
  const file = await small.convertToBlob({ type: "image/jpeg", quality: 0.85 });
  return new Uint8Array(await file.arrayBuffer());
}

/** A name of eight letters by the pixels (FNV-1a), the same for the same image. */
export function nameOf(levels: Uint8Array, width: number): string {
  let hash = 0x811c9dc5 ^ width;
  for (const one of levels) hash = Math.imul(hash ^ one, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
