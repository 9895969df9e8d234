/** What the reader may take home: CSV of every table, PNG of every image with its legend and certificate. */
import { limitText, MINUS } from "./numbers";
import { blended, paintOverlay, type ImageBytes } from "./paint";
import type { Overlay } from "./link";
import { ENTRIES, ramp, type RampName } from "./ramps";

export type Cell = string | number;

/** A text that no spreadsheet runs, as `csv_table` has it: names of files and classes come from anywhere. */
const harmless = (text: string): string => (/^'*[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text.replace(/^'+/, ""))) ? `'${text}` : text);

/** RFC 4180; numbers unrounded and with a plain minus, so that programs read them. */
export function toCsv(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const write = (cell: Cell): string => {
    const text = typeof cell === "number" ? String(cell) : harmless(cell);
    return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return [columns, ...rows].map((row) => row.map(write).join(",")).join("\r\n") + "\r\n";
}

export function save(name: string, content: globalThis.Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export const saveCsv = (name: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): void =>
  save(`${name}.csv`, new Blob([toCsv(columns, rows)], { type: "text/csv" }));

export interface SavedMap {
  title: string;
  values: Float32Array;
  height: number;
  width: number;
  limit: number;
  unit: string;
  /** "per-image scale", … */
  mode: string;
  name?: RampName;
  image?: ImageBytes | null;
  overlay?: Overlay;
  ends?: readonly [string, string];
  /** Lines under the legend: the certificate, the model, … */
  lines: readonly string[];
}

/** A map as a PNG on the light ground, with title, legend, unit, scale and certificate in the image. */
export async function saveMap(file: string, map: SavedMap): Promise<void> {
  const { height, width, limit, unit, mode, name = "evidence", image, overlay = { style: "map", opacity: 100 } } = map;
  const cell = Math.max(1, Math.round(640 / Math.max(height, width)));
  const [wide, tall] = [Math.max(480, width * cell), height * cell];
  const canvas = document.createElement("canvas");
  canvas.width = wide + 48;
  canvas.height = tall + 140 + 20 * map.lines.length;
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#FFFFFF";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const write = (text: string, x: number, y: number, size = 14, align: CanvasTextAlign = "left"): void => {
    context.font = `${size}px system-ui, sans-serif`;
    context.fillStyle = "#1A1D23";
    context.textAlign = align;
    context.fillText(text, x, y, canvas.width - 48);
  };
  write(map.title, 24, 34, 18);
  const colours = ramp(name, "light");
  const bytes = new Uint8ClampedArray(height * width * 4);
  const blank: ImageBytes = { data: new Uint8Array(height * width), shape: [height, width, 1] };
  paintOverlay(bytes, map.values, limit, image ?? blank, image ? overlay : { style: "map", opacity: 100 }, colours, name);
  const small = new OffscreenCanvas(width, height);
  small.getContext("2d")!.putImageData(new ImageData(bytes, width, height), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 24, 52, width * cell, tall);
  let y = tall + 72;
  const key = new OffscreenCanvas(ENTRIES, 1);
  key.getContext("2d")!.putImageData(new ImageData(blended(colours, name, image ? overlay : null), ENTRIES, 1), 0, 0);
  context.drawImage(key, 24, y, 360, 14);
  y += 30;
  const text = limitText(limit);
  write(name === "amount" ? "0" : `${MINUS}${text}`, 24, y);
  if (name !== "amount") write("0", 204, y, 14, "center");
  write(`+${text}`, 384, y, 14, "right");
  write(`${unit} · ${mode}`, 400, y);
  if (map.ends) write(`left: ${map.ends[0]} · right: ${map.ends[1]}`, 24, (y += 22));
  for (const told of map.lines) write(told, 24, (y += 20), 13);
  const blob = await new Promise<globalThis.Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob) save(`${file}.png`, blob);
}
