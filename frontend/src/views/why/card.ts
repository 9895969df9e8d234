/**
 * What is on the screen as one image at twice the size, and as one that moves, from the photo to the evidence: with
 * prediction, reasons, classes, legend and the check.
 */
import { animatedWebp, type Frame } from "../../core/animated";
import { save } from "../../core/saving";
import { paintSharp, type Shading } from "./sharp";

const RATIO = 2;
const [WIDE, TALL, EDGE, PHOTO] = [1200, 760, 32, 560];
const [TEXT, SECOND, RULE] = ["#1A1D23", "#505765", "#D8DCE3"];

/** Draw `box`, a first screen, from what stands in it; `lines` go under it: model, image, version. */
function drawCard(box: HTMLElement, lines: readonly string[], ratio: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDE * ratio, TALL * ratio];
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  context.fillStyle = "#FFFFFF";
  context.fillRect(0, 0, WIDE, TALL);
  const said = (selector: string): string => box.querySelector(selector)?.textContent?.replace(/\s+/g, " ").trim() ?? "";
  /** Write in lines as wide as there is room; gives where the next one begins. */
  const write = (text: string, x: number, y: number, size: number, width: number, colour = TEXT, bold = false): number => {
    context.font = `${bold ? 700 : 400} ${size}px system-ui, sans-serif`;
    context.fillStyle = colour;
    let line = "";
    for (const word of text.split(" ")) {
      if (line && context.measureText(`${line} ${word}`).width > width) {
        context.fillText(line, x, y, width);
        y += size * 1.35;
        line = "";
      }
      line += (line && " ") + word;
    }
    if (line) context.fillText(line, x, y, width);
    return y + size * 1.35;
  };
  const shown = box.querySelector<HTMLCanvasElement>(".shown-photo canvas")!;
  const factor = PHOTO / Math.max(shown.width, shown.height);
  context.imageSmoothingEnabled = !shown.closest(".pixels");
  context.imageSmoothingQuality = "high";
  context.drawImage(shown, EDGE, EDGE, shown.width * factor, shown.height * factor);
  const veil = box.querySelector<HTMLCanvasElement>(".veil");
  if (veil) context.drawImage(veil, EDGE, EDGE, shown.width * factor, shown.height * factor);
  context.imageSmoothingEnabled = true;
  let y = write(said(".shown-photo figcaption > .words"), EDGE, EDGE + PHOTO + 26, 14, PHOTO, SECOND);
  const [strip, ends] = [box.querySelector<HTMLCanvasElement>(".shown-photo canvas.strip"), [...box.querySelectorAll(".shown-photo .end")].map((one) => one.textContent ?? "")];
  if (strip) {
    context.drawImage(strip, EDGE, y - 8, PHOTO, 12);
    context.strokeStyle = RULE;
    context.strokeRect(EDGE, y - 8, PHOTO, 12);
    y += 22;
    context.font = "14px system-ui, sans-serif";
    context.fillStyle = TEXT;
    ends.forEach((text, i) => {
      context.textAlign = i === 0 ? "left" : i === ends.length - 1 ? "right" : "center";
      context.fillText(text, EDGE + (PHOTO * i) / Math.max(1, ends.length - 1), y, PHOTO / 2);
    });
    context.textAlign = "left";
  }
  const left = EDGE + PHOTO + 40;
  const room = WIDE - left - EDGE;
  y = write(said("h1"), left, EDGE + 34, 34, room, TEXT, true);
  for (const told of box.querySelectorAll(".belief, .because, .now")) if (told.textContent) y = write(told.textContent, left, y, 18, room, TEXT, told.matches(".belief")) + 2;
  for (const row of box.querySelectorAll(".row-of")) {
    const own = row.querySelector("canvas");
    if (own) context.drawImage(own, left, y - 8, 52, 52);
    write(`${row.querySelector(".name")?.textContent}   ${row.querySelector(".chance")?.textContent}`, left + 66, y + 14, 18, room - 66, TEXT, row.matches(".on"));
    context.fillStyle = RULE;
    context.fillRect(left + 66, y + 26, room - 66, 10);
    context.fillStyle = SECOND;
    context.fillRect(left + 66, y + 26, ((room - 66) * Number.parseFloat(row.querySelector<HTMLElement>(".bar span")?.style.width ?? "0")) / 100, 10);
    y += 60;
  }
  y += 16;
  for (const part of box.querySelectorAll<HTMLElement>(".test h2, .test figcaption")) {
    y = write(part.textContent?.replace(/\s+/g, " ") ?? "", left, y, 16, room, TEXT, !part.matches("figcaption")) + 4;
  }
  lines.forEach((text, i) => write(text, EDGE, TALL - 16 - 18 * (lines.length - 1 - i), 13, WIDE - 2 * EDGE, SECOND));
  return canvas;
}

const blobOf = (canvas: HTMLCanvasElement, type: string, quality?: number): Promise<Blob | null> => new Promise((resolve) => canvas.toBlob(resolve, type, quality));

export async function saveCard(file: string, box: HTMLElement, lines: readonly string[]): Promise<void> {
  const png = await blobOf(drawCard(box, lines, RATIO), "image/png");
  if (png) save(`${file}.png`, png);
}

/** Frames from the photo to the evidence, how long each stays, and the first and last: milliseconds. */
const [FRAMES, STEP, FIRST, LAST] = [14, 70, 1200, 3000];
const QUALITY = 0.85;

/** The card as an animated WebP: the photo first, then its colour goes wherever no evidence lies. */
export async function saveReveal(file: string, box: HTMLElement, lines: readonly string[], photo: ImageData, { strength, dim }: Shading): Promise<void> {
  const card = drawCard(box, lines, 1);
  const context = card.getContext("2d")!;
  const factor = PHOTO / Math.max(photo.width, photo.height);
  const [width, height] = [Math.round(photo.width * factor), Math.round(photo.height * factor)];
  const small = new OffscreenCanvas(photo.width, photo.height);
  const part = document.createElement("canvas");
  [part.width, part.height] = [width, height];
  const frames: Frame[] = [];
  for (let i = 0; i <= FRAMES; i++) {
    const out = new Uint8ClampedArray(photo.data.length);
    paintSharp(out, photo, { strength: strength.map((kept) => 1 - (i / FRAMES) * (1 - kept)), dim });
    small.getContext("2d")!.putImageData(new ImageData(out, photo.width, photo.height), 0, 0);
    // After the first frame only the photo changes.
    const [canvas, target, left, top] = i ? [part, part.getContext("2d")!, 0, 0] : [card, context, EDGE, EDGE];
    target.imageSmoothingQuality = "high";
    target.drawImage(small, left, top, width, height);
    const blob = await blobOf(canvas, "image/webp", QUALITY);
    if (blob?.type !== "image/webp") throw new Error("This browser writes no WebP. Save it in Chromium or Firefox, or take the PNG.");
    frames.push({ bytes: new Uint8Array(await blob.arrayBuffer()), left: i ? EDGE : 0, top: i ? EDGE : 0, width: canvas.width, height: canvas.height, milliseconds: i === 0 ? FIRST : i === FRAMES ? LAST : STEP });
  }
  save(`${file}.webp`, new Blob([animatedWebp(frames, WIDE, TALL)], { type: "image/webp" }));
}
